// Package tlsconn runs the client side of crypto/tls on bytes: no socket, no
// goroutine, and nothing that waits.
//
// Two facts about the standard library make it possible, and the tests of this
// package are there to notice the day when they change. A Read whose transport
// fails with a temporary error can be repeated, at any byte: the connection
// keeps what it has. A handshake cannot: its first error is its last. So the
// handshake runs as a coroutine (iter.Pull), which is left where it lacks
// bytes and entered again when there are some. That is a switch of stacks on
// the same thread, and costs a tenth of a microsecond.
package tlsconn

import (
	"crypto/tls"
	"errors"
	"io"
	"iter"
	"net"
)

// ErrWouldBlock says that all ciphertext that was fed has been used up.
var ErrWouldBlock = errors.New("operation would block")

// Conn is one connection. One goroutine at a time may use it, and it may be
// another one each time. But those that enter the coroutine, by Handshake and
// Abandon, must be alike in runtime.LockOSThread: all free, or all locked to
// one thread. The runtime ends the program otherwise.
//
// Ciphertext goes in by Feed and comes out by Out. After Feed, call Handshake
// until it is done, and then Read until ErrWouldBlock: then no ciphertext is
// left outside, and the fed slice may be used for something else. Reading may
// leave something to send, too: look at Out after each call.
type Conn struct {
	tls  *tls.Conn
	wire transport

	resume func() (struct{}, bool) // nil: not begun
	stop   func()
	done   bool
	err    error // of the handshake
	state  *tls.ConnectionState
}

// Client returns a connection that has not begun its handshake. The config
// must name the server (ServerName) unless it verifies nothing.
func Client(config *tls.Config) *Conn {
	c := &Conn{}
	c.tls = tls.Client(&c.wire, config)
	return c
}

// Feed lends ciphertext to c, until Handshake or Read says that it has been
// used up. What was fed before must have been.
func (c *Conn) Feed(ciphertext []byte) { c.wire.in = ciphertext }

// FeedEOF says that the transport has ended. Whether TLS had ended before is
// for Read to tell.
func (c *Conn) FeedEOF() { c.wire.eof = true }

// Out returns the ciphertext that is to be sent, from where Advance left it.
func (c *Conn) Out() []byte { return c.wire.out[c.wire.sent:] }

// Advance says that n bytes of Out are taken care of.
func (c *Conn) Advance(n int) {
	if c.wire.sent += n; c.wire.sent == len(c.wire.out) {
		c.wire.out, c.wire.sent = c.wire.out[:0], 0
	}
}

// Lend gives c the memory in which it writes Out, and Return takes it back: an
// idle connection then holds none.
func (c *Conn) Lend(memory []byte) { c.wire.out = memory[:0] }

// Return takes the memory of Out back. There must be nothing to send.
func (c *Conn) Return() []byte {
	memory := c.wire.out
	c.wire.out = nil
	return memory
}

// Handshake goes on with the handshake as far as the fed bytes allow, and
// reports whether it has ended. Only then may anything else but Feed, Out,
// Advance and Abandon be called.
func (c *Conn) Handshake() (done bool, err error) {
	if c.done {
		return true, c.err
	}
	if c.resume == nil {
		c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
			c.wire.wait = func() bool { return yield(struct{}{}) }
			c.err = c.tls.Handshake()
			c.wire.wait = nil
		})
	}
	if _, more := c.resume(); more {
		return false, nil
	}
	c.done = true
	c.resume, c.stop = nil, nil
	return true, c.err
}

// Abandon ends a handshake that will not be finished. It is harmless at any
// other time; nothing else may be called after it.
func (c *Conn) Abandon() {
	if c.stop != nil {
		c.stop()
		c.resume, c.stop = nil, nil
	}
	if !c.done {
		c.done, c.err = true, net.ErrClosed
	}
}

// Ready reports whether the handshake has succeeded.
func (c *Conn) Ready() bool { return c.done && c.err == nil }

// State describes the connection, once the handshake is done. It is the same
// one each time: nobody may change it.
func (c *Conn) State() *tls.ConnectionState {
	if c.state == nil {
		state := c.tls.ConnectionState()
		c.state = &state
	}
	return c.state
}

// Read reads plaintext. Its errors are ErrWouldBlock, io.EOF after a
// close_notify, io.ErrUnexpectedEOF where the transport ended without one, and
// those of crypto/tls. It returns bytes or an error, not both.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.tls.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, errAgain):
		err = ErrWouldBlock
	case err == io.EOF && c.wire.askedAtEOF:
		// crypto/tls says EOF for both. It asked the transport for more only if
		// no close_notify had come.
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Write seals plaintext into Out. It takes all of it: to bound what waits
// there is the caller's business.
func (c *Conn) Write(p []byte) error {
	_, err := c.tls.Write(p)
	return err
}

// CloseNotify adds a close_notify to Out: nothing will be written after it.
func (c *Conn) CloseNotify() error { return c.tls.CloseWrite() }

// errAgain is what the transport says when it has no bytes. crypto/tls stores
// every error but temporary ones.
var errAgain net.Error = again{}

type again struct{}

func (again) Error() string   { return ErrWouldBlock.Error() }
func (again) Timeout() bool   { return false }
func (again) Temporary() bool { return true }
