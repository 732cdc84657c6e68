package loop_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// The traces were measured on Tornado 4.5.3 on Linux. Where this package
// differs on purpose, the test says so and asserts what the table in the
// package comment promises. Numbers 12 to 17, which need a kernel, are in
// trace_unix_test.go.

func TestTrace01_CallbackTimeoutEvent(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) { tr.add("event"); l.Stop() }))
	l.CallLater(0, tr.note("timeout"))
	l.AddCallback(tr.note("callback"))
	must(t, l.Run())
	tr.want(t, "callback timeout event")
}

func TestTrace02_CallbackAddedByCallbackRunsAfterEvents(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		tr.add("event")
		f.ready[3] = loop.None
	}))
	l.AddCallback(func() {
		tr.add("cb1")
		l.AddCallback(func() { tr.add("cb2"); l.Stop() })
	})
	must(t, l.Run())
	tr.want(t, "cb1 event cb2")
}

func TestTrace03_TimeoutAddedInThePastWaitsATurn(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	l.CallLater(0, func() {
		tr.add("t1")
		l.CallAt(l.Time()-10*time.Second, func() { tr.add("t2"); l.Stop() })
		l.AddCallback(tr.note("cb"))
	})
	must(t, l.Run())
	tr.want(t, "t1 cb t2")
}

func TestTrace04_EqualDeadlinesAreFIFO(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	when := l.Time() + time.Second
	for i := range 5 {
		l.CallAt(when, tr.note(fmt.Sprint(i)))
	}
	l.CallAt(when, l.Stop)
	must(t, l.Run())
	tr.want(t, "0 1 2 3 4")
}

func TestTrace05_StopLetsCallbacksAndTimeoutsFinish(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) { tr.add("event"); l.Stop() }))
	l.AddCallback(func() { tr.add("cbA"); l.Stop() })
	l.AddCallback(tr.note("cbB"))
	l.CallLater(0, tr.note("timeout"))
	must(t, l.Run())
	tr.want(t, "cbA cbB timeout")
}

func TestTrace06_TheNextRunDeliversTheEvent(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) { tr.add("event"); l.Stop() }))
	l.AddCallback(func() { tr.add("cb"); l.Stop() })
	must(t, l.Run())
	tr.add("|")
	must(t, l.Run())
	tr.want(t, "cb | event")
}

// Tornado delivers the three events in the order 2, 1, 0 and makes no promise;
// here it is the poller's order, and no promise either. That the batch ends and
// its callbacks run before Run returns is promised.
func TestTrace07_StopInABatchFinishesTheBatchAndItsCallbacks(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	for fd := range 3 {
		f.ready[fd] = loop.Read
		must(t, l.AddHandler(fd, loop.Read, func(fd int, _ loop.Events) {
			tr.add(fmt.Sprint("ev", fd))
			l.AddCallback(tr.note(fmt.Sprint("cb", fd)))
			l.Stop()
		}))
	}
	must(t, l.Run())
	tr.want(t, "ev0 ev1 ev2 cb0 cb1 cb2")
}

func TestTrace08_StopBeforeRun(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	l.AddCallback(func() { tr.add("cb"); l.Stop() })
	l.Stop()
	must(t, l.Run())
	tr.add("|")
	must(t, l.Run())
	tr.want(t, "| cb")
}

// Tornado raises FileExistsError and calls the second handler afterwards. Here
// the first one stays: see the table.
func TestTrace09_AddHandlerTwice(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) { tr.add("first"); l.Stop() }))
	err := l.AddHandler(3, loop.Read, func(int, loop.Events) { tr.add("second"); l.Stop() })
	if !errors.Is(err, loop.ErrRegistered) {
		t.Errorf("got %v; want ErrRegistered", err)
	}
	must(t, l.Run())
	tr.want(t, "first")
}

// Tornado raises FileNotFoundError for update and nothing for remove. Here both
// are errors: see the table.
func TestTrace10_UpdateAndRemoveOfUnknown(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	for _, fd := range []int{-1, 0, 7, math.MaxInt} {
		for op, err := range map[string]error{
			"update": l.UpdateHandler(fd, loop.Read),
			"remove": l.RemoveHandler(fd),
		} {
			opErr, ok := errors.AsType[*loop.OpError](err)
			if !ok || opErr.FD != fd || opErr.Op != op || !errors.Is(err, loop.ErrNotRegistered) {
				t.Errorf("%s %d: got %v; want an OpError with this and ErrNotRegistered", op, fd, err)
			}
		}
	}
}

func TestTrace11_PanickingHandlerIsCalledAgain(t *testing.T) {
	var tr trace
	l, f := openFake(t, loop.Options{OnPanic: func(v any, _ []byte) { tr.add(fmt.Sprint(v)) }})
	f.ready[3] = loop.Read
	calls := 0
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		if calls++; calls <= 2 {
			panic(fmt.Sprint("panic", calls))
		}
		tr.add("read")
		f.ready[3] = loop.None
		l.Stop()
	}))
	must(t, l.Run())
	tr.want(t, "panic1 panic2 read")
}

func TestTrace18_AddCallbackAfterClose(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	must(t, l.Close())
	l.AddCallback(func() { t.Error("ran") })
	if got := l.Queued(); got != 0 {
		t.Errorf("got %d queued; want 0", got)
	}
	l.Stop()
	if err := l.Run(); err != loop.ErrClosed {
		t.Errorf("Run: got %v; want ErrClosed", err)
	}
	if f.wakes != 0 {
		t.Errorf("got %d wakes of a closed poller; want 0", f.wakes)
	}
}

// In Tornado the 512 latest are swept only by luck; here a stopped timer is
// gone at once.
func TestTrace19_StoppedTimersLeaveTheHeap(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	timers := make([]*loop.Timer, 2000)
	for i := range timers {
		timers[i] = l.CallLater(time.Hour+time.Duration(i), func() {})
	}
	for i, step := range []struct{ stop, left int }{{512, 1488}, {489, 999}} {
		for range step.stop {
			timers[0].Stop()
			timers = timers[1:]
		}
		if got := l.Timers(); got != step.left {
			t.Errorf("step %d: got %d in the heap; want %d", i, got, step.left)
		}
	}
}

func TestTrace20_TheLatestLeaveTheHeapToo(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	timers := make([]*loop.Timer, 2000)
	for i := range timers {
		timers[i] = l.CallLater(time.Hour+time.Duration(i), func() {})
	}
	for _, timer := range timers[len(timers)-1001:] {
		timer.Stop()
	}
	if got := l.Timers(); got != 999 {
		t.Errorf("got %d in the heap; want 999", got)
	}
}
