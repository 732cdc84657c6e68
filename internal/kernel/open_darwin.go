package kernel

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// open opens a socket that does not block and is not passed on to programs
// that are started. Darwin cannot do it in one call: the lock keeps a fork out
// until the flag is set.
func open(family, kind int) (int, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, kind, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
