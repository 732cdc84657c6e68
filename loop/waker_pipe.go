//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A pipeWaker is the classic: a byte in a pipe makes its other end readable,
// on every Unix. Both ends are non-blocking and close on exec.
type pipeWaker struct{ r, w int }

func newPipeWaker() (pipeWaker, error) {
	// Not pipe2, which macOS lacks. The lock keeps a fork from coming between
	// pipe and close-on-exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return pipeWaker{}, os.NewSyscallError("pipe", err)
	}
	k := pipeWaker{p[0], p[1]}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			k.close()
			return pipeWaker{}, os.NewSyscallError("fcntl", err)
		}
	}
	return k, nil
}

func (k pipeWaker) wake() error {
	if _, err := unix.Write(k.w, []byte{1}); err != nil && err != unix.EAGAIN {
		return os.NewSyscallError("write", err)
	}
	return nil // EAGAIN: the pipe is full of wakes, one more is not missed
}

// consume empties the pipe, so that it is not readable again at once.
func (k pipeWaker) consume() {
	var buf [64]byte
	for {
		n, err := unix.Read(k.r, buf[:])
		if n < len(buf) && err != unix.EINTR {
			return
		}
	}
}

func (k pipeWaker) close() {
	unix.Close(k.r)
	unix.Close(k.w)
}
