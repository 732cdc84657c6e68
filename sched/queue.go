package sched

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/qqloop/qqloop/internal/pool"
	"github.com/qqloop/qqloop/loop"
)

// queue holds the exchanges that wait for a connection. Who comes first is
// served first, across hosts, though an idle connection might suit somebody
// further back: so a busy host cannot starve a rare one.
//
// One who comes to the front while his own host has all the connections that it
// may have must not hold up the others. He steps aside, into the line of his
// host. Each time when a place there becomes free, the first of that line comes
// back to look; what place in the queue is his, his ticket says.
type queue struct {
	stream *Stream
	line                      // the queue itself
	aside  map[pool.Key]*line // those who wait for their own host
	held   int                // in all of aside
	ticket uint64             // of the last who came
	most   int                // that have waited at once

	serve   func() // q.run, bound once
	stirred bool   // serve is on its way
	retry   loop.Timer
}

// retryStarved is how long to wait for a descriptor that somebody else in the
// process might give back. Our own are noticed at once.
const retryStarved = 100 * time.Millisecond

func (q *queue) init(s *Stream) {
	q.stream = s
	q.serve = q.run
	q.retry.Init(s.loop, q.stir)
}

// waits returns how many wait, the ones aside among them.
func (q *queue) waits() int { return q.len + q.held }

// crowded says why x may not wait, or nil. It is the newcomer who is refused, and
// nobody who waits already. A host that has all the connections it may have gets
// seven eighths of the queue: were it all, one dead host would shut out those
// that are well.
func (s *Stream) crowded(x *exchange) error {
	most := s.options.MaxQueue
	n := s.waiting.waits() + s.asking
	switch {
	case n >= most:
		return fmt.Errorf("too many requests wait already (%d)", most)
	case n >= most-most/8 && s.hostBusy(x.key()):
		return fmt.Errorf("too many requests wait already for a host that is busy (%d of %d)", n, most)
	}
	return nil
}

// join gives x its connection now, if there is room and nobody waits, and
// else the place that is its own.
func (q *queue) join(x *exchange) {
	w := x.way
	if w.ticket == 0 {
		q.ticket++
		w.ticket = q.ticket
	}
	s := q.stream
	full := q.len == 0 && s.hostFull(x)
	if q.len == 0 && !full && s.room() {
		x.dial()
		return
	}
	x.enter(queued)
	x.trace(Trace{Op: TraceQueued})
	q.insert(x.way)
	if full {
		q.hold(x)
	}
	q.most = max(q.most, q.waits())
}

// starve puts x, which found no descriptor to be had, back into its place. The
// descriptor of an idle connection helps at once.
func (q *queue) starve(x *exchange, err error) {
	if x.starved == nil {
		x.enter(queued)
		x.aside().starvedSince = x.since
	} else {
		x.phase, x.since = queued, x.starvedSince
		x.arm()
	}
	x.aside().starved = err
	x.trace(Trace{Op: TraceQueued, Err: err})
	if x.way.ticket == 0 { // for want of a name it has not come this far yet
		q.ticket++
		x.way.ticket = q.ticket
	}
	q.insert(x.way)
	q.most = max(q.most, q.waits())
	if slot := q.stream.pool.Oldest(); slot != nil {
		slot.Conn.close(ClosedForRoom)
		return
	}
	q.retry.Reset(q.stream.loop.Time() + retryStarved)
}

// leave takes x out, wherever it waits, and notes how long it has.
func (q *queue) leave(x *exchange) {
	x.phase = seeking
	x.info.Timing.Queue = q.stream.loop.Time() - x.since
	x.trace(Trace{Op: TraceUnqueued, Delay: x.info.Timing.Queue})
	if x.way.held != nil {
		q.unhold(x)
		return
	}
	q.remove(x.way)
}

// quit is leave for one who will take no connection. If it had come back to
// look at a place, the next one of its line must hear of that.
func (q *queue) quit(x *exchange) {
	looks := x.way.held == nil
	q.leave(x)
	if looks {
		q.freed(x.key())
	}
}

// hold moves x from the queue to the line of its host.
func (q *queue) hold(x *exchange) {
	q.remove(x.way)
	key := x.key()
	l := q.aside[key]
	if l == nil {
		if q.aside == nil {
			q.aside = make(map[pool.Key]*line)
		}
		l = &line{key: key}
		q.aside[key] = l
	}
	x.way.held = l
	l.insert(x.way)
	q.held++
}

// unhold takes x out of the line of its host.
func (q *queue) unhold(x *exchange) {
	l := x.way.held
	l.remove(x.way)
	x.way.held = nil
	if l.len == 0 {
		delete(q.aside, l.key)
	}
	q.held--
}

// freed is told of each place that was given back, and of each connection that
// became idle: the first who waits for that host comes back, and the queue
// looks.
func (q *queue) freed(key pool.Key) {
	if q.held > 0 {
		if l := q.aside[key]; l != nil {
			x := l.front()
			q.unhold(x)
			q.insert(x.way)
		}
	}
	q.stir()
}

// stir has the queue served in the next turn, before the poll. Not at once:
// connections are given back in the middle of other things.
func (q *queue) stir() {
	if q.len > 0 && !q.stirred {
		q.stirred = true
		q.stream.loop.AddCallback(q.serve)
	}
}

// run gives connections to those in front until there are none left, or until
// one of them starves: then the others would, too.
func (q *queue) run() {
	q.stirred = false
	s := q.stream
	for x := q.front(); x != nil; x = q.front() {
		if !x.fresh {
			if c := s.take(x); c != nil {
				q.leave(x)
				x.use(c)
				continue
			}
		}
		if s.hostFull(x) {
			q.hold(x)
			continue
		}
		if !s.room() {
			return
		}
		q.leave(x)
		if !x.located() {
			x.resolve()
		} else if !x.dial() {
			return
		}
		if x.conn == nil { // it took no place: that is for the next one
			q.freed(x.key())
		}
	}
}

func (q *queue) close() {
	q.retry.Stop()
}

// room reports whether another connection may be opened, if need be after
// closing the one that has been idle longest.
func (s *Stream) room() bool {
	if s.sockets() < s.options.MaxConns {
		return true
	}
	slot := s.pool.Oldest()
	if slot == nil {
		return false
	}
	slot.Conn.close(ClosedForRoom)
	return true
}

// hostFull reports whether x's host has all the connections that it may have.
// One that is idle, and not for x, makes room.
func (s *Stream) hostFull(x *exchange) bool {
	if s.options.MaxConnsPerHost <= 0 {
		return false
	}
	key := x.key()
	if open, _ := s.pool.LenOf(key); open < s.options.MaxConnsPerHost {
		return false
	}
	slot := s.pool.OldestOf(key)
	if slot == nil {
		return true
	}
	slot.Conn.close(ClosedForRoom)
	return false
}

// hostBusy reports the same, and closes nothing.
func (s *Stream) hostBusy(key pool.Key) bool {
	most := s.options.MaxConnsPerHost
	if most <= 0 {
		return false
	}
	open, _ := s.pool.LenOf(key)
	return open >= most && s.pool.OldestOf(key) == nil
}

// noDescriptor reports whether err says that the process or the system has no
// descriptor, or no memory for a socket, to give: a wait cures that.
func noDescriptor(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}
