package sched

import (
	"errors"
	"io"
	"sync"
)

// A duplex is the body of a response behind which another protocol begins: a
// stream that is read and written. What is read comes by the spool; what is
// written goes to the loop piece by piece, and a Write returns when the socket
// has taken what came before it, so that a slow peer holds up its writer.
type duplex struct {
	*spool
	call *call
	conn *Conn // the loop's

	writing sync.Mutex // one Write at a time
	piece   []byte     // of the Write that is under way
	wrote   chan error // the loop has taken the piece, or the connection has ended

	pending bool  // the loop's: the piece waits for room
	ended   error // the loop's: nothing can be written any more, and why
}

// writeSize is how much of a Write the loop is given at once.
const writeSize = 64 << 10

var errWriteClosed = errors.New("the connection is closed for writing")

// handOver makes the connection of resp, which the readback runs for, the body
// of the response. It does not count among the connections of its host any more.
func (c *call) handOver(conn *Conn) {
	d := &duplex{spool: &c.reply.spool, call: c, conn: conn, wrote: make(chan error, 1)}
	c.duplex = d
	conn.Take(ConnHandler{
		OnData:  d.take,
		OnDrain: d.drain,
		OnEnd:   d.end,
	})
	key := conn.conn.Key()
	conn.conn.leave()
	conn.conn.stream.waiting.freed(key)
}

// take is OnData.
func (d *duplex) take(data []byte) {
	if d.put(data) {
		d.conn.Pause()
	}
	d.call.engine.note(d.call)
}

// drain is OnDrain.
func (d *duplex) drain() {
	if d.pending {
		d.write()
	}
}

// end is OnEnd.
func (d *duplex) end(cause error) {
	d.spool.end(cause, nil)
	d.call.engine.note(d.call)
	if cause != nil {
		d.ended = cause
		d.answer(cause)
	}
}

// write takes the piece, if the one before it is gone.
func (d *duplex) write() {
	d.pending = true
	switch {
	case d.ended != nil:
		d.answer(d.ended)
	case d.conn.Buffered() == 0:
		_, err := d.conn.Write(d.piece)
		d.answer(err)
	}
}

// answer lets the Write that is under way go on.
func (d *duplex) answer(err error) {
	if d.pending {
		d.pending = false
		d.wrote <- err
	}
}

// perform does what a goroutine asked for.
func (d *duplex) perform(do task) {
	switch do {
	case resume:
		d.conn.Resume()
	case write:
		d.write()
	case closeWrite:
		d.conn.CloseWrite()
		d.ended = errWriteClosed
	case abandon:
		d.ended = errWriteClosed
		d.answer(errWriteClosed)
		d.conn.Close()
	}
}

// Write writes p. Writes of several goroutines do not mix.
func (d *duplex) Write(p []byte) (n int, err error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	for n < len(p) {
		d.piece = p[n:min(len(p), n+writeSize)]
		if err := d.call.station.post(d.call, write); err != nil {
			return n, err
		}
		if err := <-d.wrote; err != nil {
			return n, err
		}
		n += len(d.piece)
	}
	return n, nil
}

// CloseWrite ends the writing. What the peer says can still be read.
func (d *duplex) CloseWrite() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	return d.call.station.post(d.call, closeWrite)
}

// Close closes the connection.
func (d *duplex) Close() error {
	d.spool.Close()
	d.call.station.post(d.call, abandon)
	return nil
}

// send writes what body gives, and closes that: it is for the body of a CONNECT.
func (d *duplex) send(body io.ReadCloser) {
	io.Copy(struct{ io.Writer }{d}, body)
	body.Close()
}
