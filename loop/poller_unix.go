//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// shortestWait is how long the pollers that count in less than milliseconds wait
// at least for a timer. Of ten thousand timers one is due each fifty microseconds,
// and to wake for each would cost more than all that they call. A timer that is
// alone, or further away, is no later for that.
const shortestWait = 500 * time.Microsecond

// millisUp converts a timeout for calls that count milliseconds: up, because a
// wait that ends a moment before the timer would be repeated, with timeout
// zero, until the moment has passed. What int32 cannot hold (25 days) ends
// early, and the loop waits again.
func millisUp(timeout time.Duration) int {
	if timeout < 0 {
		return -1
	}
	ms := timeout / time.Millisecond
	if timeout%time.Millisecond > 0 {
		ms++
	}
	return int(min(ms, math.MaxInt32))
}

// wrapWait names the call in the error, except for EINTR, which is none.
func wrapWait(call string, err error) error {
	if err == nil || err == unix.EINTR {
		return err
	}
	return os.NewSyscallError(call, err)
}

// kernelFDs makes a poller an FDCloser.
type kernelFDs struct{}

func (kernelFDs) CloseFD(fd int) error {
	return os.NewSyscallError("close", unix.Close(fd))
}
