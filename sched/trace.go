package sched

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
)

// TraceOp says which step a Trace tells of.
type TraceOp uint8

// The steps, in the order in which a request may meet them. In brackets is what
// their Trace holds besides At, Op, FD and Request.
const (
	TraceLookup        TraceOp = iota + 1 // the name service is asked [Host]
	TraceFound                            // it has answered [Host, and Addrs or Err]
	TraceQueued                           // no connection or descriptor is free [Err: there is none to be had]
	TraceUnqueued                         // the wait is over, well or not [Delay: how long it was]
	TraceConnect                          // add_handler WRITE [Addr]
	TraceConnected                        // [Addr]
	TraceConnectFailed                    // or another address was faster [Addr, Err]
	TraceTunnel                           // a proxy is asked for a way [Addr: the proxy's]
	TraceTunnelled                        // [Err: it refused]
	TraceHandshake                        // TLS begins [Host: whom the certificate must name]
	TraceSecured                          // [TLS, or Err]
	TraceUse                              // the request has its connection [Addr, Idle, Wire]
	TraceSent                             // bytes written [Bytes]
	TraceWroteHead                        // the head, and what went out with it, was written
	TraceWrote                            // all of the request was written [Err: it never will be]
	TraceUpdate                           // update_handler [Events]
	TraceReceived                         // bytes read; none: FIN [Bytes]
	TraceFirstByte                        // the response begins
	TraceInterim                          // a 1xx [Head]
	TraceHead                             // [Head]
	TraceWhole                            // the response is whole
	TraceHandOver                         // the connection is the readback's from now on
	TraceKept                             // the connection waits for another request
	TraceClose                            // remove_handler, close [Reason]
	TraceReplay                           // a kept connection was gone: sent again [Err]
	TraceRedirect                         // a redirect is followed [Response]
	TraceAgain                            // with credentials, or with the body (see AuthDigest), or without Expect [Response]
	TraceRetry                            // tried again, by Request.Retry [Delay, and Response or Err]
	TraceReadback                         // the readback is called [Readback, and Response or Err]
	TraceDelay                            // the next request waits [Delay]
)

// Trace is one step of an exchange. It is valid while the hook runs, which is
// on the loop's goroutine, in the middle of things: the hook must not call
// methods of the Stream, or of a Chain. TraceOp tells which fields are set.
type Trace struct {
	At       time.Duration // on the loop's scale
	Op       TraceOp
	FD       int      // -1: no socket
	Request  *Request // nil: the connection is nobody's
	Host     string
	Addr     netip.AddrPort
	Addrs    []netip.Addr // shared: they must not be changed
	Events   loop.Events
	Bytes    int
	Idle     time.Duration // how long the connection was; negative: it is new
	Wire     []byte        // the head of the request, as it will be written
	Delay    time.Duration
	TLS      *tls.ConnectionState
	Head     *httpwire.Head
	Response *Response
	Readback Readback
	Reason   CloseReason
	Err      error
}

// traces reports whether anybody hears of the steps of r.
func (s *Stream) traces(r *Request) bool {
	return r != nil && (s.options.Trace != nil || r.Trace != nil)
}

// trace tells of a step of x. What every request goes through looks at traced
// first: a Trace that nobody wants is not worth filling in.
func (x *exchange) trace(t Trace) {
	if !x.traced {
		return
	}
	t.At, t.FD, t.Request = x.stream.loop.Time(), -1, x.req
	if x.conn != nil {
		t.FD = x.conn.fd
	}
	x.stream.tell(t)
}

// traced reports whether anybody hears of the steps of c.
func (c *conn) traced() bool {
	if x := c.exchange; x != nil {
		return x.traced
	}
	return c.stream.options.Trace != nil
}

// trace tells of a step of c, which may be nobody's.
func (c *conn) trace(t Trace) { c.traceOn(c.fd, t) }

// traceOn is trace for a socket that is not yet the connection's.
func (c *conn) traceOn(fd int, t Trace) {
	if !c.traced() {
		return
	}
	t.At, t.FD = c.stream.loop.Time(), fd
	if c.exchange != nil {
		t.Request = c.exchange.req
	}
	c.stream.tell(t)
}

func (s *Stream) tell(t Trace) {
	if t.Request != nil && t.Request.Trace != nil {
		t.Request.Trace(t)
	}
	if s.options.Trace != nil {
		s.options.Trace(t)
	}
}

// traceFailure ends the step that x was in, so that each that was told to begin
// is told to end.
func (x *exchange) traceFailure(err error) {
	switch x.phase {
	case resolving:
		x.trace(Trace{Op: TraceFound, Host: x.askedFor(), Err: err})
	case connecting:
		for _, a := range x.way.attempts {
			x.conn.traceOn(a.fd, Trace{Op: TraceConnectFailed, Addr: a.to, Err: err})
		}
	case tunnelling:
		x.trace(Trace{Op: TraceTunnelled, Err: err})
	case shaking:
		x.trace(Trace{Op: TraceSecured, Err: err})
	case writing:
		if x.conn.broken == nil { // else it was told
			x.trace(Trace{Op: TraceWrote, Err: err})
		}
	}
}

// traceUse tells which connection x has got.
func (x *exchange) traceUse() {
	t := Trace{Op: TraceUse, Addr: x.conn.remote, Idle: never, Wire: x.stream.encoded}
	if x.conn.since >= 0 {
		t.Idle = x.stream.loop.Time() - x.conn.since
	}
	x.trace(t)
}

// traceSent tells what a flush has written.
func (c *conn) traceSent(n int) {
	c.trace(Trace{Op: TraceSent, Bytes: n})
	unsent := c.unsent()
	if !c.toldHead && unsent-c.rest.bodyLen() == 0 {
		c.toldHead = true
		c.trace(Trace{Op: TraceWroteHead})
	}
	if c.broken != nil {
		c.trace(Trace{Op: TraceWrote, Err: c.broken})
	} else if unsent == 0 && c.exchange.sentAll() {
		c.trace(Trace{Op: TraceWrote})
	}
}
