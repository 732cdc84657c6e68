package loop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// periodic runs a callback every 10 s from 1000 s on. Its n-th call takes
// durations[n]; after the last it is stopped. It returns when the calls came,
// in seconds, without the 1000.
func periodic(t *testing.T, durations ...time.Duration) string {
	t.Helper()
	l, f := openFake(t, loop.Options{})
	var at []time.Duration
	var p *loop.PeriodicCallback
	p, err := loop.NewPeriodicCallback(l, 10*time.Second, func() {
		at = append(at, (l.Time()-1000*time.Second)/time.Second)
		f.now += durations[0] * time.Second
		if durations = durations[1:]; len(durations) == 0 {
			p.Stop()
			l.Stop()
		}
	})
	must(t, err)
	p.Start()
	must(t, l.Run())
	if p.Active() || l.Timers() != 0 {
		t.Errorf("after Stop: Active %v, %d timers; want false, 0", p.Active(), l.Timers())
	}
	var text string
	for _, s := range at {
		text += fmt.Sprintf("%d ", int64(s))
	}
	return text
}

func TestPeriodicCallbackBasic(t *testing.T) {
	if got, want := periodic(t, 0, 0, 0, 0, 0), "10 20 30 40 50 "; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestPeriodicCallbackOverrun(t *testing.T) {
	got := periodic(t, 9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0)
	if want := "10 20 30 50 70 100 130 170 210 220 230 "; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestPeriodicCallbackBadPeriod(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	for _, every := range []time.Duration{0, -time.Second} {
		if p, err := loop.NewPeriodicCallback(l, every, func() {}); p != nil || err == nil {
			t.Errorf("period %v: got %v, %v; want an error", every, p, err)
		}
	}
}

// Tornado once ran it twice as often after stop and start.
func TestPeriodicCallbackStopStart(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	calls := 0
	p, err := loop.NewPeriodicCallback(l, 10*time.Second, func() { calls++ })
	must(t, err)
	p.Start()
	l.CallLater(5*time.Second, p.Start)                         // does nothing: the next is still at 10
	l.CallLater(15*time.Second, func() { p.Stop(); p.Start() }) // so at 25, 35 and 45
	l.CallLater(50*time.Second, l.Stop)
	must(t, l.Run())
	if calls != 4 {
		t.Errorf("got %d calls; want 4", calls)
	}
	p.Stop()
}

func TestPeriodicCallbackRestartsItself(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var p *loop.PeriodicCallback
	calls := 0
	p, err := loop.NewPeriodicCallback(l, 10*time.Second, func() {
		if calls++; calls == 3 {
			l.Stop()
		}
		p.Stop()
		p.Start()
	})
	must(t, err)
	p.Start()
	must(t, l.Run())
	if got := l.Timers(); got != 1 || l.Time() != 1030*time.Second {
		t.Errorf("got %d timers at %v; want 1 at 1030s", got, l.Time())
	}
}

func TestPeriodicCallbackGoesOnAfterPanic(t *testing.T) {
	panics := 0
	l, f := openFake(t, loop.Options{OnPanic: func(any, []byte) { panics++ }})
	p, err := loop.NewPeriodicCallback(l, 10*time.Second, func() { panic("no") })
	must(t, err)
	p.Start()
	l.CallLater(35*time.Second, l.Stop)
	must(t, l.Run())
	if panics != 3 || f.now != 1035*time.Second {
		t.Errorf("got %d panics by %v; want 3 by 1035s", panics, f.now)
	}
}
