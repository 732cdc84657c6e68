package loop

import (
	"errors"
	"strconv"
)

var (
	// ErrRegistered: AddHandler was given a descriptor that has a handler.
	// UpdateHandler changes what it waits for; RemoveHandler makes room.
	ErrRegistered = errors.New("already has a handler")

	// ErrNotRegistered: UpdateHandler or RemoveHandler was given a descriptor
	// that has no handler.
	ErrNotRegistered = errors.New("has no handler")

	// ErrRunning: Run inside Run, or Close before Run returned.
	ErrRunning = errors.New("loop: running")

	// ErrClosed: the loop was closed.
	ErrClosed = errors.New("loop: closed")

	// ErrTimeout: RunSync's function did not finish in time.
	ErrTimeout = errors.New("loop: timed out")

	// ErrStopped: Stop came before RunSync's function finished.
	ErrStopped = errors.New("loop: stopped before the function finished")
)

// OpError tells which operation failed, and on which descriptor:
// "loop: add fd 7: epoll_ctl: bad file descriptor".
type OpError struct {
	Op  string // "new", "add", "update", "remove", "wait", "wake" or "close"
	FD  int    // the descriptor; negative if the operation has none
	Err error  // ErrRegistered, ErrNotRegistered, or what the poller said
}

// Error returns the operation, the descriptor if there is one, and the cause.
func (e *OpError) Error() string {
	text := "loop: " + e.Op
	if e.FD >= 0 {
		text += " fd " + strconv.Itoa(e.FD)
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }
