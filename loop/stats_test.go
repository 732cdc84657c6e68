package loop_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

func TestStats(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		f.ready[3] = loop.None
		f.now += 2 * time.Second
	}))
	l.AddCallback(func() { f.now += time.Second })
	l.CallLater(10*time.Second, func() { f.now += time.Second })
	l.CallLater(10*time.Second, l.Stop)
	must(t, l.Run())
	want := loop.Stats{
		Turns: 3, Polls: 2, Events: 1, Callbacks: 1, Timers: 2,
		Waited: 7 * time.Second, Busy: 4 * time.Second, Longest: 2 * time.Second,
	}
	if got := l.Stats(); got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

// A poll that must not sleep is work: a loop that always has a callback never
// waits, however long its polls take.
func TestStatsOfALoopThatNeverSleeps(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	left := 5
	var again func()
	again = func() {
		f.during = func() { f.now += time.Second }
		if left--; left == 0 {
			l.Stop()
			return
		}
		l.AddCallback(again)
	}
	l.AddCallback(again)
	must(t, l.Run())
	if got := l.Stats(); got.Waited != 0 || got.Busy != 4*time.Second || got.Polls != 4 {
		t.Errorf("got %+v; want 4 polls, and 4 s of work", got)
	}
}

// Lag is how long after its deadline a timer was found due.
func TestLag(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	nothing := func() {}
	l.CallLater(time.Second, func() { f.now += 5 * time.Second })
	l.CallLater(2*time.Second, nothing) // found 4 s late
	l.CallLater(3*time.Second, nothing) // found 3 s late
	l.CallLater(time.Minute, l.Stop)
	must(t, l.Run())
	lag := l.Lag()
	if lag.Count() != 4 || lag.Min() != 0 || lag.Max() != 4*time.Second || lag.Sum() != 7*time.Second {
		t.Errorf("got %v, %v in all; want 4 times, 0 to 4 s, 7 s in all", &lag, lag.Sum())
	}
}

// With a watchdog the longest call has a name.
func TestLongestCall(t *testing.T) {
	l, f := openFake(t, loop.Options{SlowAfter: time.Hour, OnSlow: func(s loop.Slow) { t.Errorf("%v is slow", s) }})
	l.AddCallback(func() { f.now += time.Second })
	l.AddCallback(sloth{f}.climb)
	l.AddCallback(func() { f.now += 2 * time.Second })
	l.AddCallback(l.Stop)
	must(t, l.Run())
	got := l.Stats()
	if got.LongestCall != 3*time.Second || !strings.HasSuffix(got.LongestFunc, ".sloth.climb") {
		t.Errorf("got %s, %v; want sloth.climb, 3s", got.LongestFunc, got.LongestCall)
	}
	if got.Longest != 6*time.Second {
		t.Errorf("the longest time between polls is %v; want 6s", got.Longest)
	}
}

// Another goroutine reads all of it while a function holds the loop, and can
// tell that from sleep.
func TestStatsOfALoopThatIsStuck(t *testing.T) {
	l := openLoop(t, loop.Options{})
	stuck, free := make(chan struct{}), make(chan struct{})
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	for !l.Stats().Asleep { // it has nothing to do
		runtime.Gosched()
	}
	l.AddCallback(func() {
		close(stuck)
		<-free
	})
	<-stuck
	first := l.Stats()
	if first.Asleep {
		t.Error("a loop that is stuck says that it sleeps")
	}
	lag := l.Lag()
	if second := l.Stats(); second.Turns != first.Turns || lag.Count() != 0 {
		t.Errorf("it is stuck, and turned %d times, then %d; its lag was %v", first.Turns, second.Turns, &lag)
	}
	close(free)
	l.Stop()
	must(t, <-ran)
}
