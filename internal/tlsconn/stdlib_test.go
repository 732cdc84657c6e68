package tlsconn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// The tests of this file notice the day when the standard library changes. Each
// is named for one thing that this package, or its user, relies on.

// A Read whose transport fails for a moment can be repeated, at any byte.
func TestStdlibReadGoesOnAfterTemporaryError(t *testing.T) {
	for _, version := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := configs(t, version)
			c, s := pair(t, server, client)
			want := bytes.Repeat([]byte("qqloop"), 500)
			s.Write(want)
			var got []byte
			buf := make([]byte, 100)
			refusals := 0
			for _, b := range s.sent() {
				c.Feed([]byte{b})
				for {
					n, err := c.Read(buf)
					got = append(got, buf[:n]...)
					if err == ErrWouldBlock {
						refusals++
						break
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if !bytes.Equal(got, want) || refusals < len(want) {
				t.Errorf("got %d bytes and %d refusals; want %d bytes, and a refusal for each byte on the wire", len(got), refusals, len(want))
			}
		})
	}
}

// A handshake cannot: its first error, though temporary, is its last. Should
// this test fail one day, the coroutine can go.
func TestStdlibHandshakeErrorIsPermanent(t *testing.T) {
	wire := &transport{}
	c := tls.Client(wire, &tls.Config{ServerName: "a.example"})
	first := c.Handshake()
	if !errors.Is(first, errAgain) {
		t.Fatalf("got %v; want %v", first, errAgain)
	}
	wire.in = []byte("\x15\x03\x03\x00\x02\x02\x28")
	if again := c.Handshake(); again != first || len(wire.in) != 7 {
		t.Errorf("got %v, %d bytes unread; want the same error, and nothing read", again, len(wire.in))
	}
}

// moody is a transport that refuses to write for a moment.
type moody struct {
	transport
	refuse bool
}

func (m *moody) Write(p []byte) (int, error) {
	if m.refuse {
		return 0, errAgain
	}
	return m.transport.Write(p)
}

// Nor can a Write: so the transport takes everything. Should this test fail one
// day, back-pressure can be the transport's.
func TestStdlibWriteErrorIsPermanent(t *testing.T) {
	server, client := configs(t, tls.VersionTLS13)
	m := &moody{}
	s := &far{}
	s.Conn = tls.Server(&s.wire, server)
	c := &Conn{}
	c.tls = tls.Client(m, client)
	// Both handshakes wait for each other: in goroutines, on channels.
	toServer, toClient := make(chan []byte, 8), make(chan []byte, 8)
	wait := func(t *transport, in, out chan []byte) func() bool {
		return func() bool {
			out <- t.out
			t.out = nil
			b, more := <-in
			t.in = b
			return more
		}
	}
	m.wait, s.wire.wait = wait(&m.transport, toClient, toServer), wait(&s.wire, toServer, toClient)
	ended := make(chan error)
	go func() { ended <- s.Handshake() }()
	if err := c.tls.Handshake(); err != nil {
		t.Fatal(err)
	}
	toServer <- m.out
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	m.refuse = true
	_, first := c.tls.Write([]byte("x"))
	m.refuse = false
	_, second := c.tls.Write([]byte("x"))
	e, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](first)
	if first == nil || second == nil || !ok || e.Temporary() {
		t.Errorf("got %v, and then %v; want the error twice, and not temporary", first, second)
	}
}

// One write of the transport for each record, and small records first: the
// Out of a long body is a little longer than the body, not twice.
func TestStdlibWriteTakesAll(t *testing.T) {
	for _, version := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := configs(t, version)
			c, s := pair(t, server, client)
			body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			if err := c.Write(body); err != nil {
				t.Fatal(err)
			}
			length := len(c.Out())
			t.Logf("%d bytes of ciphertext for %d", length, len(body))
			if length < len(body) || length > len(body)+len(body)/20 {
				t.Errorf("got %d bytes of ciphertext; want at most a twentieth more than %d", length, len(body))
			}
			got := make([]byte, 0, len(body))
			buf := make([]byte, 1<<15)
			for step := 1; len(c.Out()) > 0; step = step*3%40_000 + 1 { // in odd pieces, as a socket takes them
				n := min(step, len(c.Out()))
				s.wire.in = c.Out()[:n]
				for {
					m, err := s.Read(buf)
					got = append(got, buf[:m]...)
					if errors.Is(err, errAgain) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				c.Advance(n)
			}
			if !bytes.Equal(got, body) {
				t.Errorf("the server got %d bytes; want the %d that were written", len(got), len(body))
			}
		})
	}
}

// After a CloseWrite one can go on reading, but not write.
func TestStdlibCloseWriteThenRead(t *testing.T) {
	for _, version := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := configs(t, version)
			c, s := pair(t, server, client)
			if err := c.CloseNotify(); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			s.wire.in = take(c)
			if n, err := s.Read(buf); n != 0 || err != io.EOF {
				t.Errorf("the server reads %d, %v; want 0, EOF", n, err)
			}
			io.WriteString(s, "late")
			c.Feed(s.sent())
			n, err := c.Read(buf)
			if string(buf[:n]) != "late" || err != nil && err != ErrWouldBlock {
				t.Errorf("got %q, %v; want late", buf[:n], err)
			}
			if err := c.Write([]byte("x")); err == nil || len(c.Out()) > 0 {
				t.Errorf("Write after CloseNotify: %v, %d bytes; want an error and none", err, len(c.Out()))
			}
		})
	}
}

// The end of the transport between two records is only an end if a close_notify
// came before it.
func TestStdlibEOFTwice(t *testing.T) {
	for _, version := range versions {
		for _, notify := range []bool{false, true} {
			server, client := configs(t, version)
			c, s := pair(t, server, client)
			io.WriteString(s, "whole")
			if notify {
				s.CloseWrite()
			}
			c.Feed(s.sent())
			c.FeedEOF()
			got, err := io.ReadAll(readerOf(c))
			want := io.ErrUnexpectedEOF
			if notify {
				want = nil
			}
			if string(got) != "whole" || err != want {
				t.Errorf("%s, close_notify %v: got %q, %v; want whole, %v", tls.VersionName(version), notify, got, err, want)
			}
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func readerOf(c *Conn) io.Reader { return readerFunc(c.Read) }

// Session tickets come with Reads, in whatever pieces, and a later connection
// uses them.
func TestStdlibTicketsInPieces(t *testing.T) {
	for _, size := range []int{1, 7, 65536} {
		server, client := configs(t, tls.VersionTLS13)
		server.ClientAuth = tls.RequestClientCert // or it would send them with its first flight
		c, s := pair(t, server, client)
		tickets := s.sent()
		if len(tickets) == 0 {
			t.Fatal("the server sent no ticket")
		}
		for len(tickets) > 0 {
			n := min(size, len(tickets))
			c.Feed(tickets[:n])
			if m, err := c.Read(make([]byte, 1)); m != 0 || err != ErrWouldBlock {
				t.Fatalf("got %d, %v; want 0, %v", m, err, ErrWouldBlock)
			}
			tickets = tickets[n:]
		}
		if c, _ := pair(t, server, client); !c.State().DidResume {
			t.Errorf("pieces of %d: the session was not resumed", size)
		}
	}
}

// To enter the coroutine from a locked thread, if it was made on a free one,
// ends the program: no panic that could be recovered. Whoever hands Handshake to
// workers must know.
func TestStdlibCoroutineKeepsToItsKindOfThread(t *testing.T) {
	const variable = "QQLOOP_TEST_THREADS"
	if os.Getenv(variable) != "" {
		c := Client(&tls.Config{ServerName: "a.example"})
		made := make(chan struct{})
		go func() {
			c.Handshake()
			close(made)
		}()
		<-made
		runtime.LockOSThread()
		c.Abandon()
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run=^TestStdlibCoroutineKeepsToItsKindOfThread$")
	child.Env = append(os.Environ(), variable+"=1")
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "coro: OS thread locking") {
		t.Errorf("got %v; want the runtime to end the program. It said:\n%.500s", err, out)
	}
}
