package sched

import (
	"errors"
	"io"
	"net/netip"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// A Conn is a connection on which no more HTTP is spoken: the server has
// answered an Upgrade with a 101, or a CONNECT with a 2xx. It is in
// Response.Conn while the readback runs, and whoever wants it takes it there,
// with Take. It goes on over TLS, and through a proxy, where the request did.
//
// A Conn lives on the stream's loop, and so do its methods and the calls of its
// handler. It has a place in the pool until it is closed, has no deadline, and
// is closed by Stream.Close.
type Conn struct {
	conn    *conn
	handler *ConnHandler // nil: nobody has taken it

	early []byte // came behind the head, or before a Pause took hold
	out   []byte // what the socket has not taken yet: out[gone:]
	gone  int

	paused   bool
	away     bool  // not registered: paused, and there is nothing but an end to hear of
	finished bool  // CloseWrite was called,
	finSent  bool  // and done
	broken   error // a write failed
	ended    bool  // OnEnd has been called, or is on its way
	closed   bool
	why      error // it was, before anybody had taken it

	prev, next *Conn // in Stream.handed
}

// A ConnHandler hears of a Conn. Functions that are nil do nothing.
type ConnHandler struct {
	// OnData is given what arrives, first of all what came behind the head of
	// the response. It is valid until OnData returns.
	OnData func(data []byte)

	// OnDrain is called when everything has been written, after some of it had
	// to wait: the next Write finds room.
	OnDrain func()

	// OnEnd is called once, whatever happens, and nothing is read after that.
	// The cause is nil if the server has closed its side in order: then it may
	// still listen, so that the Conn stays open until Close. It is nil after
	// Close, too. Else it is a *ConnError, or ErrClosed where the stream was
	// closed, and the connection is closed already.
	OnEnd func(cause error)

	// MaxBuffered is how much may wait to be written. Zero means 1 MiB.
	MaxBuffered int
}

const defaultMaxBuffered = 1 << 20

// What waits in a Conn's own memory is let go of when it has been written, if
// it was more than this.
const keptBuffered = 16 << 10

// Remote returns the address of the peer, which may be a proxy.
func (h *Conn) Remote() netip.AddrPort { return h.conn.remote }

// Buffered returns how many bytes wait to be written, as far as they are not the
// kernel's. Over TLS, what has been encrypted counts encrypted.
func (h *Conn) Buffered() int { return len(h.out) - h.gone + h.conn.sealed() }

// Write writes p, or keeps a copy of what the socket does not take at once. It
// takes all or nothing: the error is a *BufferFullError where there is no room,
// and else a *ConnError.
func (h *Conn) Write(p []byte) (int, error) {
	switch {
	case h.closed || h.finished || h.handler == nil:
		return 0, h.error("write", ErrConnClosed)
	case h.broken != nil:
		return 0, h.broken
	}
	limit, n := h.handler.MaxBuffered, h.Buffered()
	if limit == 0 {
		limit = defaultMaxBuffered
	}
	if len(p) > limit-n {
		return 0, &BufferFullError{Buffered: n, Len: len(p), Max: limit}
	}
	left := p
	if n == 0 {
		left = left[h.write(left):]
		if h.broken != nil {
			return 0, h.broken
		}
	}
	if h.out = append(h.out, left...); h.Buffered() > 0 {
		h.ask()
	}
	return len(p), nil
}

// write writes a prefix of p, and what TLS has of earlier ones. It returns its
// length.
func (h *Conn) write(p []byte) (written int) {
	c := h.conn
	for len(p) > written || c.sealed() > 0 {
		n, err := c.write(p[written:])
		written += n
		if err == kernel.ErrWouldBlock {
			break
		}
		if err != nil {
			// The end of the connection is for the loop to report: what the peer
			// said before it can still be read.
			h.broken = h.error("write", err)
			h.out, h.gone = nil, 0
			break
		}
	}
	return written
}

// flush writes what waits. It reports whether there was something, and now is
// nothing.
func (h *Conn) flush() (drained bool) {
	if h.broken != nil || h.Buffered() == 0 {
		return false
	}
	h.gone += h.write(h.out[h.gone:])
	if h.broken != nil || h.Buffered() > 0 {
		return false
	}
	if h.out, h.gone = h.out[:0], 0; cap(h.out) > keptBuffered {
		h.out = nil
	}
	return true
}

// CloseWrite says that nothing more will be written, once what waits has been:
// by a FIN, or over TLS by a close_notify. What the server says is still read.
// When both sides have said so the connection is closed.
func (h *Conn) CloseWrite() error {
	switch {
	case h.closed || h.handler == nil:
		return h.error("write", ErrConnClosed)
	case h.broken != nil:
		return h.broken
	case !h.finished:
		h.finished = true
		h.finish()
	}
	return nil
}

// finish ends the writing when it is time.
func (h *Conn) finish() {
	if h.closed || !h.finished || h.broken != nil || h.Buffered() > 0 {
		return
	}
	c := h.conn
	if !h.finSent {
		h.finSent = true
		var err error
		if c.tls != nil {
			c.stream.lend(c.tls)
			err = c.tls.CloseNotify()
			h.write(nil)
		} else {
			err = c.stream.kernel.CloseWrite(c.fd)
		}
		if err != nil {
			h.broken = h.error("write", err)
		}
	}
	if h.Buffered() == 0 && h.ended {
		h.shut(ClosedDone)
		return
	}
	h.ask()
}

// Pause stops the reading, and so, when its window is full, the server.
func (h *Conn) Pause() { h.pause(true) }

// Resume goes on after Pause.
func (h *Conn) Resume() { h.pause(false) }

func (h *Conn) pause(on bool) {
	if h.closed || h.handler == nil || h.paused == on {
		h.paused = on
		return
	}
	h.paused = on
	if !on && (len(h.early) > 0 || h.conn.ended != nil) {
		h.conn.stream.loop.AddCallback(h.goOn)
	}
	h.ask()
}

// Close closes the connection. What waits to be written is lost: who cares waits
// for OnDrain, or uses CloseWrite and waits for OnEnd.
func (h *Conn) Close() error {
	if h.closed {
		return nil
	}
	h.shut(ClosedDone)
	h.endLater(nil)
	return nil
}

// ready is the loop's handler of a connection that was taken.
func (h *Conn) ready(_ int, ready loop.Events) {
	c := h.conn
	if ready.Has(loop.Write|loop.Error) && h.flush() {
		if f := h.handler.OnDrain; f != nil && !h.finSent {
			f()
		}
		if h.finish(); h.closed {
			return
		}
	}
	switch {
	case h.closed:
		return
	case h.ended && ready.Has(loop.Error):
		h.shut(ClosedByServer)
		return
	case h.paused && ready.Has(loop.Error):
		// It would be reported again and again, asked for or not. What can be
		// read before it is read after Resume.
		c.stream.loop.RemoveHandler(c.fd)
		h.away = true
		return
	case !h.paused && !h.ended && ready.Has(loop.Read|loop.Error):
		h.read()
	}
	h.ask()
}

// read gives what the socket has to the handler.
func (h *Conn) read() {
	c := h.conn
	s := c.stream
	h.goOn()
	for range maxReads {
		if h.closed || h.paused || h.ended {
			return
		}
		n, err := c.recv(s.scratch)
		if err == kernel.ErrWouldBlock {
			return
		}
		c.emptied = n < len(s.scratch)
		data := s.scratch[:n]
		if err != nil {
			c.extra().ended = err
		}
		if c.tls != nil && (err == nil || err == io.EOF) {
			data = c.unseal(data)
		}
		h.give(data)
		h.tellEnd()
		if c.emptied {
			return
		}
	}
}

// goOn gives what a Pause held back.
func (h *Conn) goOn() {
	if h.closed || h.paused {
		return
	}
	early := h.early
	h.early = nil
	h.give(early)
	h.tellEnd()
	if !h.closed {
		h.ask()
	}
}

func (h *Conn) give(data []byte) {
	if f := h.handler.OnData; f != nil && len(data) > 0 && !h.closed {
		f(data)
	}
}

// tellEnd tells the handler of the end, if it has come.
func (h *Conn) tellEnd() {
	err := h.conn.ended
	if err == nil || h.closed || h.paused || h.ended {
		return
	}
	h.ended = true
	switch {
	case err == io.EOF && h.broken != nil:
		err = h.broken // whose error the kernel tells once
	case err == io.EOF:
		err = nil
	case err == io.ErrUnexpectedEOF:
		err = h.error("read", errTLSCut)
	default:
		err = h.error("read", err)
	}
	if err != nil {
		h.shut(ClosedFailed)
	}
	if f := h.handler.OnEnd; f != nil {
		f(err)
	}
	h.finish()
}

var errTLSCut = errors.New("the TLS connection was cut: there may have been more")

// wanted is what the connection is to be registered for.
func (h *Conn) wanted() loop.Events {
	var want loop.Events
	if !h.paused && !h.ended {
		want |= loop.Read
	}
	if h.Buffered() > 0 && h.broken == nil {
		want |= loop.Write
	}
	return want
}

// ask registers for what is wanted.
func (h *Conn) ask() {
	c := h.conn
	l := c.stream.loop
	if h.closed {
		return
	}
	want := h.wanted()
	var err error
	switch {
	case h.away && h.paused:
		return
	case h.away:
		h.away = false
		err = l.AddHandler(c.fd, want, h.ready)
	case c.want != want:
		err = l.UpdateHandler(c.fd, want)
	}
	c.want = want
	if err != nil {
		h.shut(ClosedFailed)
		h.endLater(h.error("register", err))
	}
}
