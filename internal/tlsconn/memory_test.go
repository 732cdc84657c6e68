package tlsconn

import (
	"crypto/tls"
	"runtime"
	"testing"
)

// Lend gives Out its memory, and Return leaves the connection with none.
func TestLendAndReturn(t *testing.T) {
	server, client := configs(t, tls.VersionTLS13)
	c, s := pair(t, server, client)
	if m := c.Return(); len(m) != 0 {
		t.Errorf("Return gives %d bytes after the handshake; want none", len(m))
	}
	memory := make([]byte, 100, 1<<10)
	c.Lend(memory)
	if err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if out := c.Out(); len(out) == 0 || &out[0] != &memory[0] {
		t.Error("Out does not lie in the memory that was lent")
	}
	s.wire.in = c.Out()
	buf := make([]byte, 100)
	if n, err := s.Read(buf); string(buf[:n]) != "hello" {
		t.Errorf("the server got %q, %v; want hello", buf[:n], err)
	}
	c.Advance(len(c.Out()))
	if m := c.Return(); cap(m) != cap(memory) || &m[:1][0] != &memory[0] {
		t.Errorf("Return gives %d bytes; want the %d that were lent", cap(m), cap(memory))
	}
	if c.wire.out != nil {
		t.Error("after Return the connection holds memory")
	}
	// It works without, too, and grows what is too small.
	c.Lend(memory[:0:8])
	if err := c.Write([]byte("again")); err != nil {
		t.Fatal(err)
	}
	s.wire.in = take(c)
	if n, err := s.Read(buf); string(buf[:n]) != "again" {
		t.Errorf("the server got %q, %v; want again", buf[:n], err)
	}
}

// What was fed is not held once it has been used up.
func TestFeedIsALoan(t *testing.T) {
	for _, version := range versions {
		server, client := configs(t, version)
		c, s := pair(t, server, client)
		s.Write([]byte("hello"))
		c.Feed(s.sent())
		drain(t, c, make([]byte, 100))
		if c.wire.in != nil {
			t.Errorf("%s: an idle connection holds what it was fed", tls.VersionName(version))
		}
	}
}

// An idle connection is small: no goroutine, no stack, no buffer of ours.
func TestMemoryPerIdleConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 handshakes take two seconds")
	}
	const many, bound = 1000, 7 << 10 // 5.6 were measured, and 7.2 where the ServerHello is not divided
	for _, version := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := configs(t, version)
			client.ClientSessionCache = nil
			pair(t, server, client) // the first makes what all share
			conns := make([]*Conn, many)
			before, goroutines := inUse(), runtime.NumGoroutine()
			for i := range conns {
				c, s := pair(t, server, client)
				c.Write([]byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))
				s.wire.in = take(c)
				s.Read(make([]byte, 100))
				s.Write(make([]byte, 200))
				c.Feed(s.sent())
				drain(t, c, make([]byte, 1000))
				c.Return()
				conns[i] = c
			}
			each := (inUse() - before) / many
			t.Logf("%d bytes of Go memory for each of %d idle connections", each, many)
			if each > bound || runtime.NumGoroutine() > goroutines {
				t.Errorf("got %d bytes each, and %d goroutines; want at most %d, and %d", each, runtime.NumGoroutine(), bound, goroutines)
			}
			runtime.KeepAlive(conns)
		})
	}
}

// inUse returns the bytes of heap and stacks in use, after collections.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
