//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// The loop waits without end and only the callback can end it: there is no
// timer, so a lost wake is a test that does not end.
func TestAddCallbackWakeupOtherThread(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		for range 200 {
			go l.AddCallback(func() { go l.AddCallback(l.Stop) })
			must(t, l.Run())
		}
	})
}

func TestStopFromOtherGoroutine(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		for range 200 {
			go l.Stop()
			must(t, l.Run())
		}
	})
}

func TestMultipleAdd(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		r, _ := openPipe(t)
		must(t, l.AddHandler(r, loop.Read, func(int, loop.Events) {}))
		if err := l.AddHandler(r, loop.Read, func(int, loop.Events) {}); !errors.Is(err, loop.ErrRegistered) {
			t.Errorf("got %v; want ErrRegistered", err)
		}
	})
}

func TestFailedAddLeavesTheTableClean(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		r, w := openPipe(t)
		closeNow(t, r)
		err := l.AddHandler(r, loop.Read, func(int, loop.Events) { t.Error("called") })
		if !errors.Is(err, unix.EBADF) {
			t.Errorf("closed descriptor: got %v; want EBADF", err)
		}
		if again, err := unix.FcntlInt(uintptr(w), unix.F_DUPFD, r); err != nil || again != r {
			t.Fatalf("dup: got %d, %v; want the free number %d", again, err, r)
		}
		var got loop.Events
		must(t, l.AddHandler(r, loop.Write, func(_ int, ready loop.Events) { got = ready; l.Stop() }))
		must(t, l.Run())
		if !got.Has(loop.Write) {
			t.Errorf("got %v; want write", got)
		}
		must(t, l.RemoveHandler(r))
	})
}

func TestAddCallbackFromSignal(t *testing.T) {
	l := openLoop(t, loop.Options{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGUSR1)
	defer signal.Stop(signals)
	go func() {
		<-signals
		l.AddCallback(l.Stop)
	}()
	l.AddCallback(func() { must(t, unix.Kill(os.Getpid(), unix.SIGUSR1)) })
	must(t, l.Run())
}

// Four goroutines add callbacks while the loop stops and is closed, and its
// descriptors' numbers are given to pipes: not one stray wake may be found in
// them. Run it with -race.
func TestAddCallbackWhileClosing(t *testing.T) {
	for _, name := range loop.Pollers() {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				l, err := loop.New(loop.Options{Poller: openPoller(t, name)})
				must(t, err)
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						for range 50 {
							l.AddCallback(l.Stop)
						}
					})
				}
				must(t, l.Run())
				must(t, l.Close())
				r, w := openPipe(t)
				wg.Wait()
				if got := read(t, r); got != "" {
					t.Fatalf("found %q in a new pipe; want nothing", got)
				}
				closeNow(t, r)
				closeNow(t, w)
			}
		})
	}
}

func TestRemoveHandlerFromHandlerKernel(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		r1, w1 := openPipe(t)
		r2, w2 := openPipe(t)
		write(t, w1, "x")
		write(t, w2, "x")
		calls := 0
		h := func(fd int, _ loop.Events) {
			calls++
			other := r1 + r2 - fd
			must(t, l.RemoveHandler(other))
			closeNow(t, other)
			l.Stop()
		}
		must(t, l.AddHandler(r1, loop.Read, h))
		must(t, l.AddHandler(r2, loop.Read, h))
		must(t, l.Run())
		if calls != 1 {
			t.Errorf("got %d calls; want 1", calls)
		}
	})
}

func TestCloseAllWhileRunning(t *testing.T) {
	l := openLoop(t, loop.Options{})
	l.AddCallback(func() {
		if err := l.CloseAll(); err != loop.ErrRunning {
			t.Errorf("got %v; want ErrRunning", err)
		}
		l.Stop()
	})
	must(t, l.Run())
}

func TestCloseAllClosesDescriptors(t *testing.T) {
	for _, name := range loop.Pollers() {
		t.Run(name, func(t *testing.T) {
			l, err := loop.New(loop.Options{Poller: openPoller(t, name)})
			must(t, err)
			r, w := openPipe(t)
			kept, _ := openPipe(t)
			for _, fd := range []int{r, w, kept} {
				must(t, l.AddHandler(fd, loop.Read, func(int, loop.Events) {}))
			}
			must(t, l.RemoveHandler(kept))
			must(t, l.CloseAll())
			for fd, open := range map[int]bool{r: false, w: false, kept: true} {
				_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
				if got := err == nil; got != open {
					t.Errorf("fd %d open: got %v; want %v", fd, got, open)
				}
			}
			must(t, l.CloseAll()) // and again
		})
	}
}

// Timers that are due close together cost a wait for some of them, not each: no
// wait is shorter than half a millisecond.
func TestDenseTimersShareAWait(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		const many, apart = 100, 20 * time.Microsecond // in all four shortest waits
		fired := 0
		for i := range many {
			l.CallLater(time.Duration(i+1)*apart, func() {
				if fired++; fired == many {
					l.Stop()
				}
			})
		}
		must(t, l.Run())
		if polls := l.Stats().Polls; fired != many || polls > 10 {
			t.Errorf("%d timers fired after %d waits; want %d after at most 10", fired, polls, many)
		}
	})
}
