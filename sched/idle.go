package sched

import (
	"bytes"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/internal/pool"
)

// This file is about the connections that nobody uses just now.

// heed notes how long the server says it keeps an idle connection ("Keep-Alive:
// timeout=5"). We stop using it a second earlier: a request that meets the FIN
// half way is lost, and if it is not replayable, so is the work.
func (c *conn) heed(resp *Response) {
	c.kept = 0
	for part := range bytes.SplitSeq(resp.Header.Peek("Keep-Alive"), []byte(",")) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(part), []byte("="))
		if !bytes.EqualFold(name, []byte("timeout")) {
			continue
		}
		if n, err := strconv.ParseUint(string(value), 10, 16); err == nil {
			c.kept = max(1, uint16(n)) // 0 is not at all
		}
	}
}

// keep offers c to the next request for its host.
func (s *Stream) keep(c *conn) {
	switch {
	case s.closed:
		c.close(ClosedStream)
		return
	case s.options.IdleTimeout < 0 || c.kept == 1 || s.closesIdle:
		c.close(ClosedDone)
		return
	case c.old():
		c.close(ClosedOld)
		return
	}
	c.since = s.loop.Time()
	s.pool.Idle(&c.Slot)
	if c.traced() {
		c.trace(Trace{Op: TraceKept})
	}
	if s.shedsLate {
		s.crowds = append(s.crowds, c.Key())
	} else {
		s.shedIdle(c.Key())
	}
	if !s.idleTimer.Active() {
		s.idleTimer.Reset(c.since + s.options.IdleTimeout)
	}
	s.waiting.freed(c.Key())
}

// shedIdle closes an idle connection where there are too many: the one that has
// been idle longest, of that host or of all.
func (s *Stream) shedIdle(key pool.Key) {
	if most := s.options.MaxIdlePerHost; most > 0 {
		if _, idle := s.pool.LenOf(key); idle > most {
			s.pool.OldestOf(key).Conn.close(ClosedForRoom)
		}
	}
	if most := s.options.MaxIdle; most > 0 {
		if _, idle, _ := s.pool.Len(); idle > most {
			s.pool.Oldest().Conn.close(ClosedForRoom)
		}
	}
}

// shedCrowds closes what is idle and too much, where that was put off: those who
// make the next requests come later than the connections become free.
func (s *Stream) shedCrowds() {
	for _, key := range s.crowds {
		s.shedIdle(key)
	}
	s.crowds = s.crowds[:0]
}

// old reports whether c has reached Options.MaxAge.
func (c *conn) old() bool {
	s := c.stream
	return s.options.MaxAge > 0 && s.loop.Time()-c.opened >= s.options.MaxAge
}

// fades reports whether the server is about to close c, by its own word.
func (c *conn) fades() bool {
	return c.kept > 0 && c.stream.loop.Time()-c.since >= time.Duration(c.kept-1)*time.Second
}

// take returns a kept connection that suits x, or nil. While it was idle a FIN
// may have reached it, or an answer that nobody asked for, of which its handler
// has not heard yet: worth a look, unless it has only just become idle and x,
// being replayable, would lose no more than a detour.
func (s *Stream) take(x *exchange) *conn {
	key := x.key()
	for slot := s.pool.Freshest(key); slot != nil; slot = s.pool.Freshest(key) {
		c := slot.Conn
		switch {
		case x.allowed(c.remote.Addr()) != nil:
			return nil
		case c.old():
			c.close(ClosedOld)
		case c.fades():
			c.close(ClosedIdle)
		case (s.loop.Time()-c.since >= freshFor || !x.req.replayable()) && !c.quiet():
			c.close(ClosedByServer)
		default:
			s.pool.Take(slot)
			return c
		}
	}
	return nil
}

// closeIdle closes the connections that nobody has wanted for too long.
func (s *Stream) closeIdle() {
	now := s.loop.Time()
	for slot := s.pool.Oldest(); slot != nil; slot = s.pool.Oldest() {
		if end := slot.Conn.since + s.options.IdleTimeout; now < end {
			s.idleTimer.Reset(end)
			return
		}
		slot.Conn.close(ClosedIdle)
	}
}

// freshFor is how long a connection that has become idle is taken to be so
// still, by requests that lose nothing if it is not.
const freshFor = 10 * time.Millisecond
