package loop

import (
	"fmt"
	"time"
)

// PeriodicCallback is Tornado's: it calls a function again and again, at
// multiples of a period after Start. It does not drift, and when the function
// or anything else has held the loop for longer than a period, the ticks that
// were missed are skipped and not made up.
//
// All methods are for the loop's goroutine.
type PeriodicCallback struct {
	loop  *Loop
	every time.Duration
	fn    func()
	next  time.Duration
	timer Timer
	on    bool
}

// NewPeriodicCallback returns a PeriodicCallback that is not started. The
// period must be positive.
func NewPeriodicCallback(l *Loop, every time.Duration, fn func()) (*PeriodicCallback, error) {
	if every <= 0 {
		return nil, fmt.Errorf("loop: the period of a PeriodicCallback is %v; it must be positive", every)
	}
	if fn == nil {
		panic("loop: NewPeriodicCallback with a nil function")
	}
	p := &PeriodicCallback{loop: l, every: every, fn: fn}
	p.timer.Init(l, p.tick)
	return p, nil
}

// Start makes the first call one period from now. To start what is started
// does nothing.
func (p *PeriodicCallback) Start() {
	if p.on {
		return
	}
	p.on = true
	p.next = p.loop.Time()
	p.schedule(p.next)
}

// Stop makes no further calls. The function itself may call it.
func (p *PeriodicCallback) Stop() {
	p.on = false
	p.timer.Stop()
}

// Active reports whether it was started and not stopped.
func (p *PeriodicCallback) Active() bool { return p.on }

func (p *PeriodicCallback) tick() {
	if p.loop.watch != nil {
		p.loop.watch.rename(p.fn)
	}
	// Deferred, so that a panic does not end the series: OnPanic's loop goes on.
	// The clock is read afresh, because what the function took must count.
	defer func() {
		if p.on {
			p.schedule(p.loop.clock.Monotonic())
		}
	}()
	p.fn()
}

// schedule starts the timer for the first multiple of the period after now.
func (p *PeriodicCallback) schedule(now time.Duration) {
	if p.next <= now {
		p.next = later(p.next, ((now-p.next)/p.every+1)*p.every)
	}
	p.timer.Reset(p.next)
}
