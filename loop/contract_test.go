//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// contract runs a test of the comment above Poller on all that this system has.
func contract(t *testing.T, test func(t *testing.T, p loop.Poller)) {
	for _, name := range loop.Pollers() {
		t.Run(name, func(t *testing.T) {
			p := openPoller(t, name)
			defer func() { must(t, p.Close()) }()
			test(t, p)
		})
	}
}

// waitFor returns the one event that a wait finds, or no event.
func waitFor(t *testing.T, p loop.Poller, timeout time.Duration) loop.Event {
	t.Helper()
	dst := make([]loop.Event, 8)
	n, err := p.Wait(dst, timeout)
	must(t, err)
	if n > 1 {
		t.Fatalf("got %d events: %v; want one at most", n, dst[:n])
	}
	return dst[0]
}

func wantEvent(t *testing.T, got, want loop.Event) {
	t.Helper()
	if got != want {
		t.Errorf("got fd %d gen %d ready %#x; want fd %d gen %d ready %#x",
			got.FD, got.Gen, uint32(got.Ready), want.FD, want.Gen, uint32(want.Ready))
	}
}

func TestContractReadiness(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		a, b := openPair(t)
		must(t, p.Add(a, 7, loop.Read))
		wantEvent(t, waitFor(t, p, 0), loop.Event{})
		write(t, b, "x")
		for range 2 { // level-triggered: again, until it is read
			wantEvent(t, waitFor(t, p, -1), loop.Event{FD: a, Gen: 7, Ready: loop.Read})
		}
		must(t, p.Modify(a, 7, loop.Read|loop.Write))
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: a, Gen: 7, Ready: loop.Read | loop.Write})
		must(t, p.Modify(a, 8, loop.Write))
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: a, Gen: 8, Ready: loop.Write})
		must(t, p.Modify(a, 8, loop.Read))
		read(t, a)
		wantEvent(t, waitFor(t, p, 0), loop.Event{})
		must(t, p.Modify(a, 8, loop.None))
		write(t, b, "x")
		wantEvent(t, waitFor(t, p, 0), loop.Event{})
		must(t, p.Remove(a))
		wantEvent(t, waitFor(t, p, 0), loop.Event{})
		must(t, p.Add(a, 0xffffffff, loop.Read)) // all 32 bits come back
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: a, Gen: 0xffffffff, Ready: loop.Read})
	})
}

// What is asked for beyond Read and Write must not change what is reported:
// 1<<31 is EPOLLET.
func TestContractForeignBits(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		a, b := openPair(t)
		must(t, p.Add(a, 1, loop.Read|loop.Error|1<<31))
		write(t, b, "x")
		for range 2 {
			wantEvent(t, waitFor(t, p, -1), loop.Event{FD: a, Gen: 1, Ready: loop.Read})
		}
	})
}

func TestContractErrors(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		r, _ := openPipe(t)
		closed, _ := openPipe(t)
		closeNow(t, closed)
		must(t, p.Add(r, 1, loop.Read))
		unknown, _ := openPipe(t)
		for _, test := range []struct {
			name      string
			got, want error
		}{
			{"add twice", p.Add(r, 2, loop.Read), unix.EEXIST},
			{"add closed", p.Add(closed+1000, 1, loop.None), unix.EBADF},
			{"modify unknown", p.Modify(unknown, 1, loop.Read), unix.ENOENT},
			{"remove unknown", p.Remove(unknown), unix.ENOENT},
		} {
			if !errors.Is(test.got, test.want) {
				t.Errorf("%s: got %v; want %v", test.name, test.got, test.want)
			}
		}
		must(t, p.Remove(r))
		if err := p.Remove(r); !errors.Is(err, unix.ENOENT) {
			t.Errorf("remove twice: got %v; want ENOENT", err)
		}
	})
}

func TestContractWakeBeforeWait(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		must(t, p.Wake())
		wantEvent(t, waitFor(t, p, -1), loop.Event{})
	})
}

// More wakes than a pipe can hold are still one wake, and none is left over.
func TestContractManyWakesAreOne(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		for range 70_000 {
			must(t, p.Wake())
		}
		wantEvent(t, waitFor(t, p, -1), loop.Event{})
		wantWaited(t, p, 5*time.Millisecond)
	})
}

func TestContractWakeDuringWait(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		for range 200 {
			woken := make(chan error)
			go func() { woken <- p.Wake() }()
			wantEvent(t, waitFor(t, p, -1), loop.Event{})
			must(t, <-woken)
		}
	})
}

// A wake and an event in one wait: the event is not lost, the wake is no event.
func TestContractWakeAndEvent(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		r, w := openPipe(t)
		must(t, p.Add(r, 1, loop.Read))
		write(t, w, "x")
		must(t, p.Wake())
		wantEvent(t, waitFor(t, p, -1), loop.Event{FD: r, Gen: 1, Ready: loop.Read})
	})
}

// wantWaited expects a wait that finds nothing to last as long as was asked, or
// longer. A signal may shorten one; it will not shorten five.
func wantWaited(t *testing.T, p loop.Poller, timeout time.Duration) {
	t.Helper()
	var took time.Duration
	for range 5 {
		start := time.Now()
		wantEvent(t, waitFor(t, p, timeout), loop.Event{})
		if took = time.Since(start); took >= timeout {
			return
		}
	}
	t.Errorf("a wait of %v took %v; want no less", timeout, took)
}

func TestContractTimeoutsAreRoundedUp(t *testing.T) {
	contract(t, roundsUp)
}

func roundsUp(t *testing.T, p loop.Poller) {
	for _, timeout := range []time.Duration{1, 300 * time.Microsecond, 1500 * time.Microsecond} {
		wantWaited(t, p, timeout)
	}
}

// The longest timeouts there are must be waited for, not refused, nor taken for
// none: that the wake ends the wait is all that shows.
func TestContractLongTimeouts(t *testing.T) {
	contract(t, waitsLong)
}

func waitsLong(t *testing.T, p loop.Poller) {
	for _, timeout := range []time.Duration{25 * 24 * time.Hour, 50 * 24 * time.Hour, 1<<63 - 1} {
		must(t, p.Wake())
		wantEvent(t, waitFor(t, p, timeout), loop.Event{})
	}
}

// With more ready descriptors than room, each gets its turn.
func TestContractSmallBatchesAreFair(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		seen := map[int]int{}
		for range 5 {
			r, w := openPipe(t)
			write(t, w, "x")
			must(t, p.Add(r, 1, loop.Read))
			seen[r] = 0
		}
		dst := make([]loop.Event, 2)
		for range 50 {
			n, err := p.Wait(dst, -1)
			must(t, err)
			for _, ev := range dst[:n] {
				seen[ev.FD]++
			}
		}
		for fd, n := range seen {
			if n == 0 {
				t.Errorf("fd %d was never reported; counts %v", fd, seen)
			}
		}
	})
}

// Removals from the middle must not make poll(2)'s array, or any other book,
// confuse the rest.
func TestContractRemoveFromTheMiddle(t *testing.T) {
	contract(t, func(t *testing.T, p loop.Poller) {
		type pipe struct{ r, w int }
		var pipes []pipe
		for i := range 9 {
			r, w := openPipe(t)
			pipes = append(pipes, pipe{r, w})
			must(t, p.Add(r, uint32(i+1), loop.Read))
		}
		for i := 0; i < len(pipes); i += 2 {
			must(t, p.Remove(pipes[i].r))
		}
		for i, pipe := range pipes {
			write(t, pipe.w, "x")
			want := loop.Event{FD: pipe.r, Gen: uint32(i + 1), Ready: loop.Read}
			if i%2 == 0 {
				want = loop.Event{}
			}
			wantEvent(t, waitFor(t, p, 0), want)
			read(t, pipe.r)
		}
	})
}

func TestContractCloseLeavesDescriptorsOpen(t *testing.T) {
	for _, name := range loop.Pollers() {
		t.Run(name, func(t *testing.T) {
			r, w := openPipe(t)
			p := openPoller(t, name)
			must(t, p.Add(r, 1, loop.Read))
			must(t, p.Close())
			write(t, w, "x")
			if got := read(t, r); got != "x" {
				t.Errorf("got %q; want x", got)
			}
		})
	}
}
