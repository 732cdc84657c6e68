package sched

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
)

// A spool is the body of a response between the loop, which fills it, and the
// goroutine that reads it. It holds little: when nobody reads, the socket is not
// read either, and the server has to wait.
//
// How much it may hold grows with a reader that keeps asking for more, so that
// a long body costs few crossings, and one that is left lying costs no memory.
type spool struct {
	mu     sync.Mutex
	call   *call    // nil: the exchange has ended
	first  []byte   // unread
	chunks [][]byte // unread behind it; the room behind the last is free
	taken  int      // of the first chunk
	unread int
	window int           // pause at about so much
	held   bool          // paused, until the reader asks
	want   []byte        // where a reader that waits wants it
	got    int           // how much of that it has
	ready  chan struct{} // the reader may look again; nil: none ever waited
	err    error         // behind what is unread; io.EOF if all is well
	closed bool

	response *http.Response
	trailer  http.Header // for the response, at the end
	release  func()      // lets go of the context; nil: nothing to let go
	hooks    *hooks
}

// The sizes of a spool. Four kilobytes hold most answers of most services with
// their heads; a body of at most sixteen is taken whole, for then its connection
// is free again; and a window of a quarter of a megabyte keeps a fast link busy.
const (
	firstRead  = 2 << 10
	wholeBody  = 16 << 10
	mostUnread = 128 << 10
	chunkSize  = 16 << 10
)

var (
	errReadClosed = errors.New("the response's body was read after Close")
	errTwoReaders = errors.New("two goroutines read the same response's body")
)

// init prepares s for a body of so many bytes, or of nobody knows how many.
func (s *spool) init(c *call, length int64) {
	s.call, s.window, s.hooks = c, firstRead, c.hooks
	if length >= 0 && length <= wholeBody {
		s.window = mostUnread // it will not come to that
	}
}

// appetite is how much is to be read now.
func (s *spool) appetite() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.window-s.unread, firstRead/4)
}

// put takes a piece, and reports whether that is enough for now.
func (s *spool) put(piece []byte) (enough bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.want != nil && s.unread == 0 {
		n := copy(s.want[s.got:], piece)
		s.got += n
		piece = piece[n:]
	}
	s.unread += len(piece)
	if s.first == nil && len(s.chunks) == 0 && len(piece) <= firstRead {
		s.first = append(s.first, piece...)
		piece = nil
	}
	for len(piece) > 0 {
		n := len(s.chunks) - 1
		if n < 0 || len(s.chunks[n]) == chunkSize {
			s.chunks = append(s.chunks, chunks.Get().(*[chunkSize]byte)[:0])
			n++
		}
		last := s.chunks[n]
		m := copy(last[len(last):chunkSize], piece)
		s.chunks[n] = last[:len(last)+m]
		piece = piece[m:]
	}
	s.held = s.unread > s.window-firstRead/4
	return s.held
}

var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// take moves unread bytes to p.
func (s *spool) take(p []byte) int {
	n := copy(p, s.first)
	if s.first = s.first[n:]; len(s.first) == 0 {
		s.first = nil
	}
	for n < len(p) && len(s.chunks) > 0 {
		chunk := s.chunks[0]
		m := copy(p[n:], chunk[s.taken:])
		n += m
		if s.taken += m; s.taken == len(chunk) {
			s.dropChunk()
		}
	}
	s.unread -= n
	return n
}

// dropChunk gives the memory of the first chunk back.
func (s *spool) dropChunk() {
	chunks.Put((*[chunkSize]byte)(s.chunks[0][:chunkSize]))
	s.chunks[0] = nil
	if s.chunks, s.taken = s.chunks[1:], 0; len(s.chunks) == 0 {
		s.chunks = nil
	}
}

// Read reads what is there, and waits where there is nothing.
func (s *spool) Read(p []byte) (int, error) {
	s.mu.Lock()
	for {
		switch {
		case s.closed:
			s.mu.Unlock()
			return 0, errReadClosed
		case s.want != nil:
			s.mu.Unlock()
			return 0, errTwoReaders
		case len(p) == 0:
			s.mu.Unlock()
			return 0, nil
		}
		n := s.take(p)
		again := s.asksForMore()
		if n > 0 || s.err != nil {
			var err error
			if s.unread == 0 {
				err = s.err
			}
			s.mu.Unlock()
			if again != nil {
				again.station.post(again, resume)
			}
			s.hooks.run()
			if err != nil {
				s.bringTrailer()
			}
			return n, err
		}
		if s.ready == nil {
			s.ready = make(chan struct{}, 1)
		}
		s.want, s.got = p, 0
		s.mu.Unlock()
		if again != nil {
			again.station.post(again, resume)
		}
		<-s.ready
		s.mu.Lock()
		n, s.want = s.got, nil
		if n > 0 && !s.closed {
			s.mu.Unlock()
			return n, nil
		}
	}
}

// asksForMore returns the call to resume, where it is time for that. A reader
// who has emptied the spool may find more in it the next time.
func (s *spool) asksForMore() *call {
	if !s.held || s.unread > s.window/2 {
		return nil
	}
	s.held = false
	if s.unread == 0 {
		s.window = min(4*s.window, mostUnread)
	}
	return s.call
}

// wake lets a reader look, if one waits and there is something to see.
func (s *spool) wake() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.want == nil || s.got == 0 && s.unread == 0 && s.err == nil && !s.closed {
		return false
	}
	select {
	case s.ready <- struct{}{}:
		return true
	default:
		return false
	}
}

// end says that nothing more will come, for the reason err; nil means that the
// body is whole.
func (s *spool) end(err error, trailer http.Header) {
	if err == nil {
		err = io.EOF
	}
	s.mu.Lock()
	s.err, s.trailer, s.call = err, trailer, nil
	release := s.release
	s.release = nil
	s.mu.Unlock()
	if release != nil {
		release()
	}
}

// bringTrailer puts the trailer where the caller finds it.
func (s *spool) bringTrailer() {
	if s.trailer != nil {
		if s.response.Trailer == nil {
			s.response.Trailer = http.Header{}
		}
		maps.Copy(s.response.Trailer, s.trailer)
		s.trailer = nil
	}
}

// watch has c called off when its context ends before its exchange.
func (s *spool) watch(c *call) {
	if c.ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(c.ctx, func() { c.station.post(c, cancel) })
	s.mu.Lock()
	over := s.call == nil
	release := func() { stop(); c.letGo() }
	if !over {
		s.release = release
	}
	s.mu.Unlock()
	if over {
		release()
	}
}

// Close gives up what was not read. It may be called while another goroutine
// reads.
func (s *spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.first, s.unread = nil, 0
	for len(s.chunks) > 0 {
		s.dropChunk()
	}
	c, waits := s.call, s.want != nil
	s.mu.Unlock()
	if waits {
		s.wake()
	}
	if c != nil {
		c.station.post(c, abandon)
	}
	s.hooks.run()
	return nil
}
