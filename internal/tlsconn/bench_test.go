package tlsconn

import (
	"crypto/tls"
	"iter"
	"net"
	"testing"
)

// BenchmarkIdleRead is what a look at a connection costs that has nothing.
func BenchmarkIdleRead(b *testing.B) {
	server, client := configs(b, tls.VersionTLS13)
	c, s := pair(b, server, client)
	c.Feed(s.sent())
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Read(buf); err != ErrWouldBlock {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandshake is both halves of a full handshake: on one thread, and, as
// the baseline, as the standard library has it: a goroutine for each half, over
// a pipe.
func BenchmarkHandshake(b *testing.B) {
	server, client := configs(b, tls.VersionTLS13)
	client.ClientSessionCache = nil
	b.Run("by=coroutine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pair(b, server, client)
		}
	})
	b.Run("by=goroutine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			shakeByGoroutines(b, server, client)
		}
	})
}

func shakeByGoroutines(b *testing.B, server, client *tls.Config) {
	near, distant := net.Pipe()
	defer near.Close()
	defer distant.Close()
	result := make(chan error, 1)
	go func() {
		s := tls.Server(distant, server)
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte("x"))
		}
		result <- err
	}()
	c := tls.Client(near, client)
	if err := c.Handshake(); err != nil {
		b.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil { // reads the tickets before it
		b.Fatal(err)
	}
	if err := <-result; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSwitch is what it costs to leave a coroutine and enter it again.
func BenchmarkSwitch(b *testing.B) {
	resume, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		resume()
	}
}

// BenchmarkRequest seals a request of 100 bytes, and opens a response of 200,
// until there is no more. The baseline is crypto/tls alone, which is never told
// to wait: both ends of it seal and open the same.
func BenchmarkRequest(b *testing.B) {
	request, response := make([]byte, 100), make([]byte, 200)
	buf := make([]byte, 1000)
	for _, waits := range []bool{true, false} {
		name := "read=whole"
		if waits {
			name = "read=tlsconn"
		}
		b.Run(name, func(b *testing.B) {
			server, client := configs(b, tls.VersionTLS13)
			c, s := pair(b, server, client)
			c.Feed(s.sent())
			drain(b, c, buf)
			memory := make([]byte, 0, 1000)
			b.ReportAllocs()
			for b.Loop() {
				c.Lend(memory)
				if err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				s.wire.in = c.Out()
				if n, err := s.Read(buf); n != len(request) || err != nil {
					b.Fatal(n, err)
				}
				c.Advance(len(c.Out()))
				memory = c.Return()
				if _, err := s.Write(response); err != nil {
					b.Fatal(err)
				}
				c.Feed(s.wire.out)
				if n, err := c.tls.Read(buf); n != len(response) || err != nil {
					b.Fatal(n, err)
				}
				if waits {
					if _, err := c.Read(buf); err != ErrWouldBlock {
						b.Fatal(err)
					}
				}
				s.wire.out = s.wire.out[:0]
			}
		})
	}
}
