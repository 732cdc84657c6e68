package sched

import (
	"errors"
	"io"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// A reader makes a Response of bytes. It is attached to an exchange from the
// first byte to the end of the readback: a request that waits has none, which
// is most of what makes it small.
type reader struct {
	parser httpwire.Parser
	head   *httpwire.Head // the parser's; nil: not complete
	headBy time.Duration  // when it has to be; never: there is no such time
	end    httpwire.Fields
	body   body
	resp   Response
}

func (s *Stream) takeReader(x *exchange) *reader {
	var r *reader
	if n := len(s.readers); n > 0 {
		r = s.readers[n-1]
		s.readers = s.readers[:n-1]
		s.keptBodies -= cap(r.body.kept)
	} else {
		r = &reader{}
		r.parser.Limits.Head = s.options.MaxHead
	}
	r.parser.Expect(x.req.method())
	if x.req.Upgrade {
		r.parser.ExpectUpgrade()
	}
	return r
}

func (s *Stream) putReader(r *reader) {
	r.body.reset()
	r.head, r.end, r.resp = nil, httpwire.Fields{}, Response{}
	r.parser.Release()
	if len(s.readers) == keptSpares {
		return
	}
	if s.keptBodies+cap(r.body.kept) > keptBodies {
		r.body.kept = nil
	}
	s.keptBodies += cap(r.body.kept)
	s.readers = append(s.readers, r)
}

// feed gives data, which lies in the scratch, to the parser. It reports
// whether the message goes on; if not, x has ended or begun anew.
func (x *exchange) feed(data []byte) bool {
	begins := x.reader == nil
	if begins {
		x.reader = x.stream.takeReader(x)
		x.reader.headBy = never
	}
	switch first := &x.info.Timing.FirstByte; {
	case x.phase == reading:
		x.progress()
	case x.phase == writing:
		*first = 0 // it answers before it has heard all
		x.enter(reading)
	default:
		if *first < 0 {
			*first = x.stream.loop.Time() - x.since
		}
		if d := x.stream.options.HeadTimeout; d >= 0 && x.reader.headBy < 0 {
			x.reader.headBy = x.since + d
		}
		x.enter(reading)
	}
	if begins && x.traced {
		x.trace(Trace{Op: TraceFirstByte})
	}
	x.reader.parser.Feed(data)
	return x.parse()
}

// feedEOF tells the parser that the server sent FIN.
func (x *exchange) feedEOF() {
	switch {
	case x.reader != nil:
		x.reader.parser.FeedEOF()
		x.parse()
	case x.conn.broken != nil:
		x.lost(Reset, x.conn.broken)
	default:
		x.lost(EmptyReply, errors.New("the server closed the connection without a reply"))
	}
}

// reset is for a connection that failed, or that ended without the close_notify
// of TLS: then nobody knows whether this was the end.
func (x *exchange) reset(err error) {
	if err == io.ErrUnexpectedEOF {
		if x.reader == nil || x.reader.parser.State() != httpwire.BodyUntilClose {
			x.feedEOF()
			return
		}
		x.fail(TruncatedBody, errors.New("the TLS connection was cut: this may not be the whole body"))
		return
	}
	if x.reader != nil {
		x.fail(Reset, err)
		return
	}
	x.lost(Reset, err)
}

// parse takes events from the parser while there are any.
func (x *exchange) parse() bool {
	r := x.reader
	for {
		var unread []byte
		raw := x.req.Raw && r.head != nil
		if raw {
			unread = r.parser.Unread()
		}
		e, err := r.parser.NextEvent()
		if raw {
			// What was read for this event: framing, content, or both. What the
			// parser does not like came, too.
			if err == nil {
				unread = unread[:len(unread)-len(r.parser.Unread())]
			}
			if !x.takeBody(unread, false) {
				return false
			}
			e.Data = nil
		}
		if err != nil {
			x.fail(kindOf(err), err)
			return false
		}
		switch e.Kind {
		case httpwire.NeedData:
			r.body.settle()
			return true
		case httpwire.GotInterim:
			x.trace(Trace{Op: TraceInterim, Head: e.Head})
			if !x.interim(e.Head) {
				return false
			}
		case httpwire.GotHead:
			r.head = e.Head
			if x.taker != nil {
				x.taker.takeHead(x)
			}
			if x.traced {
				x.trace(Trace{Op: TraceHead, Head: e.Head})
			}
			if kind, err := x.startBody(); err != nil {
				x.fail(kind, err)
				return false
			}
		case httpwire.GotData:
			if !x.takeBody(e.Data, false) {
				return false
			}
		case httpwire.GotEnd:
			r.end = e.Trailer
			switch {
			case !x.takeBody(nil, true):
			case x.req.opensTunnel(r.head):
				x.handOver()
			default:
				x.finish()
			}
			return false
		}
	}
}

// interim takes a 1xx, and reports whether x goes on to what follows it.
func (x *exchange) interim(h *httpwire.Head) bool {
	r := x.reader
	if x.req.OnInterim != nil {
		generation := x.generation
		r.resp = r.headed(x, h)
		x.req.OnInterim(&r.resp)
		if !x.reading(generation) {
			return false
		}
	}
	if h.Status == 100 && x.sending != nil {
		x.sending.mayBegin()
	}
	if len(r.parser.Unread()) == 0 { // so far there is nothing of the response itself
		if x.sentAll() {
			x.enter(awaiting)
		} else {
			x.enter(writing)
		}
	}
	return true
}

// response returns what has been read, or nil before the head is complete.
func (r *reader) response(x *exchange) *Response {
	if r.head == nil {
		return nil
	}
	r.resp = r.headed(x, r.head)
	r.resp.Trailer = r.end
	r.resp.Body = r.body.bytes()
	r.resp.Decoded = r.body.decoder != nil
	return &r.resp
}

// headed returns a response that is only its head.
func (r *reader) headed(x *exchange, h *httpwire.Head) Response {
	resp := Response{
		Request: x.req,
		Proto:   "HTTP/1.1",
		Status:  h.Status,
		Reason:  h.Reason,
		Header:  h.Fields,
		Info:    x.info,
	}
	if h.Minor == 0 {
		resp.Proto = "HTTP/1.0"
	}
	return resp
}

// kindOf says what kind of failure a parser's error is.
func kindOf(err error) Kind {
	for _, k := range [...]struct {
		class error
		kind  Kind
	}{
		{httpwire.ErrEmptyReply, EmptyReply},
		{httpwire.ErrTruncatedHead, TruncatedHead},
		{httpwire.ErrTruncatedBody, TruncatedBody},
		{httpwire.ErrHeadTooLarge, HeadTooLarge},
		{httpwire.ErrMalformedBody, MalformedBody},
	} {
		if errors.Is(err, k.class) {
			return k.kind
		}
	}
	return MalformedHead
}
