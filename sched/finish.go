package sched

// This file holds the three ways out of an exchange: it was answered, it
// failed, it was called off. Each lets go of all that the exchange held before
// the readback runs, so that the readback may do anything: add, cancel, close,
// even panic.

// finish hands a whole response to the readback.
func (x *exchange) finish() {
	s, c, r := x.stream, x.conn, x.reader
	if x.traced {
		x.trace(Trace{Op: TraceWhole})
	}
	x.info.Timing.Total = s.loop.Time() - x.started
	t := c.tally
	t.answered(r.head.Status, &x.info.Timing)
	resp := r.response(x)
	if s.options.Jar != nil {
		s.takeCookies(x.req, resp)
	}

	sentAll := x.sentAll()
	x.dropSending()
	x.reader = nil
	c.served++
	if r.parser.Reusable() && c.ended == nil && sentAll && c.unsent() == 0 && !asksToClose(x.req) && (c.emptied || c.quiet()) {
		c.heed(resp)
		s.keep(c)
	} else {
		c.close(ClosedDone)
	}
	x.conn, c.exchange = nil, nil

	next, err := x.redirected(resp)
	switch {
	case err != nil:
		t.failed(Redirect, 1)
		e := x.error(Redirect, err)
		e.Response, e.Sent = resp, true
		x.deliver(nil, e)
	case next != nil:
		t.Redirects++
		x.trace(Trace{Op: TraceRedirect, Response: resp})
		if x.tellRedirect(resp) {
			x.req = next
			x.attempt()
		}
	case x.again:
		x.trace(Trace{Op: TraceAgain, Response: resp})
		if x.tellRedirect(resp) {
			x.attempt()
		}
	case x.retryStatus(resp):
	default:
		t.Total.Record(x.info.Timing.Total)
		x.deliver(resp, nil)
	}
	s.putReader(r)
}

// fail ends the exchange with an error, now: it is for the loop's own calls.
func (x *exchange) fail(kind Kind, err error) {
	e := x.note(kind, err)
	r := x.release()
	if !x.retryError(e) {
		x.deliver(nil, e)
	}
	if r != nil {
		x.stream.putReader(r)
	}
}

// failLater ends the exchange with an error, in the next turn: it is for the
// calls that a user made, whose readback must not run inside them.
func (x *exchange) failLater(kind Kind, err error) {
	e := x.note(kind, err)
	r := x.release()
	x.phase, x.aside().failure = failing, e
	generation := x.generation
	x.stream.loop.AddCallback(func() {
		if x.phase == failing && x.generation == generation && !x.retryError(e) {
			x.deliver(nil, e)
		}
		if r != nil {
			x.stream.putReader(r)
		}
	})
}

// cancel calls the exchange off.
func (x *exchange) cancel(why error) {
	x.last = true
	if x.phase != answering && x.phase != failing {
		x.failLater(Cancelled, why)
	}
}

// close calls the exchange off at once: the stream is being closed, perhaps by
// this very readback.
func (x *exchange) close() {
	x.last = true
	switch x.phase {
	case answering:
	case failing:
		x.deliver(nil, x.failure)
	default:
		x.fail(Cancelled, ErrClosed)
	}
}

// note describes a failure, counts it and tells of it.
func (x *exchange) note(kind Kind, err error) *Error {
	t := x.tally()
	t.failed(kind, 1)
	t.took(&x.info.Timing)
	x.traceFailure(err)
	return x.error(kind, err)
}

// error describes a failure, with what had arrived.
func (x *exchange) error(kind Kind, err error) *Error {
	x.info.Timing.Total = x.stream.loop.Time() - x.started
	e := &Error{Kind: kind, Phase: x.phase.public(), Info: x.info, Err: err}
	if x.phase == delayed {
		e.Timing.Total = 0
	}
	if r := x.req; r != nil {
		e.Method = r.method()
		if r.URL != nil {
			e.URL = r.URL.Redacted()
			if r.URL.Host == "" { // then package url does not know where the password stands
				e.URL = withoutPassword(r.URL.String())
			}
			e.Addr = r.URL.Host
		}
		if r.UnixSocket != "" {
			e.Addr = r.UnixSocket
		}
	}
	if x.info.Remote.IsValid() {
		e.Addr = x.info.Remote.String()
	}
	e.Sent = x.replayed || x.conn != nil && x.conn.written > 0
	if x.reader != nil {
		e.Response = x.reader.response(x)
	}
	return e
}

// release lets go of whatever x holds in its phase, and returns its reader,
// whose bytes the error may show.
func (x *exchange) release() *reader {
	s := x.stream
	switch {
	case x.way != nil && x.way.waiter != nil:
		x.way.waiter.Cancel()
		x.way.waiter = nil
		s.asking--
	case x.phase == queued:
		s.waiting.quit(x)
	}
	x.dropSending()
	if x.conn != nil {
		x.conn.close(x.broken())
		x.conn = nil
	}
	r := x.reader
	x.reader = nil
	return r
}

// broken says why the connection of x is closed in the midst of its phase.
func (x *exchange) broken() CloseReason {
	switch {
	case x.stream.closed:
		return ClosedStream
	case x.phase == connecting, x.phase == tunnelling, x.phase == shaking:
		return ClosedUnconnected
	}
	return ClosedFailed
}

// deliver calls the readback, and follows it. A panic in the readback ends the
// chain and goes on to the loop, which knows what to do with it.
func (x *exchange) deliver(resp *Response, e *Error) {
	x.phase = answering
	if e != nil {
		x.stream.failed++
	} else {
		x.stream.answered++
	}
	if x.stream.options.Logger != nil {
		x.log(resp, e)
	}
	var next Next
	if x.readback != nil {
		if x.traced {
			x.trace(Trace{Op: TraceReadback, Readback: x.readback, Response: resp, Err: errOrNil(e)})
		}
		returned := false
		defer func() {
			if !returned {
				x.end()
			}
		}()
		if e != nil {
			next = x.readback(nil, e)
		} else {
			next = x.readback(resp, nil)
		}
		returned = true
	}
	x.follow(next)
}

// errOrNil keeps a nil *Error from becoming an error that is not nil.
func errOrNil(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

// asksToClose reports whether the request said that it is the last one on its
// connection.
func asksToClose(r *Request) bool {
	return hasToken(r.Header, "Connection", "close") || r.HTTP10 && !hasToken(r.Header, "Connection", "keep-alive")
}
