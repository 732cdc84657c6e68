package tlsconn

import (
	"bytes"
	"crypto/tls"
	"iter"
	"testing"
)

// far is the server's end, on a transport like the client's: its handshake is
// a coroutine, too, and the test carries the bytes.
type far struct {
	*tls.Conn
	wire transport
}

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// pair returns two ends that have shaken hands. What the server said last is
// still in its wire.
func pair(t testing.TB, server, config *tls.Config) (*Conn, *far) {
	t.Helper()
	s := &far{}
	s.Conn = tls.Server(&s.wire, server)
	var err error
	resume, stop := iter.Pull(func(yield func(struct{}) bool) {
		s.wire.wait = func() bool { return yield(struct{}{}) }
		err = s.Handshake()
		s.wire.wait = nil
	})
	defer stop()
	c := Client(config)
	for {
		done, hsErr := c.Handshake()
		if hsErr != nil {
			t.Fatal(hsErr)
		}
		s.wire.in = take(c)
		if _, more := resume(); !more {
			if err != nil || !done && !finish(c, s) {
				t.Fatalf("the handshake did not end: %v", err)
			}
			// A ticket may have come with the end of it.
			if n := drain(t, c, make([]byte, 1)); n > 0 {
				t.Fatalf("got %d bytes after the handshake; want none", n)
			}
			return c, s
		}
		c.Feed(s.sent())
	}
}

// drain reads all that c has been fed, and returns how many bytes it was.
func drain(t testing.TB, c *Conn, buf []byte) (n int) {
	t.Helper()
	for {
		m, err := c.Read(buf)
		if n += m; err == ErrWouldBlock {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// finish gives c the last flight of TLS 1.2.
func finish(c *Conn, s *far) bool {
	c.Feed(s.sent())
	done, err := c.Handshake()
	return done && err == nil
}

// take returns what c has to send.
func take(c *Conn) []byte {
	out := bytes.Clone(c.Out())
	c.Advance(len(out))
	return out
}

// sent returns what the server has to send.
func (s *far) sent() []byte {
	out := s.wire.out
	s.wire.out = nil
	return out
}

// configs are those of a server and of a client that trusts it.
func configs(t testing.TB, version uint16) (server, client *tls.Config) {
	t.Helper()
	cert, roots := authority(t)
	return &tls.Config{Certificates: []tls.Certificate{cert}},
		&tls.Config{RootCAs: roots, ServerName: "a.example", MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
}
