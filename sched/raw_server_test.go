package sched_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A rawServer is a real server on loopback that does what a test says, to the
// byte, and counts.
type rawServer struct {
	url string // without a path

	mu       sync.Mutex
	accepted int
	heard    map[string]int // requests, by path
}

// A rawConn is one of its connections.
type rawConn struct {
	*net.TCPConn
	s    *rawServer
	in   *bufio.Reader
	nth  int // of the server's connections, from 1
	path string
}

// newRaw starts a server that runs serve for each connection, in a goroutine of
// its own. They end with the test.
func newRaw(t *testing.T, serve func(c *rawConn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + l.Addr().String(), heard: map[string]int{}}
	var wg sync.WaitGroup
	var open []net.Conn // guarded by s.mu
	wg.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.accepted++
			open = append(open, raw)
			c := &rawConn{raw.(*net.TCPConn), s, bufio.NewReader(raw), s.accepted, ""}
			s.mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range open {
			c.Close()
		}
		s.mu.Unlock()
		wg.Wait()
	})
	return s
}

// counts returns how many connections there were, and how often that path was
// asked for.
func (s *rawServer) counts(path string) (accepted, heard int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, s.heard[path]
}

// request reads a request and its body, and reports whether there was one.
func (c *rawConn) request() bool {
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return false
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return false
	}
	c.path = r.URL.Path
	c.s.mu.Lock()
	c.s.heard[c.path]++
	c.s.mu.Unlock()
	return true
}

// send writes what stands on the wire.
func (c *rawConn) send(wire string) { io.WriteString(c, wire) }

// reset closes with a RST.
func (c *rawConn) reset() {
	c.SetLinger(0)
	c.Close()
}
