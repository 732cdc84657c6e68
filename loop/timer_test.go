package loop_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/qqloop/qqloop/loop"
)

func TestTimerResetInItsOwnFunction(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var timer loop.Timer
	var turns []uint64
	timer.Init(l, func() {
		if timer.Active() {
			t.Error("active in its own function; want not")
		}
		turns = append(turns, uint64(len(f.waits)))
		if len(turns) == 3 {
			l.Stop()
			return
		}
		timer.Reset(l.Time() - time.Second)
	})
	timer.Reset(l.Time())
	must(t, l.Run())
	if fmt.Sprint(turns) != "[0 1 2]" {
		t.Errorf("waits before each call: got %v; want [0 1 2], one turn apart", turns)
	}
}

func TestTimerResetMoves(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	a := l.CallLater(1*time.Second, tr.note("a"))
	b := l.CallLater(2*time.Second, tr.note("b"))
	c := l.CallLater(3*time.Second, tr.note("c"))
	l.CallLater(4*time.Second, l.Stop)
	a.Reset(l.Time() + 3*time.Second) // later: behind c, which was there before
	b.Reset(l.Time() + 1*time.Second) // earlier
	c.Reset(l.Time() + 3*time.Second) // the same: behind a now
	must(t, l.Run())
	tr.want(t, "b a c")
}

func TestTimerResetOfADueTimerWaitsATurn(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	var second *loop.Timer
	l.CallLater(0, func() {
		second.Reset(l.Time())
		l.AddCallback(tr.note("callback of the next turn"))
	})
	second = l.CallLater(0, func() { tr.add("second"); l.Stop() })
	must(t, l.Run())
	tr.want(t, "callback of the next turn second")
}

func TestTimerZeroValue(t *testing.T) {
	var timer loop.Timer
	if timer.Stop() || timer.Active() {
		t.Error("the zero Timer is active; want not")
	}
}

func TestTimerMisusePanics(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	active := l.CallLater(time.Hour, func() {})
	for want, misuse := range map[string]func(){
		"loop: Timer.Reset before Init":                 func() { new(loop.Timer).Reset(0) },
		"loop: Timer.Init of an active timer":           func() { active.Init(l, func() {}) },
		"loop: Timer.Init with a nil function":          func() { l.CallLater(0, nil) },
		"loop: AddCallback of a nil function":           func() { l.AddCallback(nil) },
		"loop: NewPeriodicCallback with a nil function": func() { loop.NewPeriodicCallback(l, 1, nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v; want %q", got, want)
				}
			}()
			misuse()
		}()
	}
}

func TestCallLaterExtremes(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	never := l.CallLater(math.MaxInt64, tr.note("never"))
	l.CallLater(math.MinInt64, tr.note("long ago"))
	l.CallLater(0, func() { tr.add("now"); l.Stop() })
	must(t, l.Run())
	tr.want(t, "long ago now")
	if !never.Active() {
		t.Error("the timer at the end of time is not active")
	}
}

// The model's accident: a loop whose timers are all cancelled must wait without
// end, not look at the first of none.
func TestAllTimersStopped(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	timers := []*loop.Timer{l.CallLater(0, func() { t.Error("ran") }), l.CallLater(1, func() { t.Error("ran") })}
	l.AddCallback(func() {
		for _, timer := range timers {
			timer.Stop()
		}
	})
	if err := l.Run(); err == nil {
		t.Error("got nil; want the error of the fake's endless wait")
	}
	if fmt.Sprint(f.waits) != "[-1ns]" {
		t.Errorf("waits: got %v; want one without end", f.waits)
	}
}

func TestCloseMakesTimersInactive(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	timer := l.CallLater(time.Second, func() { t.Error("ran") })
	must(t, l.Close())
	if timer.Active() || timer.Stop() {
		t.Error("active after Close; want not")
	}
	timer.Reset(0)
	if timer.Active() {
		t.Error("Reset on a closed loop made it active")
	}
}

func TestCallLaterCountsFromTheCachedTime(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var at time.Duration
	l.AddCallback(func() {
		f.now += 50 * time.Millisecond // a slow callback
		l.CallLater(80*time.Millisecond, func() { at = l.Time(); l.Stop() })
	})
	must(t, l.Run())
	if want := 1000*time.Second + 80*time.Millisecond; at != want {
		t.Errorf("ran at %v; want %v, which is 30 ms after the call", at, want)
	}
	if want := "[30ms]"; fmt.Sprint(f.waits) != want {
		t.Errorf("waits: got %v; want %s", f.waits, want)
	}
}

// Outside Run there is no turn whose time could be cached.
func TestTimeOutsideRunIsRead(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.now += 7 * time.Second
	if got, want := l.Time(), 1007*time.Second; got != want {
		t.Errorf("got %v; want %v", got, want)
	}
	if got, want := l.Wall(), time.Unix(1007, 0); !got.Equal(want) {
		t.Errorf("Wall: got %v; want %v", got, want)
	}
}

func TestTimerSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the documented size is that of 64-bit systems")
	}
	if got := unsafe.Sizeof(loop.Timer{}); got != 24 {
		t.Errorf("got %d bytes; want 24", got)
	}
}

// Timers against a sorted list: started, moved, stopped and waited for at
// random, the same ones run in the same order at the same time.
func TestTimersMatchSortedList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l, f := openFake(t, loop.Options{})
		type item struct {
			id   int
			when time.Duration
		}
		var model []item // sorted by when, then by start
		var want, got trace

		timers := make([]loop.Timer, 40)
		for id := range timers {
			timers[id].Init(l, func() { got.add(fmt.Sprint(id, "@", l.Time())) })
		}
		drop := func(id int) bool {
			before := len(model)
			model = slices.DeleteFunc(model, func(i item) bool { return i.id == id })
			return len(model) < before
		}
		someTimer := rapid.IntRange(0, len(timers)-1)
		rt.Repeat(map[string]func(*rapid.T){
			"reset": func(rt *rapid.T) {
				id := someTimer.Draw(rt, "timer")
				// Few deadlines, so that many are equal; some in the past.
				when := f.now + time.Duration(rapid.IntRange(-2, 6).Draw(rt, "in"))*time.Second
				timers[id].Reset(when)
				drop(id)
				at, _ := slices.BinarySearchFunc(model, when, func(i item, when time.Duration) int {
					if i.when <= when {
						return -1
					}
					return 1
				})
				model = slices.Insert(model, at, item{id, when})
			},
			"stop": func(rt *rapid.T) {
				id := someTimer.Draw(rt, "timer")
				if got, want := timers[id].Stop(), drop(id); got != want {
					rt.Fatalf("Stop: got %v; want %v", got, want)
				}
			},
			"advance": func(rt *rapid.T) {
				f.now += time.Duration(rapid.IntRange(0, 3).Draw(rt, "by")) * time.Second
				for len(model) > 0 && model[0].when <= f.now {
					want.add(fmt.Sprint(model[0].id, "@", f.now))
					model = model[1:]
				}
				l.AddCallback(l.Stop)
				must(t, l.Run())
			},
			"": func(rt *rapid.T) {
				if !slices.Equal(got, want) {
					rt.Fatalf("ran\n%v; want\n%v", got, want)
				}
				if l.Timers() != len(model) {
					rt.Fatalf("%d in the heap; want %d", l.Timers(), len(model))
				}
				for id := range timers {
					active := slices.ContainsFunc(model, func(i item) bool { return i.id == id })
					if timers[id].Active() != active {
						rt.Fatalf("timer %d active: got %v; want %v", id, !active, active)
					}
				}
			},
		})
	})
}
