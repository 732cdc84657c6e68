package loop

import (
	"math"
	"time"
)

// A Timer calls a function once, later, on the loop's goroutine. Init gives it
// its loop and function; from then on it may be started by Reset any number of
// times. So it lives inside another struct and starting it allocates nothing.
// While it is active its loop points to it: it must not be copied.
//
// All methods are for the loop's goroutine.
type Timer struct {
	loop  *Loop
	fn    func()
	seq   uint32 // breaks ties between equal deadlines
	place int32  // i+1: in heap[i]; -(i+1): in due[i]; 0: not active
}

// Init sets what the timer calls, and on which loop. It does not start it, and
// panics if the timer is active.
func (t *Timer) Init(l *Loop, fn func()) {
	if fn == nil {
		panic("loop: Timer.Init with a nil function")
	}
	if t.place != 0 {
		panic("loop: Timer.Init of an active timer")
	}
	t.loop, t.fn = l, fn
}

// Reset starts the timer, or moves it if it is active: the function is called
// in the first turn that begins at or after when, on the scale of Loop.Time,
// and never in this one. The function may reset its own timer. On a closed
// loop Reset does nothing.
func (t *Timer) Reset(when time.Duration) {
	l := t.loop
	if l == nil {
		panic("loop: Timer.Reset before Init")
	}
	if l.shut {
		return
	}
	l.timerSeq++
	t.seq = l.timerSeq
	if t.place > 0 {
		l.timers.fix(int(t.place-1), timerEntry{when, t})
		return
	}
	t.Stop() // it may be due in this turn; then it is so no longer
	l.timers.push(timerEntry{when, t})
}

// Stop makes an active timer inactive, and reports whether it was active: true
// means that the function was going to be called and will not be. It may be
// called at any time, also when the timer has run or was never started.
func (t *Timer) Stop() bool {
	switch {
	case t.place > 0:
		t.loop.timers.remove(int(t.place - 1))
	case t.place < 0:
		t.loop.due[-t.place-1] = nil
	default:
		return false
	}
	t.place = 0
	return true
}

// Active reports whether the function is going to be called. Inside the
// function it is false, unless the function has reset the timer.
func (t *Timer) Active() bool { return t.place != 0 }

// CallAt calls fn when Time has reached when. A time that has passed means the
// next turn.
func (l *Loop) CallAt(when time.Duration, fn func()) *Timer {
	t := new(Timer)
	t.Init(l, fn)
	t.Reset(when)
	return t
}

// CallLater is CallAt(Time()+d, fn). It counts from the cached time, as libuv's
// timers do: what this turn has used up so far counts as waited. The bound is
// the length of the turn, which is short in a loop where nothing blocks.
func (l *Loop) CallLater(d time.Duration, fn func()) *Timer {
	return l.CallAt(later(l.Time(), d), fn)
}

// later adds without wrapping round, so that "never" may be written as the
// longest duration there is.
func later(t, d time.Duration) time.Duration {
	if sum := t + d; d <= 0 || sum >= t {
		return sum
	}
	return math.MaxInt64
}

// collectDue takes the timers that are due out of the heap before anything
// runs, so that one that starts itself again in the past waits for the next
// turn instead of spinning in this one.
func (l *Loop) collectDue() {
	if l.nextDue == len(l.due) {
		l.due, l.nextDue = l.due[:0], 0
	}
	for len(l.timers) > 0 && l.timers[0].when <= l.now {
		t := l.timers[0].timer
		l.published.lag.record(l.now - l.timers[0].when)
		l.timers.remove(0)
		l.due = append(l.due, t)
		t.place = -int32(len(l.due))
	}
}

// runTimers runs what collectDue took, unless it was stopped since: of two
// timers that are due together the first may cancel the second.
func (l *Loop) runTimers() {
	for l.nextDue < len(l.due) {
		t := l.due[l.nextDue]
		l.due[l.nextDue] = nil
		l.nextDue++
		if t == nil {
			continue
		}
		t.place = 0
		l.count.Timers++
		fn := t.fn
		if l.watch != nil {
			l.watch.begin(fn)
		}
		fn()
		if l.watch != nil {
			l.watch.end()
		}
	}
}

// untilTimer is how long a wait may last: negative if no timer is active.
func (l *Loop) untilTimer() time.Duration {
	if len(l.timers) == 0 {
		return -1
	}
	return max(l.timers[0].when-l.now, 0)
}

// dropTimers makes every timer inactive.
func (l *Loop) dropTimers() {
	for _, e := range l.timers {
		e.timer.place = 0
	}
	for _, t := range l.due[l.nextDue:] {
		if t != nil {
			t.place = 0
		}
	}
	l.timers, l.due, l.nextDue = nil, nil, 0
}
