package loop_test

import (
	"errors"
	"runtime"
	"testing"
	"weak"

	"github.com/qqloop/qqloop/loop"
)

// Three callbacks and a Stop come while the loop waits: it is woken once.
func TestOneWakeForMany(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	f.during = func() {
		for _, what := range []string{"a", "b", "c"} {
			l.AddCallback(tr.note(what))
		}
		l.Stop()
	}
	must(t, l.Run())
	tr.want(t, "a b c")
	if f.wakes != 1 {
		t.Errorf("got %d wakes; want 1", f.wakes)
	}
}

// While a callback is queued the wait is of no time: nobody needs to wake it.
// And when a handler runs, the wait is over.
func TestNoWakeWhenNotAsleep(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(fd int, _ loop.Events) {
		f.ready[3] = loop.None
		l.AddCallback(func() {})
	}))
	l.CallLater(1, l.Stop)
	must(t, l.Run())
	l.AddCallback(func() {
		l.AddCallback(func() {})
		f.during = func() { l.AddCallback(l.Stop) }
	})
	must(t, l.Run())
	if f.wakes != 0 {
		t.Errorf("got %d wakes; want 0", f.wakes)
	}
}

// A loop that cannot be woken must not be slept in: Run tells.
func TestWakeErrorLeavesRun(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.badWake = errors.New("no wake")
	ran := false
	f.during = func() { l.AddCallback(func() { ran = true }) }
	err := l.Run()
	if opErr, ok := errors.AsType[*loop.OpError](err); !ok || opErr.Op != "wake" || !errors.Is(err, f.badWake) {
		t.Errorf("got %v; want an OpError of wake", err)
	}
	if !ran {
		t.Error("the callback was lost")
	}
}

// What a callback or a timer's function holds is free when it has run, although
// the slices that held it live on.
func TestNothingIsHeldAfterwards(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	var held []weak.Pointer[[1 << 10]byte]
	hold := func() func() {
		block := new([1 << 10]byte)
		held = append(held, weak.Make(block))
		return func() { block[0]++ }
	}
	l.AddCallback(hold())
	l.AddCallback(hold())
	l.CallLater(0, hold())
	l.CallLater(0, hold())
	l.CallLater(1, hold()).Stop()
	l.AddCallback(l.Stop)
	must(t, l.Run())
	runtime.GC()
	for i, block := range held {
		if block.Value() != nil {
			t.Errorf("block %d is still held", i)
		}
	}
	runtime.KeepAlive(l)
}
