package loop_test

import (
	"errors"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

func TestRunSync(t *testing.T) {
	errWork := errors.New("work failed")
	for _, test := range []struct {
		name    string
		timeout time.Duration
		work    func(l *loop.Loop, done func(error))
		want    error
		took    time.Duration
	}{
		{"AsyncResult", 0, func(l *loop.Loop, done func(error)) {
			l.CallLater(time.Minute, func() { done(nil) })
		}, nil, time.Minute},
		{"AsyncException", time.Hour, func(l *loop.Loop, done func(error)) {
			l.CallLater(time.Minute, func() { done(errWork) })
		}, errWork, time.Minute},
		{"SyncException", time.Hour, func(_ *loop.Loop, done func(error)) { done(errWork) }, errWork, 0},
		{"FirstDoneCounts", 0, func(_ *loop.Loop, done func(error)) { done(nil); done(errWork) }, nil, 0},
		{"Timeout", time.Second, func(l *loop.Loop, done func(error)) {
			l.CallLater(time.Minute, func() { done(nil) })
		}, loop.ErrTimeout, time.Second},
		{"StopNoTimeout", 0, func(l *loop.Loop, _ func(error)) { l.Stop() }, loop.ErrStopped, 0},
		{"PollerFails", 0, func(*loop.Loop, func(error)) {}, errForever, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, f := openFake(t, loop.Options{})
			err := l.RunSync(test.timeout, func(done func(error)) { test.work(l, done) })
			if !errors.Is(err, test.want) {
				t.Errorf("got %v; want %v", err, test.want)
			}
			if got := f.now - 1000*time.Second; got != test.took {
				t.Errorf("took %v; want %v", got, test.took)
			}
			if test.took == 0 && l.Timers() != 0 {
				t.Errorf("left %d timers; want 0", l.Timers())
			}
		})
	}
}

// The work of a RunSync that never came to run it must not run in the next.
func TestRunSyncStoppedBefore(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	l.Stop()
	if err := l.RunSync(0, func(func(error)) { t.Error("ran") }); err != loop.ErrStopped {
		t.Errorf("got %v; want ErrStopped", err)
	}
	must(t, l.RunSync(0, func(done func(error)) { done(nil) }))
}

// A late done of one RunSync must not end the next.
func TestRunSyncLateDone(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	err := l.RunSync(time.Second, func(done func(error)) {
		l.CallLater(2*time.Second, func() { done(nil) })
	})
	if err != loop.ErrTimeout {
		t.Errorf("got %v; want ErrTimeout", err)
	}
	must(t, l.RunSync(0, func(done func(error)) {
		l.CallLater(5*time.Second, func() { done(nil) })
	}))
	if f.now != 1006*time.Second {
		t.Errorf("ended at %v; want 1006s", f.now)
	}
}

func TestRunSyncRunningAndClosed(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	l.AddCallback(func() {
		if err := l.RunSync(0, func(func(error)) { t.Error("ran") }); err != loop.ErrRunning {
			t.Errorf("got %v; want ErrRunning", err)
		}
		l.CallLater(time.Second, l.Stop)
	})
	must(t, l.Run())
	must(t, l.Close())
	if err := l.RunSync(time.Second, func(func(error)) {}); err != loop.ErrClosed {
		t.Errorf("got %v; want ErrClosed", err)
	}
}
