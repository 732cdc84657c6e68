package sched

import (
	"io"
	"slices"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/tlsconn"
	"github.com/qqloop/qqloop/loop"
)

// This file moves bytes: requests out, responses in.

// smallBody is the longest body that is copied behind its head, to go out in
// one write.
const smallBody = 4 << 10

// maxReads bounds how much of a turn one connection may take: with 64 KiB
// each, a megabyte. What is left is reported again.
const maxReads = 16

// put writes to the socket, and recv reads from it: all that is counted.
func (c *conn) put(p []byte) (int, error) {
	n, err := c.stream.kernel.Write(c.fd, p)
	c.tally.BytesOut += uint64(n)
	return n, err
}

func (c *conn) recv(p []byte) (int, error) {
	n, err := c.stream.kernel.Read(c.fd, p)
	c.tally.BytesIn += uint64(n)
	return n, err
}

// send writes head, which is the stream's and lent for this call, and body.
func (c *conn) send(head, body []byte) {
	if len(body) <= smallBody {
		head = append(head, body...)
		c.stream.encoded = head
		body = nil
	}
	c.rest, c.written, c.toldHead = &c.stream.sending, 0, false
	c.mend()
	*c.rest = rest{head, body}
	c.pour()
	if c.rest.len() == 0 {
		c.rest = nil
	} else {
		c.rest = &rest{slices.Clone(c.rest.head), c.rest.body}
	}
	c.stream.sending = rest{}
	c.poured()
}

// A rest is what is unwritten of a request: of its head, and of its body where
// that is long. Nil is nothing. A connection has one only when the socket did
// not take all; for the time of a send it is the stream's.
type rest struct{ head, body []byte }

func (r *rest) len() int {
	if r == nil {
		return 0
	}
	return len(r.head) + len(r.body)
}

// bodyLen is how much of that is body that goes out on its own.
func (r *rest) bodyLen() int {
	if r == nil {
		return 0
	}
	return len(r.body)
}

// front is the piece to write next.
func (r *rest) front() []byte {
	switch {
	case r == nil:
		return nil
	case len(r.head) > 0:
		return r.head
	}
	return r.body
}

// advance takes n bytes off the front.
func (r *rest) advance(n int) {
	switch {
	case n == 0:
	case len(r.head) > 0:
		r.head = r.head[n:]
	default:
		r.body = r.body[n:]
	}
}

// unsent returns how much of the request is not written.
func (c *conn) unsent() int { return c.rest.len() + c.sealed() }

// flush goes on with what is unwritten, now that the socket may take it.
func (c *conn) flush() {
	c.pour()
	c.poured()
}

// poured comes after pour, and after all that send does with the stream's
// memory: OnSent may send something else, and end this exchange, too.
func (c *conn) poured() {
	if b := c.exchange.sending; b != nil {
		b.flushed()
	}
}

// pour writes as much as the socket takes, and asks for WRITE only if that
// was not all. READ it asks for in any case: a server may answer, and close,
// before it has read the whole request.
//
// A write that fails ends the writing, not the exchange: what the server said
// before it went may still lie in the socket. The loop reports it.
func (c *conn) pour() {
	x := c.exchange
	before := c.written
	for c.unsent() > 0 || x.sending != nil && x.sending.load(c) {
		n, err := c.write(c.rest.front())
		c.rest.advance(n)
		if err == kernel.ErrWouldBlock {
			break
		}
		if err != nil {
			c.extra().broken = err
			break
		}
	}
	if x.traced {
		c.traceSent(int(c.written - before))
	}
	if c.written > before {
		x.progress()
	}
	if c.broken != nil {
		c.ask(loop.Read)
	} else if c.ask(c.wanted()); c.unsent() == 0 && x.phase == writing && x.sentAll() {
		x.info.Timing.FirstByte = -1 // that of a 100 does not count
		x.enter(awaiting)
	}
}

// write writes a prefix of p, through TLS if there is any.
func (c *conn) write(p []byte) (int, error) {
	if c.tls != nil {
		return c.seal(p)
	}
	n, err := c.put(p)
	if err != nil {
		return 0, err
	}
	c.written += int64(n)
	return n, nil
}

// read feeds the exchange with what the socket has. A read that did not fill
// the buffer emptied the socket: there is no need to ask again.
func (c *conn) read() {
	s, x := c.stream, c.exchange
	for range maxReads {
		room := c.buffer()
		n, err := c.recv(room)
		if err == kernel.ErrWouldBlock {
			return
		}
		if x.traced {
			c.trace(Trace{Op: TraceReceived, Bytes: n})
		}
		c.emptied = n < len(room)
		data := s.scratch[:n]
		if err != nil {
			c.extra().ended = err
		}
		if c.tls != nil && (err == nil || err == io.EOF) {
			data = c.unseal(data)
		}
		if len(data) > 0 && !x.feed(data) {
			return
		}
		switch {
		case c.ended == nil && (c.emptied || x.paused):
			return
		case c.ended == nil:
		case c.ended == io.EOF:
			x.feedEOF()
			return
		default:
			c.failed(c.ended)
			return
		}
	}
}

// failed is for a connection that ended out of order: by the kernel's word, or
// by TLS, where a server may say only after the handshake what it disliked.
func (c *conn) failed(err error) {
	x := c.exchange
	if _, ok := err.(*tlsconn.Error); !ok {
		x.reset(err)
	} else if x.reader != nil {
		x.fail(TLS, err)
	} else {
		x.lost(TLS, err)
	}
}

// quiet reports whether the server has said nothing since the last response.
// It looks into memory of its own: this may be called from a readback, whose
// response lies in the stream's.
func (c *conn) quiet() bool {
	s := c.stream
	for {
		n, err := c.recv(s.probe[:])
		switch {
		case err == kernel.ErrWouldBlock:
			return true
		case err != nil || c.tls == nil || !c.quietTLS(s.probe[:n]):
			return false
		case n < len(s.probe):
			return true
		}
	}
}
