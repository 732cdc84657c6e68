package loop_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// sloth has methods that hold the loop, in virtual time.
type sloth struct{ f *fake }

func (s sloth) climb()               { s.f.now += 3 * time.Second }
func (s sloth) eat(int, loop.Events) { s.f.now += 4 * time.Second; s.f.ready[3] = loop.None }
func (s sloth) blink()               { s.f.now += time.Second - 1 }
func (s sloth) fall()                { s.f.now += 5 * time.Second; panic("thud") }
func (s sloth) yawn()                { s.f.now += time.Second }
func short(name string) string       { return name[strings.LastIndexByte(name, '.')+1:] }
func brief(slow loop.Slow) string    { return fmt.Sprint(short(slow.Func), " ", slow.Took) }

func TestWatchdogNamesFunctionsInVirtualTime(t *testing.T) {
	var got []loop.Slow
	l, f := openFake(t, loop.Options{
		SlowAfter: time.Second,
		OnSlow:    func(s loop.Slow) { got = append(got, s) },
		OnPanic:   func(any, []byte) {},
	})
	s := sloth{f}
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, s.eat))
	l.AddCallback(s.climb)
	l.AddCallback(s.blink)
	l.AddCallback(s.fall)
	l.CallLater(0, func() { f.now += 6 * time.Second })
	p, err := loop.NewPeriodicCallback(l, time.Minute, s.yawn)
	must(t, err)
	p.Start()
	l.CallLater(90*time.Second, l.Stop)
	must(t, l.Run())

	const pkg = "github.com/qqloop/qqloop/loop_test."
	want := []loop.Slow{
		{Func: pkg + "sloth.climb", Took: 3 * time.Second},
		{Func: pkg + "sloth.fall", Took: 5 * time.Second},
		{Func: pkg + "TestWatchdogNamesFunctionsInVirtualTime.func3", Took: 6 * time.Second},
		{Func: pkg + "sloth.eat", Took: 4 * time.Second},
		{Func: pkg + "sloth.yawn", Took: time.Second},
	}
	if got, want := fmt.Sprint(got), fmt.Sprint(want); got != want {
		t.Errorf("got\n%s; want\n%s", got, want)
	}
}

// hold is what the stack must show.
func hold(until <-chan struct{}) { <-until }

// The callback is stuck until the watchdog has said so: if it never does, the
// test does not end. Then it returns, and is reported once more.
func TestWatchdogShowsTheStackOfWhatStillRuns(t *testing.T) {
	reports := make(chan loop.Slow, 2)
	noticed := make(chan struct{})
	l := openLoop(t, loop.Options{
		SlowAfter: time.Millisecond,
		OnSlow: func(s loop.Slow) {
			reports <- s
			if s.Running {
				close(noticed)
			}
		},
	})
	l.AddCallback(func() { hold(noticed) })
	l.AddCallback(l.Stop)
	must(t, l.Run())

	first, second := <-reports, <-reports
	if !first.Running {
		first, second = second, first
	}
	if !first.Running || second.Running {
		t.Fatalf("got\n%+v\n%+v; want one that runs and one that does not", first, second)
	}
	if !strings.Contains(string(first.Stack), "loop_test.hold(") {
		t.Errorf("the stack does not show where it is stuck:\n%s", first.Stack)
	}
	if second.Stack != nil {
		t.Errorf("a function that has returned has a stack:\n%s", second.Stack)
	}
	for _, s := range []loop.Slow{first, second} {
		if !strings.HasSuffix(s.Func, "TestWatchdogShowsTheStackOfWhatStillRuns.func2") || s.Took < time.Millisecond {
			t.Errorf("got %s, %v; want the callback, 1ms or more", s.Func, s.Took)
		}
	}
}

// Over an idle loop the watchdog goes to sleep; the next function that is stuck
// is noticed all the same.
func TestWatchdogSleepsWithTheLoop(t *testing.T) {
	for range 20 {
		noticed := make(chan struct{})
		l := openLoop(t, loop.Options{
			SlowAfter: time.Millisecond,
			OnSlow: func(s loop.Slow) {
				if s.Running {
					close(noticed)
				}
			},
		})
		go func() {
			for !l.WatchdogSleeps() {
				runtime.Gosched()
			}
			l.AddCallback(func() { hold(noticed) })
			l.AddCallback(l.Stop)
		}()
		must(t, l.Run())
	}
}

// A panic that leaves Run must leave the watchdog ready for the next Run.
func TestWatchdogAfterPanic(t *testing.T) {
	var got []string
	l, f := openFake(t, loop.Options{
		SlowAfter: time.Second,
		OnSlow:    func(s loop.Slow) { got = append(got, brief(s)) },
	})
	s := sloth{f}
	l.AddCallback(s.fall)
	l.AddCallback(s.climb)
	l.AddCallback(l.Stop)
	if v := run(l); v != "thud" {
		t.Errorf("got %v; want thud", v)
	}
	must(t, l.Run())
	if want := "[fall 5s climb 3s]"; fmt.Sprint(got) != want {
		t.Errorf("got %v; want %s", got, want)
	}
}

func TestWatchdogOptions(t *testing.T) {
	for name, o := range map[string]loop.Options{
		"time without hook": {SlowAfter: time.Second},
		"hook without time": {OnSlow: func(loop.Slow) {}},
		"negative time":     {SlowAfter: -1, OnSlow: func(loop.Slow) {}},
	} {
		if l, err := loop.New(o); l != nil || err == nil {
			t.Errorf("%s: got %v, %v; want an error", name, l, err)
		}
	}
}

func TestLogSlow(t *testing.T) {
	var b strings.Builder
	warn := loop.LogSlow(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	warn(loop.Slow{Func: "a.b", Took: time.Second, Stack: []byte("here"), Running: true})
	warn(loop.Slow{Func: "a.b", Took: 2 * time.Second})
	want := `level=WARN msg="a function holds the loop" func=a.b took=1s stack=here
level=WARN msg="a function held the loop" func=a.b took=2s
`
	if got := b.String(); got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}
