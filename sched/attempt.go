package sched

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// An attempt is a socket that is connecting. Its handler is that of the
// connection which it may become.
type attempt struct {
	fd    int
	to    netip.AddrPort // zero: the request's Unix socket
	began time.Duration
}

// open makes an attempt to connect.
func (c *conn) open(to netip.AddrPort) error {
	s, x := c.stream, c.exchange
	var fd int
	var err error
	if to.IsValid() {
		fd, err = s.kernel.Connect(to)
	} else {
		fd, err = s.kernel.ConnectUnix(x.req.UnixSocket)
	}
	if err != nil {
		return err
	}
	if err := s.loop.AddHandler(fd, loop.Write, c.ready); err != nil {
		s.kernel.Close(fd)
		return err
	}
	c.tally.Opened++
	w := x.way
	if w.attempts = append(w.attempts, attempt{fd, to, s.loop.Time()}); len(w.attempts) > 1 {
		s.racing++
	}
	c.traceOn(fd, Trace{Op: TraceConnect, Addr: to})
	return nil
}

// connected learns how an attempt went.
func (c *conn) connected(fd int, ready loop.Events) {
	s, x := c.stream, c.exchange
	w := x.way
	i := slices.IndexFunc(w.attempts, func(a attempt) bool { return a.fd == fd })
	err := s.kernel.ConnectError(fd)
	// A Unix socket may stand and be hung up already: that is an end like any.
	if err == nil && ready.Has(loop.Error) && w.attempts[i].to.IsValid() {
		err = errors.New("the connection was hung up")
	}
	if err != nil {
		x.lose(i, err)
		x.connect(false)
		return
	}
	a := w.attempts[i]
	c.fd, c.remote, c.want, c.opened = a.fd, a.to, loop.Write, s.loop.Time()
	x.info.Remote = a.to
	x.info.Timing.Connect = c.opened - w.began
	x.trace(Trace{Op: TraceConnected, Addr: a.to})
	c.leaveRace(i, errSlower, ClosedUnconnected)
	if x.via != nil && !x.forwarded() {
		c.startTunnel()
		return
	}
	c.stands()
}

// lose ends an attempt that came to nothing.
func (x *exchange) lose(i int, err error) {
	w := x.way
	a := w.attempts[i]
	w.attempts = slices.Delete(w.attempts, i, i+1)
	w.failed = append(w.failed, AddrError{a.to, err})
	x.conn.abandon(a, err, ClosedUnconnected)
	if len(w.attempts) > 0 {
		x.stream.racing--
		x.stream.waiting.stir()
	}
}

// leaveRace ends all attempts but the one that has won; -1 is none. Without a
// cause it has been told already that they failed.
func (c *conn) leaveRace(won int, cause error, why CloseReason) {
	s, w := c.stream, c.exchange.way
	if len(w.attempts) > 1 {
		s.racing -= len(w.attempts) - 1
		s.waiting.stir()
	}
	for i, a := range w.attempts {
		if i != won {
			c.abandon(a, cause, why)
		}
	}
	w.attempts = nil
}

var errSlower = errors.New("another address was faster")

// abandon closes the socket of an attempt: unregister, then close.
func (c *conn) abandon(a attempt, cause error, why CloseReason) {
	if cause != nil {
		c.traceOn(a.fd, Trace{Op: TraceConnectFailed, Addr: a.to, Err: cause})
	}
	c.tally.Closed[why]++
	c.traceOn(a.fd, Trace{Op: TraceClose, Reason: why})
	c.stream.loop.RemoveHandler(a.fd)
	c.stream.kernel.Close(a.fd)
}
