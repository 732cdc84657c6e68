package sim_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qqloop/qqloop/sim"
)

func TestEventsAtOneTime(t *testing.T) {
	w := sim.New(sim.Options{})
	var got []string
	note := func(s string) func() { return func() { got = append(got, s) } }
	w.After(2*ms, note("d"))
	w.After(ms, note("a"))
	w.After(ms, func() {
		note("b")()
		w.After(0, note("c")) // now, but after all that wait already
		w.After(ms, note("f"))
	})
	w.After(ms, note("b2"))
	w.After(2*ms, note("e"))
	w.Loop().Poller.Wait(nil, time.Second)
	if want := []string{"a", "b", "b2", "c", "d", "e", "f"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestTimerStop(t *testing.T) {
	w := sim.New(sim.Options{})
	p := w.Loop().Poller
	ran := 0
	stopped := w.After(ms, func() { t.Error("a stopped event happened") })
	kept := w.After(ms, func() { ran++ })
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop: want true once, then false")
	}
	p.Wait(nil, 2*ms)
	w.After(1<<63-1, func() { t.Error("the end of time came early") })
	p.Wait(nil, time.Hour)
	if kept.Stop() || ran != 1 {
		t.Errorf("got Stop true after it happened, or %d calls; want false and 1", ran)
	}
}

// Whatever is put in and taken out, the events come by time and, at one time,
// as they were asked for.
func TestEventsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type event struct {
			at time.Duration
			id int
		}
		w := sim.New(sim.Options{})
		var want, got []event
		var timers []*sim.Timer
		for id, d := range rapid.SliceOfN(rapid.IntRange(0, 5), 0, 40).Draw(t, "delays") {
			e := event{time.Duration(d) * ms, id}
			want = append(want, e)
			timers = append(timers, w.After(e.at, func() { got = append(got, event{w.Now(), e.id}) }))
		}
		for id, stop := range rapid.SliceOfN(rapid.Bool(), len(timers), len(timers)).Draw(t, "stop") {
			if stop {
				timers[id].Stop()
				want = slices.DeleteFunc(want, func(e event) bool { return e.id == id })
			}
		}
		slices.SortStableFunc(want, func(a, b event) int { return int(a.at - b.at) })
		w.Loop().Poller.Wait(nil, time.Second)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v; want %v", got, want)
		}
	})
}
