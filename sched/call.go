package sched

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/qqloop/qqloop/httpwire"
)

// A call is one RoundTrip: a request on its way to the loop, and a response on
// its way back. It changes hands: the caller's until it is submitted, then the
// loop's, and the caller's again once answered has been sent to; what is the
// loop's even then, because the body goes on, is marked.
type call struct {
	station  *station
	engine   *engine // since it was submitted
	ctx      context.Context
	method   string
	request  Request
	detour   detour  // of its exchange
	length   int64   // of the body; negative: it is sent in chunks
	source   *source // nil: the body is in memory, or there is none
	asksGzip bool    // of our own accord
	cause    error   // for which it is called off, if not the context's
	hooks    *hooks  // nil: nobody hears
	release  func()  // lets go of Request.Cancel; nil: there is none

	answered chan struct{} // holds one: the call is answered
	readback Readback      // c.read, bound once
	chain    Chain         // the loop's
	noted    bool          // the loop's: it is in engine.fed
	told     bool          // the loop's: answered has been sent to
	over     bool          // the loop's: nothing more will come

	duplex *duplex // nil: HTTP goes on
	reply  *reply  // nil: there is no response, but an error
	err    error
	whole  bool // nothing is left to come

	// Memory: of the request's header, of its names, and of the response's
	// fields.
	sent  httpwire.Header
	names []string
	got   httpwire.Header
}

var calls = sync.Pool{New: func() any {
	c := &call{answered: make(chan struct{}, 1)}
	c.readback = c.read
	return c
}}

// errAbandoned ends an exchange whose body was closed. Nobody sees it.
var errAbandoned = errors.New("the body was closed")

// newCall returns a call for req, made and not sent. req's body is the caller's
// to close if it fails.
func (s *station) newCall(req *http.Request) (*call, error) {
	if err := usable(req); err != nil {
		return nil, &Error{Kind: InvalidRequest, Phase: PhaseQueue, Err: err}
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := calls.Get().(*call)
	c.station, c.ctx = s, ctx
	//lint:ignore SA1019 it is deprecated, and still used
	if legacy := req.Cancel; legacy != nil {
		c.heedCancel(legacy)
	}
	if err := c.make(req); err != nil {
		c.letGo()
		return nil, err
	}
	return c, nil
}

// errRequestCancel is what a closed Request.Cancel is told as.
var errRequestCancel = errors.New("the request was cancelled by its Cancel channel")

// heedCancel makes Request.Cancel, which came before contexts, one of them. That
// costs a goroutine, for those who use it.
func (c *call) heedCancel(closed <-chan struct{}) {
	ctx, end := context.WithCancelCause(c.ctx)
	go func() {
		select {
		case <-closed:
			end(errRequestCancel)
		case <-ctx.Done():
		}
	}()
	c.ctx, c.release = ctx, func() { end(nil) }
}

// letGo is called once the context of c matters no more.
func (c *call) letGo() {
	if c.release != nil {
		c.release()
	}
}

// send submits c, whose request has been made, and waits for the answer.
func (c *call) send(req *http.Request) (*http.Response, error) {
	s := c.station
	c.hooks.getConn()
	if err := s.post(c, submit); err != nil {
		c.letGo()
		closeBody(req)
		return nil, err
	}
	calledOff := c.wait()
	r, err := c.reply, c.err
	if c.whole && c.duplex == nil {
		c.source.close()
	}
	if err == nil && c.hooks.failure() != nil {
		r.spool.Close()
		err = c.hooks.failure()
	}
	if err != nil {
		c.letGo()
		return nil, err
	}
	r.finish(req, c)
	if !c.whole {
		r.spool.watch(c)
		return &r.Response, nil
	}
	c.letGo()
	if !calledOff && c.duplex == nil { // else that job may still be on its way
		c.recycle()
	}
	return &r.Response, nil
}

// wait waits for the answer, and calls c off if its context ends, or a hook
// fails, before that: the loop answers then, too. It reports whether it did.
func (c *call) wait() (calledOff bool) {
	done, more := c.ctx.Done(), c.hooks.more()
	for {
		select {
		case <-c.answered:
			c.hooks.run()
			return calledOff
		case <-done:
		case <-more:
			if c.cause = c.hooks.run(); c.cause == nil {
				continue
			}
		}
		calledOff, done, more = true, nil, nil
		c.station.post(c, cancel)
	}
}

// recycle gives c to whoever calls next.
func (c *call) recycle() {
	clear(c.sent)
	clear(c.names)
	clear(c.got)
	*c = call{answered: c.answered, readback: c.readback, sent: c.sent[:0], names: c.names[:0], got: c.got[:0]}
	calls.Put(c)
}

// why is the reason for which c is called off.
func (c *call) why() error {
	if c.cause != nil {
		return c.cause
	}
	return context.Cause(c.ctx)
}

// takePiece hands a piece of the body on.
func (c *call) takePiece(x *exchange, piece []byte) {
	if c.reply.spool.put(piece) {
		x.paused = true
		c.engine.full = append(c.engine.full, x)
	}
	c.engine.note(c)
}

// appetite is small until somebody reads: what is read must be kept.
func (c *call) appetite() int {
	if c.reply == nil {
		return firstRead
	}
	return c.reply.spool.appetite()
}

// read is the readback.
func (c *call) read(resp *Response, err error) Next {
	c.over = true
	if c.told && c.source != nil && !c.source.taken.Load() {
		go c.source.close() // it may block
	}
	switch {
	case c.reply == nil:
		c.err = c.failure(err)
	case err != nil:
		c.reply.spool.end(c.failure(err), nil)
	case resp.Conn != nil:
		c.handOver(resp.Conn)
	default:
		c.reply.spool.end(nil, trailerOf(resp.Trailer))
	}
	c.engine.note(c)
	return Next{}
}

// tell answers the caller, or lets the reader of the body go on. It reports
// whether there was somebody to tell.
func (c *call) tell() bool {
	if c.told {
		return c.reply.spool.wake()
	}
	c.told, c.whole = true, c.over
	c.answered <- struct{}{}
	return true
}
