//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// A turn with a callback, a timer that is moved, one that is due, and an event,
// with and without the hook for panics: nothing of it may allocate.
func TestSteadyTurnDoesNotAllocate(t *testing.T) {
	for _, name := range loop.Pollers() {
		for hook, onPanic := range map[string]func(any, []byte){
			"without hook": nil,
			"with hook":    func(any, []byte) {},
		} {
			t.Run(name+" "+hook, func(t *testing.T) {
				l := openLoop(t, loop.Options{Poller: openPoller(t, name), OnPanic: onPanic})
				r, w := openPipe(t)
				x := []byte("x")
				buf := make([]byte, 1)
				var left int
				var due, deadline loop.Timer
				nothing := func() {}
				deadline.Init(l, nothing)
				due.Init(l, nothing)
				must(t, l.AddHandler(r, loop.Read, func(fd int, _ loop.Events) {
					unix.Read(fd, buf)
					if left--; left == 0 {
						l.Stop()
						return
					}
					l.AddCallback(nothing)
					due.Reset(l.Time())
					deadline.Reset(l.Time() + time.Hour)
					unix.Write(w, x)
				}))
				work := func() {
					left = 100
					unix.Write(w, x)
					if err := l.Run(); err != nil {
						t.Error(err)
					}
				}
				if got := testing.AllocsPerRun(10, work); got != 0 {
					t.Errorf("got %v allocations in 100 turns; want 0", got)
				}
			})
		}
	}
}

// Registering and removing a descriptor whose number was seen before does not
// allocate either.
func TestHandlersDoNotAllocate(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		r, _ := openPipe(t)
		h := func(int, loop.Events) {}
		got := testing.AllocsPerRun(100, func() {
			if l.AddHandler(r, loop.Read, h) != nil || l.UpdateHandler(r, loop.None) != nil || l.RemoveHandler(r) != nil {
				t.Error("failed")
			}
		})
		if got != 0 {
			t.Errorf("got %v allocations; want 0", got)
		}
	})
}
