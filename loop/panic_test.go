package loop_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/loop"
)

// work queues two callbacks, two due timers and two ready handlers. Each first
// one panics.
func work(t *testing.T, l *loop.Loop, f *fake, tr *trace) {
	t.Helper()
	l.AddCallback(func() { tr.add("c1"); panic("p1") })
	l.AddCallback(tr.note("c2"))
	l.CallLater(0, func() { tr.add("t1"); panic("p2") })
	l.CallLater(0, tr.note("t2"))
	f.ready[3], f.ready[4] = loop.Read, loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		tr.add("h1")
		f.ready[3] = loop.None
		panic("p3")
	}))
	must(t, l.AddHandler(4, loop.Read, func(int, loop.Events) {
		tr.add("h2")
		l.Stop()
	}))
}

func TestHandleCallbackException(t *testing.T) {
	var tr trace
	var stacks []string
	l, f := openFake(t, loop.Options{OnPanic: func(v any, stack []byte) {
		tr.add(fmt.Sprint(v))
		stacks = append(stacks, string(stack))
	}})
	work(t, l, f, &tr)
	must(t, l.Run())
	tr.want(t, "c1 p1 c2 t1 p2 t2 h1 p3 h2")
	for _, stack := range stacks {
		if !strings.Contains(stack, "loop_test.work.func") {
			t.Errorf("the stack does not show the function that panicked:\n%s", stack)
		}
	}
	if got := l.Stats().Panics; got != 3 {
		t.Errorf("Panics: got %d; want 3", got)
	}
}

// run is Run, with a panic that leaves it turned into its value.
func run(l *loop.Loop) (value any) {
	defer func() { value = recover() }()
	if err := l.Run(); err != nil {
		return err
	}
	return nil
}

// Without the hook each panic leaves Run, and the next Run goes on with the
// next piece. Events are asked for again: descriptor 3 is not ready any more.
func TestPanicLeavesRunAndNothingIsLost(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	var tr trace
	work(t, l, f, &tr)
	for _, want := range []any{"p1", "p2", "p3", nil} {
		if got := run(l); got != want {
			t.Errorf("got %v; want %v", got, want)
		}
		tr.add("|")
	}
	tr.want(t, "c1 | c2 t1 | t2 h1 | h2 |")
	if got := l.Stats(); got.Callbacks != 2 || got.Timers != 2 || got.Events != 2 || got.Panics != 0 {
		t.Errorf("got %+v; want 2 callbacks, 2 timers, 2 events, no panic heard of", got)
	}
}

func TestPanicOfTheHookLeavesRun(t *testing.T) {
	l, _ := openFake(t, loop.Options{OnPanic: func(any, []byte) { panic("hook") }})
	l.AddCallback(func() { panic("callback") })
	if got := run(l); got != "hook" {
		t.Errorf("got %v; want hook", got)
	}
}

// runtime.Goexit, which t.FailNow calls, is no panic: it ends the goroutine and
// leaves a loop that can be run again by another.
func TestGoexitLeavesRun(t *testing.T) {
	for name, o := range map[string]loop.Options{
		"without hook": {},
		"with hook":    {OnPanic: func(v any, _ []byte) { t.Errorf("heard of a panic: %v", v) }},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := openFake(t, o)
			l.AddCallback(runtime.Goexit)
			l.AddCallback(l.Stop)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				l.Run()
			}()
			<-gone
			must(t, l.Run())
		})
	}
}
