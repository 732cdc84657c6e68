package sched

import (
	"fmt"
	"time"
)

// phase is where an exchange stands. The zero phase is an exchange that
// belongs to no chain.
type phase uint8

const (
	unused     phase = iota
	delayed          // its Delay has not passed
	seeking          // it looks for a connection: no turn of the loop ends here
	resolving        // its name is being asked for
	queued           // it waits for a connection or a descriptor
	connecting       // its socket is registered for WRITE
	tunnelling       // a proxy is being asked for a way through
	shaking          // the TLS handshake is under way
	writing          // some of the request is unwritten
	awaiting         // the request is written, no byte has come back
	reading          // a byte has come back
	answering        // its readback runs
	failing          // its error is on the way to the readback
)

// public is the name by which a user knows p.
func (p phase) public() Phase {
	switch p {
	case resolving:
		return PhaseResolve
	case connecting:
		return PhaseConnect
	case tunnelling:
		return PhaseProxy
	case shaking:
		return PhaseTLS
	case writing:
		return PhaseWrite
	case awaiting:
		return PhaseFirstByte
	case reading:
		return PhaseBody
	}
	return PhaseQueue
}

// enter moves x into phase p and sets the deadline that belongs to it.
func (x *exchange) enter(p phase) {
	x.phase = p
	x.since = x.stream.loop.Time()
	x.overdue = false
	x.arm()
}

// progress notes that bytes moved: the deadline between two bytes starts anew.
func (x *exchange) progress() {
	x.since = x.stream.loop.Time()
}

// limit returns how long x may stand in its phase, or a negative duration.
func (x *exchange) limit() time.Duration {
	if x.paused {
		return never // it is not the server who lets us wait
	}
	own, def := &x.req.Timeouts, &x.stream.options.Timeouts
	if x.sending != nil && (x.phase == writing || x.phase == reading) {
		if d, ok := x.sending.limit(); ok {
			return d
		}
	}
	switch x.phase {
	case queued:
		return or(own.Queue, def.Queue)
	case resolving:
		return sooner(or(own.Resolve, def.Resolve), or(own.Connect, def.Connect))
	case connecting, tunnelling:
		return x.leftOfConnect()
	case shaking:
		return sooner(or(own.TLS, def.TLS), x.leftOfConnect())
	case writing, reading:
		return or(own.Stall, def.Stall)
	case awaiting:
		return sooner(or(own.FirstByte, def.FirstByte), x.stream.options.HeadTimeout)
	}
	return never
}

// leftOfConnect returns what is left of the time for having a connection.
func (x *exchange) leftOfConnect() time.Duration {
	all := or(x.req.Timeouts.Connect, x.stream.options.Timeouts.Connect)
	if all < 0 {
		return never
	}
	return max(0, all-max(0, x.info.Timing.Resolve)-x.astray-(x.since-x.way.began))
}

// due returns when the nearest deadline passes and whether it is the total
// one, or a negative time where x has no deadline.
func (x *exchange) due() (at time.Duration, total bool) {
	at = never
	if d := x.limit(); d >= 0 {
		at = x.since + d
	}
	if r := x.reader; r != nil && r.head == nil && r.headBy >= 0 && (at < 0 || r.headBy < at) {
		at = r.headBy
	}
	if d := or(x.req.Timeouts.Total, x.stream.options.Timeouts.Total); d >= 0 {
		if end := x.started + d; at < 0 || end <= at {
			return end, true
		}
	}
	return at, false
}

// nextLook returns when the race for a connection wants to be looked at.
func (x *exchange) nextLook() time.Duration {
	if x.phase != connecting {
		return never
	}
	return x.way.next
}

// arm sees to it that the timer fires no later than the deadline. A timer that
// fires earlier is left alone: expire finds that it is not yet time. Deadlines
// mostly move away, so this spares two moves in the heap for each request of a
// chain, and one for each read.
func (x *exchange) arm() {
	at, _ := x.due()
	at = sooner(at, x.nextLook())
	if at >= 0 && !(x.timer.Active() && x.timerAt <= at) {
		x.timerAt = at
		x.timer.Reset(at)
	}
}

// expire runs when the timer fires.
func (x *exchange) expire() {
	switch x.phase {
	case delayed:
		if x.tries > 0 {
			x.attempt()
		} else {
			x.begin()
		}
		return
	case answering, failing:
		return
	}
	now := x.stream.loop.Time()
	at, total := x.due()
	switch first := sooner(at, x.nextLook()); {
	case first < 0: // a deadline that has been met
	case now < first:
		x.overdue = false
		x.arm()
	case !x.overdue:
		// Due timers run before the poll. If the loop was held up, what we wait
		// for may lie in the kernel: look there once before giving up.
		x.overdue = true
		x.timerAt = now
		x.timer.Reset(now)
	case at < 0 || now < at:
		x.overdue = false
		x.race()
	case x.sending != nil && !total && x.sending.tired():
	default:
		x.fail(x.timeout(at, total))
	}
}

// timeout returns the kind and the words for the deadline that passed.
func (x *exchange) timeout(at time.Duration, total bool) (Kind, error) {
	if total {
		return TotalTimeout, fmt.Errorf("not finished within %v", at-x.started)
	}
	switch x.phase {
	case resolving:
		return ResolveTimeout, fmt.Errorf("no address within %v", at-x.since)
	case connecting:
		return ConnectTimeout, x.way.unanswered(x, fmt.Errorf("not connected within %v", at-x.since))
	case tunnelling:
		return ConnectTimeout, fmt.Errorf("no way through the proxy within %v", at-x.since)
	case shaking:
		return TLSTimeout, fmt.Errorf("no TLS handshake within %v", at-x.since)
	case writing:
		return StallTimeout, fmt.Errorf("the server took no byte for %v", at-x.since)
	case awaiting:
		return FirstByteTimeout, fmt.Errorf("no byte of the response within %v", at-x.since)
	case reading:
		if r := x.reader; r.head == nil && at == r.headBy {
			return FirstByteTimeout, fmt.Errorf("no whole head of the response within %v", x.stream.options.HeadTimeout)
		}
		return StallTimeout, fmt.Errorf("no further byte of the response for %v", at-x.since)
	}
	if x.starved != nil {
		return TooManyFiles, x.starved
	}
	if x.way.held != nil {
		open, _ := x.stream.pool.LenOf(x.key())
		return QueueTimeout, fmt.Errorf("no connection to this host was free within %v (%d open of at most %d)",
			at-x.since, open, x.stream.options.MaxConnsPerHost)
	}
	return QueueTimeout, fmt.Errorf("no connection was free within %v (%d open of at most %d)",
		at-x.since, x.stream.sockets(), x.stream.options.MaxConns)
}
