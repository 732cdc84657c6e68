package loop_test

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// A signal ends a wait early, empty and without an error. It is sent to the
// very thread that waits, again and again, because the moment when it has
// begun to wait cannot be seen.
func TestContractEINTR(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		tid := make(chan int)
		type result struct {
			n   int
			err error
		}
		waited := make(chan result)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			tid <- unix.Gettid()
			n, err := p.Wait(make([]loop.Event, 8), -1)
			waited <- result{n, err}
		}()
		thread := <-tid
		for {
			select {
			case got := <-waited:
				if got != (result{0, nil}) {
					t.Errorf("got %v; want 0 events and no error", got)
				}
				return
			default:
				// SIGURG is what Go's scheduler interrupts its own threads with.
				must(t, unix.Tgkill(os.Getpid(), thread, unix.SIGURG))
				runtime.Gosched()
			}
		}
	})
}

func TestContractTimeoutsOfOldKernels(t *testing.T) {
	p, err := loop.OpenOldEpoll()
	must(t, err)
	defer p.Close()
	roundsUp(t, p)
	waitsLong(t, p)
}

// Linux reports the end of a pipe as a hang-up without Read, and a pipe that
// nobody reads as an error beside Write. Handlers must take Error for a reason
// to try.
func TestContractEndsOfPipes(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		r, w := openPipe(t)
		must(t, p.Add(r, 1, loop.Read))
		closeNow(t, w)
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: r, Gen: 1, Ready: 0x10})
		must(t, p.Remove(r))

		r, w = openPipe(t)
		must(t, p.Add(w, 2, loop.Write))
		closeNow(t, r)
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: w, Gen: 2, Ready: 0x0c})
	})
}

// poll(2) tells of a descriptor that was closed before it was removed; epoll
// forgets it. The loop must not spin for ever, in silence, on either.
func TestContractClosedBeforeRemoved(t *testing.T) {
	for name, want := range map[string]loop.Events{"epoll": loop.None, "poll": 0x08} {
		t.Run(name, func(t *testing.T) {
			p := openPoller(t, name)
			defer p.Close()
			r, w := openPipe(t)
			must(t, p.Add(r, 1, loop.Read))
			closeNow(t, r)
			closeNow(t, w)
			if got := waitFor(t, p, 0).Ready; got != want {
				t.Errorf("got %v; want %v", got, want)
			}
		})
	}
}

// New and Close, with all their descriptors, leave no descriptor behind.
func TestNoDescriptorLeaks(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	before := count()
	for _, name := range loop.Pollers() {
		for range 10 {
			l, err := loop.New(loop.Options{Poller: openPoller(t, name)})
			must(t, err)
			must(t, l.Close())
		}
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
