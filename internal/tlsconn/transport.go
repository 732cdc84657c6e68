package tlsconn

import (
	"io"
	"net"
	"time"
)

// transport is the net.Conn below a tls.Conn: two slices.
type transport struct {
	in         []byte // lent ciphertext that was not read
	records    records
	out        []byte // ciphertext to send,
	sent       int    // of which this much has been
	eof        bool
	askedAtEOF bool
	wait       func() bool // during the handshake: leaves its coroutine
}

// Read never waits, but for leaving the handshake's coroutine.
func (t *transport) Read(p []byte) (int, error) {
	for len(t.in) == 0 {
		switch {
		case t.eof:
			t.askedAtEOF = true
			return 0, io.EOF
		case t.wait == nil:
			return 0, errAgain
		case !t.wait():
			return 0, net.ErrClosed // the handshake is abandoned
		}
	}
	wrote, read := t.records.pass(p, t.in)
	if t.in = t.in[read:]; len(t.in) == 0 {
		t.in = nil // an empty slice holds the memory that was lent
	}
	return wrote, nil
}

// Write takes everything: crypto/tls does not forgive a transport that fails
// to write, not even for a moment.
func (t *transport) Write(p []byte) (int, error) {
	t.out = append(t.out, p...)
	return len(p), nil
}

// The rest of net.Conn. crypto/tls calls Close and sets deadlines when it
// closes; the socket, its addresses and its deadlines are the owner's.
func (t *transport) Close() error                     { return nil }
func (t *transport) LocalAddr() net.Addr              { return nowhere{} }
func (t *transport) RemoteAddr() net.Addr             { return nowhere{} }
func (t *transport) SetDeadline(time.Time) error      { return nil }
func (t *transport) SetReadDeadline(time.Time) error  { return nil }
func (t *transport) SetWriteDeadline(time.Time) error { return nil }

type nowhere struct{}

func (nowhere) Network() string { return "memory" }
func (nowhere) String() string  { return "memory" }
