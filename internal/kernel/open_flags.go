//go:build linux || freebsd || netbsd || openbsd || dragonfly

package kernel

import "golang.org/x/sys/unix"

// open opens a socket that does not block and is not passed on to programs
// that are started.
func open(family, kind int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}
