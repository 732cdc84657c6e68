//go:build unix

package store

import (
	"os"
	"syscall"
)

// unlock lets go of the lock that bbolt has on file.
func unlock(file *os.File) { syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
