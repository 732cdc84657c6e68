package loop

import (
	"sync/atomic"
	"time"
)

// Stats counts since New.
type Stats struct {
	Turns     uint64 // turns begun
	Polls     uint64 // waits of the poller, those that may not sleep among them
	Events    uint64 // calls of handlers
	Stale     uint64 // events that nobody waited for any more
	Callbacks uint64 // calls of callbacks
	Timers    uint64 // calls of timers' functions
	Panics    uint64 // panics that OnPanic heard of

	// Waited is the time in polls that might sleep, and Busy the rest of the
	// time in Run. Busy / (Busy + Waited) is how much of one core the loop has
	// used; near one, it is full.
	Waited, Busy time.Duration

	// Longest is the longest time between two polls: so long did something
	// that was ready have to wait.
	Longest time.Duration

	// LongestCall is the longest time that one function held the loop, and
	// LongestFunc its name: known only where a watchdog is armed, by
	// Options.SlowAfter.
	LongestCall time.Duration
	LongestFunc string

	// Asleep says that the loop is in a poll now, with nothing to do before
	// something happens. One that is not asleep, and whose Turns stand still,
	// is held by a function.
	Asleep bool
}

// published is what other goroutines see of the loop's own Stats.
type published struct {
	turns, polls, events, stale, callbacks, timers, panics atomic.Uint64
	waited, busy, longest, longestCall, longestFunc        atomic.Uint64
	lag                                                    sharedHistogram
}

// Stats returns the counts as of the end of the last turn. Any goroutine may
// call it, whatever the loop does; the fields need not be of one moment.
func (l *Loop) Stats() Stats {
	p := &l.published
	s := Stats{
		Turns:       p.turns.Load(),
		Polls:       p.polls.Load(),
		Events:      p.events.Load(),
		Stale:       p.stale.Load(),
		Callbacks:   p.callbacks.Load(),
		Timers:      p.timers.Load(),
		Panics:      p.panics.Load(),
		Waited:      time.Duration(p.waited.Load()),
		Busy:        time.Duration(p.busy.Load()),
		Longest:     time.Duration(p.longest.Load()),
		LongestCall: time.Duration(p.longestCall.Load()),
		Asleep:      l.door.asleep.Load(),
	}
	if pc := p.longestFunc.Load(); pc != 0 {
		s.LongestFunc = funcName(uintptr(pc))
	}
	return s
}

// Lag returns how late timers were found due: what Stats is for the loop's
// work, this is for its punctuality. Any goroutine may call it, at any time. A
// loop that keeps up is late by what the kernel rounds and the system's
// scheduler takes.
func (l *Loop) Lag() Histogram { return l.published.lag.snapshot() }

// publish copies what has changed. An atomic store is an order of magnitude
// dearer than a plain one, so the loop counts in plain numbers and pays once a
// turn.
func (l *Loop) publish() {
	p, c := &l.published, &l.count
	store(&p.turns, c.Turns)
	store(&p.polls, c.Polls)
	store(&p.events, c.Events)
	store(&p.stale, c.Stale)
	store(&p.callbacks, c.Callbacks)
	store(&p.timers, c.Timers)
	store(&p.panics, c.Panics)
	store(&p.waited, uint64(c.Waited))
	store(&p.busy, uint64(c.Busy))
	store(&p.longest, uint64(c.Longest))
	if w := l.watch; w != nil {
		store(&p.longestFunc, uint64(w.longestFunc))
		store(&p.longestCall, uint64(w.longest))
	}
}

func store(to *atomic.Uint64, n uint64) {
	if to.Load() != n {
		to.Store(n)
	}
}
