package sched

import (
	"errors"
	"slices"

	"github.com/qqloop/qqloop/httpwire"
)

// This file is how a connection is handed over: the response says that what
// follows it is not HTTP, and the readback takes what follows, or does not.

var errSwitchedEarly = errors.New("the server switched protocols before it had all of the request")

// opensTunnel reports whether another protocol begins behind a response: behind
// a 101, which the parser lets pass only if the request asked for it, and behind
// a 2xx to CONNECT (RFC 9110 sections 9.3.6 and 15.2.2).
func (r *Request) opensTunnel(h *httpwire.Head) bool {
	return h.Status == 101 || r.method() == "CONNECT" && h.Status/100 == 2
}

// throughProxies reports whether r needs a proxy to be a mere way to its server: a
// proxy that forwards requests takes Upgrade for itself (RFC 9110 section 7.8),
// and does not forward a CONNECT.
func (r *Request) throughProxies() bool { return r.Upgrade || r.method() == "CONNECT" }

// handOver gives the readback the response and the connection.
func (x *exchange) handOver() {
	s, c, r := x.stream, x.conn, x.reader
	if !x.sentAll() || c.unsent() > 0 {
		x.fail(MalformedHead, errSwitchedEarly)
		return
	}
	if x.traced {
		x.trace(Trace{Op: TraceWhole})
		x.trace(Trace{Op: TraceHandOver})
	}
	x.info.Timing.Total = s.loop.Time() - x.started
	c.tally.answered(r.head.Status, &x.info.Timing)
	c.tally.Total.Record(x.info.Timing.Total)
	resp := r.response(x)
	if s.options.Jar != nil {
		s.takeCookies(x.req, resp)
	}
	h := &Conn{conn: c, early: r.parser.Unread()}
	h.join(s)
	resp.Conn = h
	x.dropSending()
	x.reader, x.conn, c.exchange = nil, nil, nil
	c.served++
	defer func() { // the readback may panic
		h.settle()
		s.putReader(r)
	}()
	x.deliver(resp, nil)
}

// settle comes after the readback. Until now the bytes behind the head lay where
// they were read to.
func (h *Conn) settle() {
	switch {
	case h.closed:
	case h.handler == nil:
		h.shut(ClosedDone)
		h.why = ErrConnClosed
	default:
		if h.paused {
			h.early = slices.Clone(h.early)
		}
		h.goOn()
	}
}

// Take makes the connection the caller's: from now on handler hears of it. A
// readback that does not take the connection has it closed when it returns. To
// take it again hands it on to another handler.
//
// Nothing is called before the readback has returned.
func (h *Conn) Take(handler ConnHandler) {
	first := h.handler == nil
	h.handler = &handler
	if !first {
		return
	}
	if h.closed {
		h.endLater(h.why)
		return
	}
	c := h.conn
	l := c.stream.loop
	l.RemoveHandler(c.fd)
	c.want = h.wanted()
	if err := l.AddHandler(c.fd, c.want, h.ready); err != nil {
		h.shut(ClosedFailed)
		h.endLater(h.error("register", err))
	}
}

// endLater tells the handler of an end that it does not expect at this moment.
func (h *Conn) endLater(cause error) {
	if h.ended || h.handler == nil {
		return
	}
	h.ended = true
	h.conn.stream.loop.AddCallback(func() { h.handler.end(cause) })
}

func (h *ConnHandler) end(cause error) {
	if h != nil && h.OnEnd != nil {
		h.OnEnd(cause)
	}
}

// join puts h on the list of those that Stream.Close closes.
func (h *Conn) join(s *Stream) {
	h.next = s.handed
	if h.next != nil {
		h.next.prev = h
	}
	s.handed = h
}

// shut closes the connection and takes it off the list.
func (h *Conn) shut(why CloseReason) {
	s := h.conn.stream
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		s.handed = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	}
	h.prev, h.next = nil, nil
	h.closed = true
	h.out, h.gone, h.early = nil, 0, nil
	h.conn.close(why)
}

// closeHanded closes all connections that were handed over, and tells.
func (s *Stream) closeHanded() {
	for h := s.handed; h != nil; h = s.handed {
		h.shut(ClosedStream)
		h.why = ErrClosed
		if h.handler != nil && !h.ended {
			h.ended = true
			h.handler.end(ErrClosed)
		}
	}
}
