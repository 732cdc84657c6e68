package sched

import (
	"errors"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// A sending is a body on its way out, where it does not simply stand in memory
// and go out with its head. It belongs to one attempt.
//
//	opening ──▶ flowing ──▶ complete
//	              ▲
//	asking ───────┘
type sending struct {
	exchange *exchange
	stage    stage
	pump     *pump  // nil: nothing is read, or not yet
	whole    *piece // of a body in memory; nil once it is taken
	current  *piece // being written; nil: none
	sent     int64  // bytes of the body in the pieces before it
	told     int64  // and what OnSent knows
}

type stage uint8

const (
	opening  stage = iota // the head waits for the first piece, to go out with it
	asking                // the head goes out, or is out, and waits for a 100
	flowing               // the pieces go out as they come
	complete              // the last one has been written
)

// readerDelay is how long a head waits for the first piece of its body, to go out
// with it, and a last piece for the body's end, to be the last for certain. With a
// file that is a moment. But a body that is made as it goes may need the server
// to begin, or may not know that it has to end.
const readerDelay = 50 * time.Millisecond

// What a trace is told of a request that its answer cut short.
var errAnswered = errors.New("the response came before all of the request was written")

var errTooSoon = errors.New("the server closed the connection, or spoke, before it was asked")

// bodyApart reports whether the body goes out by a sending.
func (r *Request) bodyApart() bool {
	return r.Upload != nil || len(r.Body) > 0 && (r.ExpectContinue > 0 || r.OnSent != nil)
}

// bodyLength is what the head says of the body: bytes, or httpwire.Chunked.
func (r *Request) bodyLength() int64 {
	if r.Upload != nil {
		return r.Upload.Length
	}
	return int64(len(r.Body))
}

// asksFirst reports whether this attempt waits for a 100 before its body.
func (x *exchange) asksFirst() bool {
	r := x.req
	return r.ExpectContinue > 0 && !r.HTTP10 && !x.refused && r.bodyLength() != 0 && !x.probes()
}

// spent reports whether the body was read, and cannot be read again.
func (x *exchange) spent() bool {
	return x.req.Upload != nil && x.req.Upload.Once && x.opened
}

// sentAll reports whether there is nothing more to write than c has.
func (x *exchange) sentAll() bool { return x.sending == nil || x.sending.stage == complete }

// startSending sends the head, which lies in the stream's buffer, and what there
// is of the body.
func (x *exchange) startSending() {
	c, b := x.conn, x.sending
	c.written, c.toldHead = 0, false
	c.mend()
	if b == nil {
		b = &sending{exchange: x}
		if x.asksFirst() {
			b.stage = asking
		}
		x.aside().sending = b
		if b.stage == opening {
			b.start()
		}
	}
	x.enter(writing)
	switch {
	case b.stage == asking:
		c.send(x.stream.encoded, nil)
	case b.next():
		b.sendHead()
	default:
		c.ask(c.wanted())
	}
}

// start begins with the body. Its first piece comes later, if it is in memory,
// too: a user's Add may be waiting for us.
func (b *sending) start() {
	x := b.exchange
	if u := x.req.Upload; u != nil {
		x.aside().opened = true
		b.pump = newPump(b, u, x.stream)
		return
	}
	x.stream.loop.AddCallback(func() {
		if x.sending == b {
			b.whole = &piece{wire: x.req.Body, content: len(x.req.Body), end: true}
			b.goOn()
		}
	})
}

// goOn goes on with a piece that has come, if there is a connection to go on
// with. It is for the loop's own calls.
func (b *sending) goOn() {
	x := b.exchange
	if x.phase != writing && x.phase != reading {
		return
	}
	switch c := x.conn; {
	case b.stage == opening && b.next():
		b.sendHead()
	case b.stage == flowing && c.unsent() == 0 && c.broken == nil:
		x.progress() // until now it was not the server who let us wait
		if b.pump == nil || !b.pump.holds() {
			c.flush()
		} else {
			x.arm()
		}
	}
}

// sendHead sends the head, and the first piece if it is there.
func (b *sending) sendHead() {
	x := b.exchange
	if err := x.encode(); err != nil {
		x.fail(InvalidRequest, err)
		return
	}
	b.stage = flowing
	x.enter(writing)
	var first []byte
	if b.current != nil {
		first = b.current.wire
	}
	x.conn.send(x.stream.encoded, first)
}

// next sees to it that there is a current piece, and reports whether there is.
func (b *sending) next() bool {
	switch {
	case b.current != nil:
	case b.pump != nil:
		b.current = b.pump.take()
	default:
		b.current, b.whole = b.whole, nil
	}
	return b.current != nil
}

// load gives c the next piece to write, once it has written the one before. It
// reports whether there is one.
func (b *sending) load(c *conn) bool {
	for b.stage == flowing {
		if p := b.current; p != nil {
			b.sent += int64(p.content)
			b.current = nil
			if p.end {
				b.stage = complete
				return false
			}
			b.pump.want()
		}
		if !b.next() {
			return false
		}
		if len(b.current.wire) > 0 {
			if c.rest == nil {
				c.rest = &rest{}
			}
			c.rest.body = b.current.wire
			return true
		}
	}
	return false
}

// flushed sets the deadline that holds now, and tells OnSent.
func (b *sending) flushed() {
	x := b.exchange
	x.arm()
	if x.req.OnSent == nil {
		return
	}
	sent := b.sent
	if p := b.current; p != nil && x.req.bodyLength() != httpwire.Chunked {
		sent += max(0, int64(len(p.wire)-x.conn.rest.len()))
	}
	if sent > b.told {
		b.told = sent
		x.req.OnSent(sent)
	}
}

// limit is how long the server, or the body, may let us wait in this stage; false
// where the phase decides.
func (b *sending) limit() (time.Duration, bool) {
	x := b.exchange
	switch {
	case b.stage == opening:
		return readerDelay, true
	case x.conn.unsent() > 0:
		return 0, false
	case b.stage == asking && x.phase == writing:
		return x.req.ExpectContinue, true
	case b.stage == flowing && b.pump != nil && b.pump.holds():
		return readerDelay, true
	case b.stage == flowing:
		return never, true // it is the body that has nothing to give
	}
	return 0, false
}

// tired goes on without what was waited for: the first piece, the 100, or the end
// of the body. It reports whether it was one of these.
func (b *sending) tired() bool {
	x := b.exchange
	switch {
	case x.phase != writing && x.phase != reading || x.conn.unsent() > 0:
		return false
	case b.stage == flowing && b.pump != nil && b.pump.holds():
		b.pump.sure = true
		b.goOn()
	case x.phase == reading:
		return false
	case b.stage == opening:
		b.sendHead()
	case b.stage == asking:
		b.mayBegin()
		x.enter(writing)
	default:
		return false
	}
	return true
}

// mayBegin ends the wait for a 100.
func (b *sending) mayBegin() {
	if b.stage == asking {
		b.stage = flowing
		b.start()
	}
}

// rewind is for a connection that was lost before a byte was written. What has
// been read of the body is good for the next one: at most the first piece was
// taken, and it is still here.
func (b *sending) rewind() {
	if b.stage == flowing {
		b.stage = opening
	}
}

// dropSending ends what is being sent. The body is not read any further.
func (x *exchange) dropSending() {
	b := x.sending
	if b == nil {
		return
	}
	if b.stage != complete && x.phase == reading {
		x.trace(Trace{Op: TraceWrote, Err: errAnswered})
	}
	x.aside().sending = nil
	if b.pump != nil {
		b.pump.stop()
	}
	if c := x.conn; c != nil && c.rest.len() == 0 {
		c.rest = nil // it holds the last piece's memory
	}
}

// expectFailed reports whether a response with this status only says that the
// server does not like Expect, so that the request is sent again without it:
// which it may be, if nobody has had any of its body, or if it is replayable.
func (x *exchange) expectFailed(status int) bool {
	return status == 417 && x.taker == nil && x.asksFirst() && (x.sending.stage == asking || x.req.replayable() && !x.spent())
}
