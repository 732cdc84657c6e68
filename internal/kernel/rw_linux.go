//go:build linux && !race

package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawMost is how much is copied without telling Go's scheduler that the thread
// is away in the kernel: a collection that wants to begin waits for it.
const rawMost = 64 << 10

// read is read(2), and write is write(2). They are called raw, because the socket
// does not block: a thread that is announced and away for twenty microseconds,
// on a busy machine or under strace, loses its processor to another and has to win
// it back.
func read(fd int, p []byte) (int, error) {
	if len(p) > rawMost {
		return unix.Read(fd, p)
	}
	return raw(unix.SYS_READ, fd, p)
}

func write(fd int, p []byte) (int, error) {
	if len(p) > rawMost {
		return unix.Write(fd, p)
	}
	return raw(unix.SYS_WRITE, fd, p)
}

func raw(call uintptr, fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
