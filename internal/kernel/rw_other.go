//go:build (linux && race) || darwin || freebsd || netbsd || openbsd || dragonfly

package kernel

import "golang.org/x/sys/unix"

// read is read(2), as the race detector can see it, and as Apple's and the
// BSDs' C libraries want to be called.
func read(fd int, p []byte) (int, error) { return unix.Read(fd, p) }

// write is write(2).
func write(fd int, p []byte) (int, error) { return unix.Write(fd, p) }
