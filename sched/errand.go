package sched

import (
	"sync/atomic"
	"time"

	"github.com/qqloop/qqloop/internal/tlsconn"
	"github.com/qqloop/qqloop/loop"
)

// An errand is one step of a handshake that a worker makes. Both ends may find
// that the other has gone: the one that comes second cleans up.
type errand struct {
	tls   *tlsconn.Conn // nil: given up before it was sent
	conn  *conn
	first bool // of its handshake
	sent  bool
	done  bool
	err   error
	ended atomic.Bool // for one of the two
	next  *errand
}

// errands are the steps of handshakes that wait for a worker. Those of
// handshakes that have begun go first, for such a one holds keys, a transcript
// and a stack, tens of kilobytes together: of a burst of a thousand, 16 are
// under way at once, and the next one begins when one ends.
//
// A server that is far away, or silent, must not hold up the others. So where
// fewer than 16 handshakes end in 50 ms, twice as many may be under way.
type errands struct {
	begun, fresh errandList
	out, most    int // with the workers, and of these at most

	shaking int // handshakes that a worker has begun and that have not ended,
	room    int // of which there may be so many at once
	ended   int // since watch began
	watch   loop.Timer
}

const (
	// errandsEach is how many steps are with each worker at once: enough for it
	// to be busy while the loop turns, and few enough that what they bring back
	// makes no long turn. With 16, a timer is twice as late in a burst.
	errandsEach = 4

	shakesAtOnce = 16 // at first
	shakesWatch  = 50 * time.Millisecond
)

type errandList struct{ head, tail *errand }

func (s *Stream) initErrands() {
	s.errands.room = shakesAtOnce
	s.errands.most = errandsEach * s.kernel.Computers()
	s.errands.watch.Init(s.loop, s.widen)
}

func (q *errands) add(e *errand) {
	list := &q.begun
	if e.first {
		list = &q.fresh
	}
	if list.head == nil {
		list.head = e
	} else {
		list.tail.next = e
	}
	list.tail = e
}

// take returns the errand that is next, or nil where there is none that may
// be sent.
func (q *errands) take() *errand {
	e := q.begun.take()
	if e == nil && q.shaking < q.room {
		e = q.fresh.take()
	}
	return e
}

// take returns the first errand that was not given up, or nil.
func (l *errandList) take() *errand {
	for l.head != nil {
		e := l.head
		l.head, e.next = e.next, nil
		if e.tls != nil {
			return e
		}
	}
	return nil
}

// sendErrands gives the workers what they can do next.
func (s *Stream) sendErrands() {
	q := &s.errands
	for q.out < q.most && !s.closed {
		e := q.take()
		if e == nil {
			break
		}
		e.sent = true
		q.out++
		if e.first {
			e.conn.extra().begun = true
			q.shaking++
		}
		back := func() { s.back(e) }
		if !s.kernel.Compute(e.run, func() { s.loop.AddCallback(back) }) {
			// The workers have enough to do. One in a turn, for the loop has, too.
			aside(e.run)
			s.loop.AddCallback(back)
			break
		}
	}
	switch {
	case q.fresh.head == nil:
		q.room = shakesAtOnce
		q.watch.Stop()
	case !q.watch.Active():
		q.ended = 0
		q.watch.Reset(s.loop.Time() + shakesWatch)
	}
}

// widen lets more handshakes begin, if those that have do not come to an end.
func (s *Stream) widen() {
	if q := &s.errands; q.ended < shakesAtOnce {
		q.room *= 2
	}
	s.sendErrands()
}

// endShake takes c out of the count of handshakes.
func (c *conn) endShake() {
	if !c.shakes {
		return
	}
	s := c.stream
	c.shakes = false
	if !c.pooled {
		s.shaking--
	}
	if c.begun {
		c.begun = false
		s.errands.shaking--
		s.errands.ended++
		s.sendErrands()
	}
}

// back takes a handshake back from a worker, if it is still wanted.
func (s *Stream) back(e *errand) {
	s.errands.out--
	defer s.sendErrands()
	c := e.conn
	if c.away != e {
		return
	}
	c.away = nil
	if err := s.loop.AddHandler(c.fd, loop.Read, c.ready); err != nil {
		c.exchange.fail(TLS, err)
		return
	}
	c.want = loop.Read
	c.stepped(e.done, e.err)
}

// run makes the step.
func (e *errand) run() {
	if e.ended.Load() {
		e.tls.Abandon()
		return
	}
	e.done, e.err = e.tls.Handshake()
	if !e.ended.CompareAndSwap(false, true) {
		e.tls.Abandon()
	}
}

// giveUp says that nobody will ask for e.
func (e *errand) giveUp() {
	switch {
	case !e.sent:
		if !e.first {
			aside(e.tls.Abandon)
		}
		e.tls = nil
	case !e.ended.CompareAndSwap(false, true):
		aside(e.tls.Abandon)
	}
}

// aside runs f on another goroutine and waits for it. A coroutine that began on
// a worker must not be entered from a loop that is locked to its thread: the
// runtime would end the program.
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}
