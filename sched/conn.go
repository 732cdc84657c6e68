package sched

import (
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/internal/pool"
	"github.com/qqloop/qqloop/loop"
)

// conn is a connection. It is registered for WRITE until it stands; then the
// request is written, and it is registered for READ and stays so for life,
// idle too, so that a server that closes it is noticed at once.
type conn struct {
	pool.Slot[*conn]
	stream   *Stream
	tally    *tally // of its host
	fd       int    // -1: no socket yet, but attempts in the way
	remote   netip.AddrPort
	exchange *exchange     // whose turn it is; nil: idle
	opened   time.Duration // when it stood
	since    time.Duration // idle since then; never: it was not yet

	// Side by side, for they are small and connections are many.
	served   uint32 // exchanges completed
	want     loop.Events
	kept     uint16 // seconds that the server keeps it; 0: it has not said
	emptied  bool   // the last read took all there was
	toldHead bool   // the trace has had this request's TraceWroteHead

	rest    *rest // of the request
	written int64 // bytes of this request that the kernel took
	*extras
}

// newConn takes a place in the pool for x.
func (s *Stream) newConn(x *exchange) *conn {
	c := &conn{stream: s, fd: -1, exchange: x, since: never, extras: &s.bare}
	c.Conn = c
	key := x.key()
	s.pool.Open(key, &c.Slot)
	c.tally = s.tallies.hold(key)
	return c
}

// shut closes the socket: unregister, then close. The place in the pool stays.
func (c *conn) shut(why CloseReason) {
	if x := c.exchange; x != nil && x.way != nil {
		c.leaveRace(-1, nil, why)
	}
	if c.fd < 0 {
		return
	}
	s := c.stream
	c.tally.Closed[why]++
	c.trace(Trace{Op: TraceClose, Reason: why})
	c.dropTLS()
	if c.away == nil {
		s.loop.RemoveHandler(c.fd)
	}
	s.kernel.Close(c.fd)
	c.fd = -1
	c.rest = nil
	if c.extras != &s.bare {
		c.tunnel, c.away = nil, nil
	}
}

// close closes the socket and gives the place in the pool back.
func (c *conn) close(why CloseReason) {
	c.shut(why)
	c.exchange = nil
	s, key := c.stream, c.Key()
	c.leave()
	s.waiting.freed(key)
	if open, _, _ := s.pool.Len(); open == 0 && s.drained != nil {
		s.drained()
	}
}

// leave gives the place in the pool back.
func (c *conn) leave() {
	if s := c.stream; s.pool.Close(&c.Slot) {
		s.tallies.release(c.tally)
	}
}

// ready is the handler of the connection, for life.
func (c *conn) ready(fd int, ready loop.Events) {
	switch x := c.exchange; {
	case x == nil:
		// The server closes, or says what nobody asked for: a 408, or worse.
		if !c.quiet() {
			c.close(ClosedByServer)
		}
	case x.phase == connecting:
		c.connected(fd, ready)
	case x.phase == tunnelling:
		c.hear(ready)
	case x.phase == shaking:
		c.shake()
	case x.sending != nil && x.sending.stage == opening:
		if !c.quiet() {
			x.lost(EmptyReply, errTooSoon)
		}
	default:
		if ready.Has(loop.Write|loop.Error) && c.unsent() > 0 && c.broken == nil {
			if c.flush(); c.exchange != x {
				return // by OnSent's doing
			}
		}
		if ready.Has(loop.Read | loop.Error) {
			c.read()
		}
	}
}

// stands goes on once there is a way to the server.
func (c *conn) stands() {
	if c.exchange.secure {
		c.startTLS()
		return
	}
	c.exchange.use(c)
}

// ask registers for want.
func (c *conn) ask(want loop.Events) {
	if x := c.exchange; x != nil && x.paused {
		want &^= loop.Read
	}
	if c.want == want {
		return
	}
	if err := c.stream.loop.UpdateHandler(c.fd, want); err != nil {
		// Not from here: a user's Add may be waiting for us to return.
		x := c.exchange
		c.stream.loop.AddCallback(func() {
			if c.exchange == x && c.fd >= 0 {
				x.fail(Reset, err)
			}
		})
		return
	}
	c.want = want
	c.trace(Trace{Op: TraceUpdate, Events: want})
}
