package loop_test

import (
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// The benchmarks of this file have no kernel: what they measure is what the
// loop itself adds. The tour quotes them.

// steady is a Poller in which so many descriptors are always ready.
type steady struct {
	events []loop.Event
	before uint32 // added to each generation that is reported
}

func (p *steady) Add(fd int, gen uint32, want loop.Events) error {
	p.events = append(p.events, loop.Event{FD: fd, Gen: gen + p.before, Ready: want})
	return nil
}
func (p *steady) Modify(int, uint32, loop.Events) error { return nil }
func (p *steady) Remove(int) error                      { return nil }
func (p *steady) Wake() error                           { return nil }
func (p *steady) Close() error                          { return nil }
func (p *steady) Wait(dst []loop.Event, _ time.Duration) (int, error) {
	return copy(dst, p.events), nil
}

// One op is one event of a batch of 64: looked up in the table, held against
// its registration, and dispatched, or dropped if it is of an earlier one. The
// baseline looks the handler up by the descriptor's number and believes it.
func BenchmarkDispatch(b *testing.B) {
	const batch = 64
	for _, c := range []struct {
		name   string
		before uint32
	}{{"event=good", 0}, {"event=stale", 1}} {
		b.Run(c.name, func(b *testing.B) {
			l := openLoop(b, loop.Options{Poller: &steady{before: c.before}})
			handler := func(int, loop.Events) {}
			for fd := range batch {
				must(b, l.AddHandler(fd, loop.Read, handler))
			}
			left := b.N / batch
			var turn func()
			turn = func() {
				if left--; left <= 0 {
					l.Stop()
				}
				l.AddCallback(turn)
			}
			l.AddCallback(turn)
			b.ReportAllocs()
			b.ResetTimer()
			must(b, l.Run())
		})
	}
	b.Run("event=believed", func(b *testing.B) {
		p := &steady{}
		handlers := make([]loop.Handler, batch)
		for fd := range batch {
			must(b, p.Add(fd, 0, loop.Read))
			handlers[fd] = func(int, loop.Events) {}
		}
		events := make([]loop.Event, batch)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N / batch {
			n, _ := p.Wait(events, 0)
			for _, ev := range events[:n] {
				handlers[ev.FD](ev.FD, ev.Ready)
			}
		}
	})
}

// One op is one turn with nothing to do but one callback: what the order of a
// turn costs.
func BenchmarkEmptyTurn(b *testing.B) {
	l := openLoop(b, loop.Options{Poller: &steady{}})
	left := b.N
	var turn func()
	turn = func() {
		if left--; left <= 0 {
			l.Stop()
			return
		}
		l.AddCallback(turn)
	}
	l.AddCallback(turn)
	b.ReportAllocs()
	b.ResetTimer()
	must(b, l.Run())
}

// The baseline of BenchmarkTimer: the runtime's timers, which need no loop.
func BenchmarkRuntimeTimer(b *testing.B) {
	const others = 10_000
	setUp := func(b *testing.B) []*time.Timer {
		timers := make([]*time.Timer, others)
		for i := range timers {
			timers[i] = time.AfterFunc(time.Hour+time.Duration(i*7919%others)*time.Millisecond, func() {})
		}
		b.Cleanup(func() {
			for _, t := range timers {
				t.Stop()
			}
		})
		b.ReportAllocs()
		return timers
	}
	b.Run("op=start+stop", func(b *testing.B) {
		setUp(b)
		t := time.AfterFunc(time.Hour, func() {})
		for b.Loop() {
			t.Reset(time.Hour)
			t.Stop()
		}
	})
	b.Run("op=move", func(b *testing.B) {
		timers := setUp(b)
		i := 0
		for b.Loop() {
			i++
			timers[i%others].Reset(2 * time.Hour)
		}
	})
	b.Run("op=AfterFunc+stop", func(b *testing.B) {
		setUp(b)
		for b.Loop() {
			time.AfterFunc(30*time.Minute, func() {}).Stop()
		}
	})
}
