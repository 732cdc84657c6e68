package loop_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/loop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openLoop returns a loop that is closed with the test.
func openLoop(t testing.TB, o loop.Options) *loop.Loop {
	t.Helper()
	l, err := loop.New(o)
	must(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// fake is both sides of the seam in virtual time: a wait in which nothing is
// ready moves the clock by the timeout. (Tornado tests its PeriodicCallback in
// this way.)
type fake struct {
	now     time.Duration
	asked   map[int]asked
	ready   map[int]loop.Events // levels, until the test changes them
	woken   bool
	wakes   int
	waits   []time.Duration // the timeouts of all waits
	calls   []string        // add, modify and remove, in order
	during  func()          // called in the next wait, as other goroutines would be busy
	failAdd error
	fail    error // of the next wait
	badWake error // of each wake
	bad     error // of each modify and remove
}

type asked struct {
	gen  uint32
	want loop.Events
}

var errForever = errors.New("nothing can end this wait")

func (f *fake) Monotonic() time.Duration { return f.now }
func (f *fake) Wall() time.Time          { return time.Unix(0, 0).UTC().Add(f.now) }

func (f *fake) Add(fd int, gen uint32, want loop.Events) error {
	if f.failAdd != nil {
		return f.failAdd
	}
	f.calls = append(f.calls, "add")
	f.asked[fd] = asked{gen, want}
	return nil
}

func (f *fake) Modify(fd int, gen uint32, want loop.Events) error {
	f.calls = append(f.calls, "modify")
	f.asked[fd] = asked{gen, want}
	return f.bad
}

func (f *fake) Remove(fd int) error {
	f.calls = append(f.calls, "remove")
	delete(f.asked, fd)
	return f.bad
}

// Wait reports in the order of the numbers.
func (f *fake) Wait(dst []loop.Event, timeout time.Duration) (n int, err error) {
	f.waits = append(f.waits, timeout)
	if err, f.fail = f.fail, nil; err != nil {
		return 0, err
	}
	if during := f.during; during != nil {
		f.during = nil
		during()
	}
	for _, fd := range slices.Sorted(maps.Keys(f.asked)) {
		a := f.asked[fd]
		if r := f.ready[fd] & (a.want | loop.Error); r != 0 && n < len(dst) {
			dst[n] = loop.Event{FD: fd, Gen: a.gen, Ready: r}
			n++
		}
	}
	switch {
	case n > 0:
	case f.woken:
	case timeout < 0:
		return 0, errForever
	default:
		f.now += timeout
	}
	f.woken = false
	return n, nil
}

func (f *fake) Wake() error {
	f.wakes++
	f.woken = true
	return f.badWake
}

func (f *fake) Close() error { return nil }

// openFake returns a loop on a fake, at 1000 s.
func openFake(t testing.TB, o loop.Options) (*loop.Loop, *fake) {
	t.Helper()
	f := &fake{now: 1000 * time.Second, asked: map[int]asked{}, ready: map[int]loop.Events{}}
	o.Poller, o.Clock = f, f
	return openLoop(t, o), f
}

// A trace is what happened, in order.
type trace []string

func (tr *trace) add(what string) { *tr = append(*tr, what) }

// note returns a function that notes what.
func (tr *trace) note(what string) func() { return func() { tr.add(what) } }

func (tr *trace) want(t testing.TB, want string) {
	t.Helper()
	if got := strings.Join(*tr, " "); got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
