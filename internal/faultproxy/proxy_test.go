package faultproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const text = "0123456789"

// target says text to whoever has sent text, and then ends. got hears what
// came.
func target(t *testing.T, l net.Listener) (got chan []byte) {
	got = make(chan []byte, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in, _ := io.ReadAll(io.LimitReader(c, int64(len(text))))
			got <- in
			io.WriteString(c, text)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return got
}

// Each action, at each position of either direction, is what it says.
func TestActions(t *testing.T) {
	defer goleak.VerifyNone(t)
	for at := range int64(len(text)) {
		turned := []byte(text)
		turned[at] ^= 0xff
		for _, c := range []struct {
			fault Fault
			want  string
			err   error
		}{
			{Fault{Reply, at, FIN, 0}, text[:at], nil},
			{Fault{Reply, at, RST, 0}, text[:at], syscall.ECONNRESET},
			{Fault{Reply, at, Silence, 0}, text[:at], os.ErrDeadlineExceeded},
			{Fault{Reply, at, Stall, time.Millisecond}, text, nil},
			{Fault{Reply, at, Split, 0}, text, nil},
			{Fault{Reply, at, Corrupt, 0}, string(turned), nil},
			{Fault{Request, at, Corrupt, 0}, text, nil},
			{Fault{Request, at, FIN, 0}, text, nil},
		} {
			t.Run(c.fault.Action.String(), func(t *testing.T) {
				l, err := net.Listen("tcp4", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				heard := target(t, l)
				p, err := Listen(l.Addr().String(), Always(c.fault))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				conn, err := net.Dial("tcp4", p.Addr())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				io.WriteString(conn, text) // a reset may have come before it
				got, err := read(conn, len(c.want))
				if c.err == os.ErrDeadlineExceeded {
					conn.SetReadDeadline(time.Now()) // what was to come is there
				}
				if err == nil {
					_, err = conn.Read(make([]byte, 1))
				}
				if err == io.EOF {
					err = nil
				}
				if c.fault.Action == RST && errors.Is(err, c.err) {
					// the bytes before it may be lost with the connection
				} else if string(got) != c.want || !errors.Is(err, c.err) {
					t.Errorf("at %d: got %q, %v; want %q, %v", at, got, err, c.want, c.err)
				}
				if c.fault.Side == Request {
					want := []byte(text[:at])
					if c.fault.Action == Corrupt {
						want = turned
					}
					if got := <-heard; !bytes.Equal(got, want) {
						t.Errorf("at %d: the target got %q; want %q", at, got, want)
					}
				}
			})
		}
	}
}

// read reads n bytes, or what comes before an error.
func read(c net.Conn, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(c, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return b[:got], err
}

// Scripts count connections in the order in which they are accepted, and a
// target may be a Unix socket.
func TestScript(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	target(t, l)
	p, err := Listen(l.Addr().String(), func(n int) []Fault {
		if n == 1 {
			return []Fault{{At: 3, Action: FIN}}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{text, text[:3], text} {
		c, err := net.Dial("tcp4", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, text)
		if got, err := io.ReadAll(c); string(got) != want || err != nil {
			t.Errorf("connection %d: got %q, %v; want %q", i, got, err, want)
		}
		c.Close()
	}
	if got := p.Accepted(); got != 3 {
		t.Errorf("got %d connections; want 3", got)
	}
	p.Close()
	if got := p.Open(); got != 0 {
		t.Errorf("%d sockets are left", got)
	}
}
