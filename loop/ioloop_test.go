package loop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// The cases of Tornado's ioloop_test.py that need no kernel, under their names.
// Those that do are in ioloop_unix_test.go, those of PeriodicCallback and
// run_sync in files of their own; those that do not apply to Go are named in
// the table in the package comment.

func TestAddCallbackReturnSequence(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	calls := 0
	l.AddCallback(func() { calls++ })
	l.CallLater(time.Second, l.Stop)
	must(t, l.Run())
	if calls != 1 || f.now != 1001*time.Second {
		t.Errorf("got %d calls by %v; want 1 by 1001s", calls, f.now)
	}
}

func TestAddCallbackWakeup(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	l.AddCallback(func() {
		tr.add("first")
		l.AddCallback(func() { tr.add("second"); l.Stop() })
	})
	must(t, l.Run())
	tr.want(t, "first second")
	if fmt.Sprint(f.waits) != "[0s]" {
		t.Errorf("waits: got %v; want one of no time", f.waits)
	}
	if f.wakes != 0 {
		t.Errorf("got %d wakes; want 0: the caller was on the loop", f.wakes)
	}
}

func TestAddTimeoutTimedelta(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var at time.Duration
	l.CallLater(time.Microsecond, func() { at = l.Time(); l.Stop() })
	must(t, l.Run())
	if want := 1000*time.Second + time.Microsecond; at != want {
		t.Errorf("got %v; want %v", at, want)
	}
}

func TestRemoveTimeoutAfterFire(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	timer := l.CallLater(0, l.Stop)
	must(t, l.Run())
	for range 2 {
		if timer.Stop() {
			t.Error("Stop of a timer that has run: got true; want false")
		}
	}
}

// Tornado's case exercises the sweep of the heap; here it is the removal of the
// latest, the middle and the earliest.
func TestRemoveTimeoutCleanup(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	for range 2000 {
		l.CallLater(time.Hour, func() { t.Error("ran") }).Stop()
	}
	l.AddCallback(func() { l.AddCallback(l.Stop) })
	must(t, l.Run())
	if got := l.Timers(); got != 0 {
		t.Errorf("got %d timers; want 0", got)
	}
}

func TestRemoveTimeoutFromTimeout(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	var second *loop.Timer
	when := l.Time()
	l.CallAt(when, func() {
		tr.add("first")
		l.AddCallback(tr.note("next turn"))
		if !second.Stop() {
			t.Error("Stop of a due timer: got false; want true")
		}
	})
	second = l.CallAt(when, tr.note("second"))
	l.CallAt(when, tr.note("third"))
	f.now += time.Second // all are due in one turn
	l.CallLater(time.Second, l.Stop)
	must(t, l.Run())
	tr.want(t, "first third next turn")
}

func TestTimeoutWithArguments(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var tr trace
	l.AddCallback(tr.note("1"))
	l.CallAt(l.Time(), tr.note("2"))
	l.CallLater(0, tr.note("3"))
	l.CallLater(0, l.Stop)
	must(t, l.Run())
	tr.want(t, "1 2 3")
}

func TestAddTimeoutReturn(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	for name, timer := range map[string]*loop.Timer{
		"CallAt":    l.CallAt(l.Time(), func() { t.Error("ran") }),
		"CallLater": l.CallLater(0, func() { t.Error("ran") }),
	} {
		if !timer.Active() || !timer.Stop() || timer.Active() {
			t.Errorf("%s returned a timer that cannot be stopped", name)
		}
	}
	l.AddCallback(l.Stop)
	must(t, l.Run())
}

func TestMultipleAddUpdateRemove(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	h := func(int, loop.Events) {}
	must(t, l.AddHandler(5, loop.Read, h))
	must(t, l.UpdateHandler(5, loop.Read)) // no change, no call
	must(t, l.UpdateHandler(5, loop.Write))
	must(t, l.RemoveHandler(5))
	must(t, l.AddHandler(5, loop.Read, h))
	if got := fmt.Sprint(f.calls); got != "[add modify remove add]" {
		t.Errorf("poller saw %s; want add modify remove add", got)
	}
	if got := f.asked[5]; got != (asked{2, loop.Read}) {
		t.Errorf("got %v; want generation 2 and read", got)
	}
}

func TestReentrant(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	l.AddCallback(func() {
		if err := l.Run(); err != loop.ErrRunning {
			t.Errorf("Run: got %v; want ErrRunning", err)
		}
		if err := l.Close(); err != loop.ErrRunning {
			t.Errorf("Close: got %v; want ErrRunning", err)
		}
		l.Stop()
	})
	must(t, l.Run())
}

func TestReadWhileWriteable(t *testing.T) {
	t.Run("asked for Read", func(t *testing.T) {
		l, f := openFake(t, loop.Options{})
		f.ready[3] = loop.Read | loop.Write
		must(t, l.AddHandler(3, loop.Read, func(_ int, ready loop.Events) {
			if ready != loop.Read {
				t.Errorf("got %v; want read", ready)
			}
			l.Stop()
		}))
		must(t, l.Run())
	})
	// Tornado delivers what the wait has found, also if it is not wanted any
	// more: see the table.
	t.Run("updated in the same batch", func(t *testing.T) {
		l, f := openFake(t, loop.Options{})
		f.ready[3], f.ready[4], f.ready[5] = loop.Read, loop.Read|loop.Write, loop.Write
		var tr trace
		must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
			must(t, l.UpdateHandler(4, loop.Read))
			must(t, l.UpdateHandler(5, loop.Read))
			l.Stop()
		}))
		note := func(fd int, ready loop.Events) { tr.add(fmt.Sprint(fd, "=", ready)) }
		must(t, l.AddHandler(4, loop.Read|loop.Write, note))
		must(t, l.AddHandler(5, loop.Write, note))
		must(t, l.Run())
		tr.want(t, "4=read")
		if got := l.Stats().Stale; got != 1 {
			t.Errorf("Stale: got %d; want 1", got)
		}
	})
}

func TestRemoveHandlerFromHandler(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3], f.ready[4] = loop.Read, loop.Read
	h := func(fd int, _ loop.Events) {
		tr.add(fmt.Sprint(fd))
		must(t, l.RemoveHandler(3+4-fd))
		l.Stop()
	}
	must(t, l.AddHandler(3, loop.Read, h))
	must(t, l.AddHandler(4, loop.Read, h))
	must(t, l.Run())
	tr.want(t, "3")
}

// A handler may remove itself while its event is the current one, and more
// registrations may move the table meanwhile.
func TestHandlerRemovesItselfAndAddsMany(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[1] = loop.Read
	must(t, l.AddHandler(1, loop.Read, func(fd int, _ loop.Events) {
		tr.add("once")
		must(t, l.RemoveHandler(fd))
		for n := range 500 {
			must(t, l.AddHandler(fd+n+1, loop.Read, func(int, loop.Events) {}))
		}
		l.AddCallback(func() { l.AddCallback(l.Stop) })
	}))
	must(t, l.Run())
	tr.want(t, "once")
}

// The number was closed, opened again and registered again, all in the batch
// that found the old one ready.
func TestStaleGenerationIsDropped(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.ready[3], f.ready[4] = loop.Read, loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		tr.add("first")
		must(t, l.RemoveHandler(4))
		must(t, l.AddHandler(4, loop.Read, func(int, loop.Events) { tr.add("new owner") }))
		f.ready[3], f.ready[4] = loop.None, loop.None
		l.Stop()
	}))
	must(t, l.AddHandler(4, loop.Read, func(int, loop.Events) { tr.add("old owner") }))
	must(t, l.Run())
	tr.want(t, "first")
	if got := l.Stats().Stale; got != 1 {
		t.Errorf("Stale: got %d; want 1", got)
	}
}
