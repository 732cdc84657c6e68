package origin

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/evio"
)

// small serves what is small with evio:
//
//	/small          Small
//	/post           Small, when the request's body has come whole
//	/chain/N        N+1 in decimal
//	/park           Small, when it is released
//	/await/N        the number of requests parked, when that is N at least
//	/release        releases what is parked, and tells how many that were
type small struct {
	whole []byte // the reply whose body is Small

	mu      sync.Mutex
	parked  []*held
	waiters []waiter
}

// held is the state of one connection. Its reply is under small.mu: it is set
// by whoever releases, and taken by the loop, which is woken for it.
type held struct {
	conn   evio.Conn
	in     evio.InputStream
	ready  []byte
	closed bool
}

type waiter struct {
	many int
	h    *held
}

// startSmall starts evio's loop and returns its address.
func startSmall(broken chan<- error) (string, error) {
	s := &small{whole: reply(Small)}
	listening := make(chan string, 1)
	events := evio.Events{
		NumLoops: 1,
		Serving: func(server evio.Server) evio.Action {
			listening <- server.Addrs[0].String()
			return evio.None
		},
		Opened: func(c evio.Conn) ([]byte, evio.Options, evio.Action) {
			c.SetContext(&held{conn: c})
			return nil, evio.Options{ReuseInputBuffer: true}, evio.None
		},
		Data:   s.data,
		Closed: s.gone,
	}
	failed := make(chan error, 1)
	go func() {
		err := evio.Serve(events, "tcp4://127.0.0.1:0")
		if err == nil {
			err = errServe
		}
		failed <- err
		broken <- err
	}()
	select {
	case at := <-listening:
		_, port, err := net.SplitHostPort(at)
		return net.JoinHostPort("127.0.0.1", port), err
	case err := <-failed:
		return "", err
	}
}

// data is evio's: in holds bytes that came, or is nil if the connection was
// woken.
func (s *small) data(c evio.Conn, in []byte) (out []byte, action evio.Action) {
	h := c.Context().(*held)
	if in == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		out, h.ready = h.ready, nil
		return out, evio.None
	}
	left := h.in.Begin(in)
	for {
		path, size := request(left)
		if size == 0 {
			break
		}
		if path == "" {
			return []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), evio.Close
		}
		left = left[size:]
		switch answer := s.answer(h, path); {
		case answer == nil: // later
		case out == nil && len(left) == 0:
			out = answer
		default:
			out = append(out[:len(out):len(out)], answer...)
		}
	}
	h.in.End(left)
	return out, evio.None
}

// request finds a whole request and returns its path and size. A size of zero
// means that there is no whole one; the path "" that it is none.
func request(in []byte) (path string, size int) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return "", 0
	}
	size = end + 4
	const name = "\r\ncontent-length: "
	if in[0] == 'P' { // POST: the only one with a body
		at := strings.Index(strings.ToLower(string(in[:end])), name)
		if at < 0 {
			return "", size
		}
		value, _, _ := strings.Cut(string(in[at+len(name):end+2]), "\r\n")
		length, err := strconv.Atoi(value)
		if err != nil || length < 0 {
			return "", size
		}
		if size += length; size > len(in) {
			return "", 0
		}
	}
	_, rest, _ := bytes.Cut(in[:end], []byte(" "))
	target, _, _ := bytes.Cut(rest, []byte(" "))
	target, _, _ = bytes.Cut(target, []byte("?")) // curl counts there
	switch string(target) {                       // those that are asked most cost no allocation
	case "/small":
		return "/small", size
	case "/post":
		return "/post", size
	case "/park":
		return "/park", size
	}
	return string(target), size
}

// answer returns the response for path, or nil if it will be given later.
func (s *small) answer(h *held, path string) []byte {
	switch path {
	case "/small", "/post":
		return s.whole
	case "/park":
		s.park(h)
		return nil
	case "/release":
		return reply(strconv.Itoa(s.release()))
	}
	name, value, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	number, err := strconv.Atoi(value)
	switch {
	case name == "chain" && err == nil:
		return reply(strconv.Itoa(number + 1))
	case name == "await" && err == nil:
		return s.await(h, number)
	}
	return []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
}

func (s *small) park(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parked = append(s.parked, h)
	for i := 0; i < len(s.waiters); {
		if w := s.waiters[i]; len(s.parked) >= w.many {
			s.waiters = append(s.waiters[:i], s.waiters[i+1:]...)
			w.h.give(reply(strconv.Itoa(len(s.parked))))
		} else {
			i++
		}
	}
}

func (s *small) await(h *held, many int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parked) >= many {
		return reply(strconv.Itoa(len(s.parked)))
	}
	s.waiters = append(s.waiters, waiter{many, h})
	return nil
}

// release answers what is parked. The connections are woken by another
// goroutine than the loop's, which meanwhile writes what is ready.
func (s *small) release() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	parked := s.parked
	s.parked = nil
	time.AfterFunc(0, func() {
		for _, h := range parked {
			s.mu.Lock()
			h.give(s.whole)
			s.mu.Unlock()
		}
	})
	return len(parked)
}

// give makes answer the connection's output. The caller holds small.mu.
func (h *held) give(answer []byte) {
	if !h.closed {
		h.ready = append(h.ready, answer...)
		h.conn.Wake()
	}
}

// gone is evio's: the connection is closed, and must not be woken any more.
func (s *small) gone(c evio.Conn, _ error) evio.Action {
	h := c.Context().(*held)
	s.mu.Lock()
	defer s.mu.Unlock()
	h.closed = true
	return evio.None
}
