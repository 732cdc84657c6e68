package sim

import (
	"errors"
	"io"
	"syscall"
	"time"
)

// This file is what befalls the program's machine as a whole.

// ErrExited is what Wait returns to a program that Exit has ended.
var ErrExited = errors.New("sim: the process has ended")

// Suspend closes the lid of the laptop for d. The program stands still and the
// world goes on: packets arrive, servers lose their patience, the clock on the
// wall runs. Its monotonic clock does not, as CLOCK_MONOTONIC of Linux, unless
// Options.Boottime says so: then every timer that passed meanwhile is due at
// once. A second Suspend while it lasts makes it last as long as the longer.
func (w *World) Suspend(d time.Duration) {
	if d <= 0 {
		return
	}
	if w.wakeAt <= w.now {
		w.slept = w.now
		w.tracef("the machine sleeps")
	}
	w.wakeAt = max(w.wakeAt, w.now+d)
}

// Asleep reports whether the machine is suspended.
func (w *World) Asleep() bool { return w.wakeAt > w.now }

// asleep reports whether the machine sleeps, and wakes it when it is time.
func (w *World) asleep() bool {
	if w.wakeAt == 0 {
		return false
	}
	if w.now < w.wakeAt {
		return true
	}
	if !w.o.Boottime {
		w.missed += w.now - w.slept
	}
	w.wakeAt = 0
	w.tracef("the machine wakes")
	return false
}

// monotonic is what the program's clock shows. While the machine sleeps nobody
// but the world's side can look at it.
func (w *World) monotonic() time.Duration {
	if w.wakeAt > 0 && !w.o.Boottime {
		return w.slept - w.missed
	}
	return w.now - w.missed
}

// Exit is kill -9: the process is gone in the middle of whatever it does, and
// the kernel closes its descriptors, which is no leak. Wait of its loop returns
// ErrExited. The next process gets its own Loop; the disk is yours to keep.
func (w *World) Exit() {
	w.tracef("the process ends")
	w.process++
	w.lookups = nil
	for fd, s := range w.fds {
		if s == nil {
			continue
		}
		s.reg = nil
		was := s.state
		s.state = closed
		if was == established {
			s.conn.hangUp(len(s.in) > 0)
		}
		s.in = nil
		w.fds[fd] = nil
		w.open--
	}
	w.lowest = firstFD
	w.wakeAt = 0
}

// hangUp tells the peer that the program has closed its end.
func (c *conn) hangUp(unread bool) {
	err := io.EOF
	if unread {
		err = syscall.ECONNRESET
	}
	c.send(&c.up, func() { c.peer.hungUp(err) })
}
