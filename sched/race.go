package sched

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
)

// This file is the race for a connection (RFC 8305, "happy eyeballs"). An
// address that does not answer must not hold up one that would: when there is
// no answer for a while, or a refusal, the next address gets its attempt beside
// those that are under way. The first socket that stands has won, and the
// others are closed at once. All of it is state of the way, and gone when there
// is a connection.

// racers is how many attempts of one exchange may be under way at once. When
// yet another address has its turn, the oldest of so many gives way.
const racers = 6

// leastDelay is what RFC 8305 section 5 allows between two attempts.
const leastDelay = 10 * time.Millisecond

// busyDelay is how long to wait for a Unix socket whose backlog is full.
const busyDelay = 10 * time.Millisecond

// dial begins to connect, once there is room. It reports false if it found no
// descriptor, and waits.
func (x *exchange) dial() bool {
	x.way.began, x.way.next = x.stream.loop.Time(), never
	x.enter(connecting)
	x.connect(true)
	return x.phase != queued
}

// connect makes one attempt more, if there is an address left. When none is
// under way then, the exchange fails, or waits for a descriptor. It fails later
// where a user's Add may be waiting for us to return.
func (x *exchange) connect(later bool) {
	s, w := x.stream, x.way
	err := x.try()
	if noDescriptor(err) && len(w.attempts) > 0 && x.late() {
		x.giveWay()
		err = x.try()
	}
	if err == nil {
		x.share()
	}
	switch {
	case len(w.attempts) > 0 || err == kernel.ErrWouldBlock:
		x.plan()
	case noDescriptor(err):
		// Not close, which stirs the queue: those behind would starve, too.
		x.conn.leave()
		x.conn = nil
		s.waiting.starve(x, err)
	case later:
		x.failLater(Connect, w.verdict(x))
	default:
		x.fail(Connect, w.verdict(x))
	}
}

// try opens a socket to the next address and registers it for WRITE. The
// exchange has, or takes, a place in the pool. An address that fails at once is
// noted, and the next one has its turn; an error here is one that a wait may
// cure, or errNoneLeft.
func (x *exchange) try() error {
	w := x.way
	for len(w.addrs) > 0 {
		to := w.target()
		err := x.allowed(to.Addr())
		if err == nil {
			if x.conn == nil {
				x.conn = x.stream.newConn(x)
			}
			if err = x.conn.open(to); noDescriptor(err) || err == kernel.ErrWouldBlock {
				return err
			}
		}
		w.addrs = w.addrs[1:]
		x.info.Remote = to
		if err == nil {
			return nil
		}
		x.trace(Trace{Op: TraceConnectFailed, Addr: to, Err: err})
		w.failed = append(w.failed, AddrError{to, err})
	}
	return errNoneLeft
}

var errNoneLeft = errors.New("no address is left")

// target is the address to try next. ::ffff:10.0.0.1 is 10.0.0.1 to the
// kernel, so it must be to AllowAddr.
func (w *way) target() netip.AddrPort {
	addr := w.addrs[0].Unmap()
	if !addr.IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, w.port)
}

// allowed asks AllowAddr, which has no say about Unix sockets.
func (x *exchange) allowed(addr netip.Addr) error {
	if x.req.AllowAddr == nil || !addr.IsValid() {
		return nil
	}
	return x.req.AllowAddr(addr)
}

// plan sets the time when to look whether another attempt should begin.
func (x *exchange) plan() {
	s, w := x.stream, x.way
	now := s.loop.Time()
	w.next = never
	switch {
	case len(w.attempts) == 0: // a Unix socket that is busy
		w.next = now + busyDelay
	case len(w.addrs) > 0:
		if s.options.AttemptDelay > 0 {
			w.next = now + s.options.AttemptDelay
		}
		if !x.late() {
			w.next = sooner(w.next, w.patience)
		}
	}
	x.arm()
}

// share sets how long the newest attempt is waited for in any case: the
// addresses that are left share what is left of the time. Where there is no room
// to try them beside each other, one that swallows packets must not starve the
// others; and where there is, the time may be short.
func (x *exchange) share() {
	w, now := x.way, x.stream.loop.Time()
	w.patience = never
	if all := x.leftOfConnect(); all >= 0 {
		w.patience = now + max(0, all-(now-w.began))/time.Duration(1+len(w.addrs))
	}
}

// late reports whether the newest attempt has had its share.
func (x *exchange) late() bool {
	return x.way.patience >= 0 && x.stream.loop.Time() >= x.way.patience
}

// race is called when the planned time has come.
func (x *exchange) race() {
	switch n := len(x.way.attempts); {
	case n == 0, n < racers && x.stream.mayRace():
	case n == racers, x.late():
		x.giveWay()
	default:
		x.plan()
		return
	}
	x.connect(false)
}

// giveWay ends the oldest attempt.
func (x *exchange) giveWay() {
	waited := x.stream.loop.Time() - x.way.attempts[0].began
	x.lose(0, fmt.Errorf("no answer within %v", waited))
}

// mayRace reports whether there is room for a socket that is only a chance: not
// where somebody waits for a connection, and nothing is closed for it.
func (s *Stream) mayRace() bool {
	return s.options.AttemptDelay > 0 && s.waiting.len == 0 && s.sockets() < s.options.MaxConns
}

// sockets returns how many are open: one for each place in the pool, and those
// that race beside it.
func (s *Stream) sockets() int {
	open, _, _ := s.pool.Len()
	return open + s.racing
}
