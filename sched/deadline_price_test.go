package sched

import (
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// ticking is a clock that costs nothing to read, as the loop's time does while
// it runs, and goes on all the same.
type ticking struct{ now time.Duration }

func (c *ticking) Monotonic() time.Duration { c.now += 200 * time.Nanosecond; return c.now }
func (c *ticking) Wall() time.Time          { return time.Time{} }

// One op is what the deadlines of a request cost: it is written, it waits, a
// byte comes back, and another; among 10,000 whose timers run. The baseline
// moves the timer each time, as one would write it at first.
func BenchmarkDeadlines(b *testing.B) {
	const others = 10_000
	setUp := func(b *testing.B) *exchange {
		l, err := loop.New(loop.Options{Clock: &ticking{}})
		if err != nil {
			b.Fatal(err)
		}
		s := New(l, Options{})
		b.Cleanup(func() {
			s.Close()
			l.Close()
		})
		timers := make([]loop.Timer, others)
		for i := range timers {
			timers[i].Init(l, func() {})
			timers[i].Reset(l.Time() + 10*time.Second + time.Duration(i*7919%others)*time.Millisecond)
		}
		x := s.newExchange()
		x.req = Get("http://a.example/")
		x.phase = answering // Close has nothing to call
		x.started = l.Time()
		b.ReportAllocs()
		return x
	}
	b.Run("timer=left", func(b *testing.B) {
		x := setUp(b)
		for b.Loop() {
			x.enter(writing)
			x.progress()
			x.enter(awaiting)
			x.enter(reading)
			x.progress()
		}
		x.phase = answering
	})
	b.Run("timer=moved", func(b *testing.B) {
		x := setUp(b)
		move := func() {
			at, _ := x.due()
			x.timer.Reset(at)
		}
		for b.Loop() {
			x.phase, x.since = writing, x.stream.loop.Time()
			move()
			x.progress()
			move()
			x.phase, x.since = awaiting, x.stream.loop.Time()
			move()
			x.phase, x.since = reading, x.stream.loop.Time()
			move()
			x.progress()
			move()
		}
		x.phase = answering
	})
}
