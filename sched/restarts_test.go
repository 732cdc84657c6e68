package sched_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A server is restarted a hundred times under a hundred thousand requests, GET
// and POST mixed, by closing its listener and all of its connections abruptly.
// No GET is lost: it has a policy that tries again. No POST is executed twice,
// and one that failed says whether it may have been. The server counts.
func TestServerRestarts(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	requests, restarts := 100_000, 100
	if raceDetector || testing.Short() {
		requests, restarts = 10_000, 20
		t.Logf("%d requests and %d restarts only: the race detector, or -short", requests, restarts)
	}
	const chains = 64
	sockets := openSockets()
	server := newRestartable(t, requests)
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := sched.New(l, sched.Options{})
	again := &sched.Retry{Attempts: 1000, Base: time.Millisecond, Max: 20 * time.Millisecond}

	var relisten func()
	relisten = func() { // a port that is free may be somebody's for a moment
		if server.listen() != nil {
			l.CallLater(3*time.Millisecond, relisten)
		}
	}
	var (
		begun, ended, left int
		calls              = make([]uint8, requests)
		answered           = make([]bool, requests)
		unknown            = make([]bool, requests) // a POST that failed, and may have been executed
		failures           = map[sched.Kind]int{}
	)
	var next func() sched.Next
	next = func() sched.Next {
		if begun == requests {
			if left--; left == 0 {
				l.Stop()
			}
			return sched.Next{}
		}
		id := begun
		begun++
		r := sched.Get(fmt.Sprintf("http://%s/%d", server.addr, id))
		if id%2 == 1 {
			r.Method, r.Body = "POST", []byte("x=1")
		}
		r.Retry = again
		return sched.Next{Request: r, Readback: func(resp *sched.Response, err error) sched.Next {
			calls[id]++
			ended++
			if err == nil {
				answered[id] = string(resp.Body) == fmt.Sprint(id)
			} else {
				failed := err.(*sched.Error)
				failures[failed.Kind]++
				unknown[id] = failed.Sent
				if !failed.Sent && id%2 == 1 {
					t.Errorf("POST %d was not sent and not tried again: %v", id, err)
				}
			}
			if ended%(requests/restarts) == 0 {
				server.restarts++
				server.close()
				l.CallLater(3*time.Millisecond, relisten)
			}
			return next()
		}}
	}
	for range chains {
		left++
		first := next()
		s.Add(first.Request, first.Readback)
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Pending != 0 || st.Waiting != 0 || st.Open != st.Idle {
		t.Errorf("when all has ended there are %+v", st)
	}
	m := s.Metrics()
	if err := errors.Join(s.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	server.stop()

	var lost, twice, once, doubt int
	for id := range requests {
		switch executed := server.executed[id]; {
		case calls[id] != 1:
			t.Errorf("request %d was completed %d times", id, calls[id])
		case id%2 == 0 && !answered[id]:
			lost++
		case id%2 == 1 && executed > 1:
			twice++
		case id%2 == 1 && answered[id] && executed != 1:
			t.Errorf("POST %d was answered, and executed %d times", id, executed)
		case id%2 == 1 && answered[id]:
			once++
		case id%2 == 1 && unknown[id]:
			doubt++
		}
	}
	if lost > 0 || twice > 0 {
		t.Errorf("%d GETs were lost, %d POSTs executed twice; want none", lost, twice)
	}
	if once+doubt != requests/2 {
		t.Errorf("of %d POSTs %d were executed once and %d are in doubt", requests/2, once, doubt)
	}
	if n := openSockets(); n > sockets {
		t.Errorf("%d sockets are open; before it were %d", n, sockets)
	}
	t.Logf("%d requests, %d restarts: no GET lost, no POST twice; %d POSTs in doubt; failures told: %v; %d replays, %d further attempts, %d connections",
		requests, server.restarts, doubt, failures, m.All.Replays, m.All.Retries, m.All.Opened)
	if server.restarts < restarts || m.All.Replays == 0 || m.All.Retries == 0 || doubt == 0 {
		t.Error("the weather was too fair: it has shown nothing")
	}
}

// A restartable is an HTTP server that counts what it executes, across its
// restarts. To execute is to have read the whole request.
type restartable struct {
	addr     string
	running  sync.WaitGroup
	restarts int // the test's goroutine's

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	executed []uint8
}

func newRestartable(t *testing.T, requests int) *restartable {
	t.Helper()
	s := &restartable{addr: "127.0.0.1:0", open: map[net.Conn]bool{}, executed: make([]uint8, requests)}
	if err := s.listen(); err != nil {
		t.Fatal(err)
	}
	s.addr = s.listener.Addr().String()
	return s
}

func (s *restartable) listen() error {
	l, err := net.Listen("tcp4", s.addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			if s.listener != l { // it was accepted in the last moment
				c.Close()
			} else {
				s.open[c] = true
				s.running.Go(func() { s.serve(c) })
			}
			s.mu.Unlock()
		}
	})
	return nil
}

// close is what kill does: for a moment, nobody listens.
func (s *restartable) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	for c := range s.open {
		c.(*net.TCPConn).SetLinger(0) // as when the process is killed with requests unread
		c.Close()
	}
	clear(s.open)
}

func (s *restartable) stop() {
	s.close()
	s.running.Wait()
}

func (s *restartable) serve(c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
	}()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := in.Discard(int(max(r.ContentLength, 0))); err != nil {
			return
		}
		var id int
		fmt.Sscanf(r.URL.Path, "/%d", &id)
		s.mu.Lock()
		s.executed[id]++
		s.mu.Unlock()
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d", len(fmt.Sprint(id)), id); err != nil {
			return
		}
	}
}
