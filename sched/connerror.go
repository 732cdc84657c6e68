package sched

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrConnClosed is inside the errors of a Conn that was closed by its owner, or
// that its owner has not taken.
var ErrConnClosed = errors.New("the connection is not open")

// A ConnError says how a Conn failed.
type ConnError struct {
	Op   string // "read", "write", "register"
	Addr netip.AddrPort
	Err  error
}

// Error reads like "connection to 203.0.113.7:443: read: connection reset by
// peer".
func (e *ConnError) Error() string {
	return fmt.Sprintf("connection to %v: %s: %v", e.Addr, e.Op, e.Err)
}

// Unwrap returns the cause.
func (e *ConnError) Unwrap() error { return e.Err }

// A BufferFullError refuses a Write: nothing of it was taken. OnDrain tells when
// there is room.
type BufferFullError struct {
	Buffered int // bytes that wait already
	Len      int // of the Write
	Max      int // ConnHandler.MaxBuffered
}

// Error says how much of what is too much.
func (e *BufferFullError) Error() string {
	return fmt.Sprintf("%d bytes wait to be written already; %d more would be over the bound of %d", e.Buffered, e.Len, e.Max)
}

func (h *Conn) error(op string, err error) error {
	return &ConnError{Op: op, Addr: h.conn.remote, Err: err}
}
