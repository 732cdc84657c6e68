package loop_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

func TestWaitErrorLeavesRun(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.fail = syscall.EBADF
	err := l.Run()
	if opErr, ok := errors.AsType[*loop.OpError](err); !ok || opErr.Op != "wait" || !errors.Is(err, syscall.EBADF) {
		t.Errorf("got %v; want an OpError of wait with EBADF", err)
	}
	if got, want := fmt.Sprint(err), "loop: wait: bad file descriptor"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	l.AddCallback(l.Stop) // the loop can be run again
	must(t, l.Run())
}

func TestFailedAddTakesNoRow(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.failAdd = syscall.EPERM
	err := l.AddHandler(7, loop.Read, func(int, loop.Events) {})
	if got, want := fmt.Sprint(err), "loop: add fd 7: operation not permitted"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	f.failAdd = nil
	must(t, l.AddHandler(7, loop.Read, func(int, loop.Events) {}))
}

func TestAddHandlerRefuses(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	h := func(int, loop.Events) {}
	for want, err := range map[string]error{
		"loop: add: descriptor -1: bad file descriptor":                           l.AddHandler(-1, loop.Read, h),
		fmt.Sprintf("loop: add: descriptor %d: bad file descriptor", math.MaxInt): l.AddHandler(math.MaxInt, loop.Read, h),
		"loop: add fd 7: handler is nil":                                          l.AddHandler(7, loop.Read, nil),
	} {
		if fmt.Sprint(err) != want {
			t.Errorf("got %v; want %s", err, want)
		}
	}
}

func TestClosedLoopRefuses(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {}))
	l.AddCallback(func() { t.Error("a callback ran after Close") })
	must(t, l.Close())
	must(t, l.Close())
	for op, err := range map[string]error{
		"AddHandler":    l.AddHandler(4, loop.Read, func(int, loop.Events) {}),
		"UpdateHandler": l.UpdateHandler(3, loop.Write),
		"RemoveHandler": l.RemoveHandler(3),
		"Run":           l.Run(),
	} {
		if err != loop.ErrClosed {
			t.Errorf("%s: got %v; want ErrClosed", op, err)
		}
	}
}

// closer is a simulated kernel with descriptors of its own.
type closer struct {
	*fake
	closed []int
}

var errClose = errors.New("close failed")

func (c *closer) CloseFD(fd int) error {
	c.closed = append(c.closed, fd)
	if fd == 4 {
		return errClose
	}
	return nil
}

func TestCloseAllAsksThePoller(t *testing.T) {
	c := &closer{fake: &fake{asked: map[int]asked{}}}
	l, err := loop.New(loop.Options{Poller: c, Clock: c})
	must(t, err)
	for _, fd := range []int{3, 4, 5, 6} {
		must(t, l.AddHandler(fd, loop.Read, func(int, loop.Events) {}))
	}
	must(t, l.RemoveHandler(5))
	if err := l.CloseAll(); !errors.Is(err, errClose) {
		t.Errorf("got %v; want the error of descriptor 4", err)
	}
	if got, want := fmt.Sprint(c.closed), "[3 4 6]"; got != want {
		t.Errorf("closed %s; want %s", got, want)
	}
}

// A simulated poller's numbers may be a real descriptor's: none is closed.
func TestCloseAllNeedsAnFDCloser(t *testing.T) {
	l, _ := openFake(t, loop.Options{})
	if err := l.CloseAll(); err == nil {
		t.Error("got nil; want an error")
	}
	l.AddCallback(l.Stop)
	must(t, l.Run()) // it was not closed
}

// When the kernel refuses a change, the old registration stays in force; when
// it refuses a removal, the handler is gone all the same.
func TestFailedUpdateAndRemove(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	must(t, l.AddHandler(7, loop.Read, func(int, loop.Events) {}))
	f.bad = syscall.ENOENT
	if got, want := fmt.Sprint(l.UpdateHandler(7, loop.Write)), "loop: update fd 7: no such file or directory"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := fmt.Sprint(l.RemoveHandler(7)), "loop: remove fd 7: no such file or directory"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	must(t, l.AddHandler(7, loop.Read, func(int, loop.Events) {}))
}

func TestNewPollerUnknownName(t *testing.T) {
	_, err := loop.NewPoller("iocp")
	if err == nil {
		t.Fatal("got nil; want an error")
	}
	for _, name := range append(loop.Pollers(), `"iocp"`) {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

// The clock is read again after handlers have run: what they took must not be
// missing from the time of the next turn.
func TestTimeAfterSlowHandler(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	f.ready[3] = loop.Read
	must(t, l.AddHandler(3, loop.Read, func(int, loop.Events) {
		f.ready[3] = loop.None
		f.now += 5 * time.Second
		if got := l.Time(); got != 1000*time.Second {
			t.Errorf("in the handler: got %v; want 1000s, as after the wait", got)
		}
		l.AddCallback(func() {
			if got := l.Time(); got != 1005*time.Second {
				t.Errorf("in the next turn: got %v; want 1005s", got)
			}
			l.Stop()
		})
	}))
	must(t, l.Run())
}

// A full batch makes the next one larger, and no event is lost on the way.
func TestBatchesGrow(t *testing.T) {
	l, f := openFake(t, loop.Options{})
	const n = 1500
	calls := 0
	for fd := range n {
		f.ready[fd] = loop.Read
		must(t, l.AddHandler(fd, loop.Read, func(int, loop.Events) {
			f.ready[fd] = loop.None
			if calls++; calls == n {
				l.Stop()
			}
		}))
	}
	must(t, l.Run())
	// 64 + 128 + 256 + 512 + the rest
	if got := len(f.waits); got != 5 {
		t.Errorf("got %d waits; want 5", got)
	}
}

func TestEventsString(t *testing.T) {
	for e, want := range map[loop.Events]string{
		loop.None:               "none",
		loop.Read:               "read",
		loop.Read | loop.Write:  "read|write",
		0x10:                    "error",
		loop.Write | loop.Error: "write|error",
	} {
		if got := e.String(); got != want {
			t.Errorf("%#x: got %q; want %q", uint32(e), got, want)
		}
	}
}
