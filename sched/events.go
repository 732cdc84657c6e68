package sched

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// An EventSource is an event stream (WHATWG HTML, "server-sent events") that is
// followed for ever: when the connection ends, for whatever reason, the next
// one says which event was the last. It is one chain, whose readback returns
// the same request again.
type EventSource struct {
	// Request is what to follow. Its fields Accept, Cache-Control and
	// Last-Event-ID are set here. Timeouts.Stall is how long the stream may be
	// silent: servers send a comment now and then to show that they are there.
	Request *Request

	// OnEvent hears of each event, on the loop's goroutine. Its error ends the
	// chain, and OnEnd gets it.
	OnEvent func(httpwire.ServerEvent) error

	// OnRetry, if not nil, hears how long the stream wants a client to wait before
	// it connects again, whenever it says something new: before the event with
	// which it says so.
	OnRetry func(wait time.Duration)

	// OnBreak, if not nil, hears why a connection ended, and how long it will
	// be until the next attempt. The cause is nil if the server closed the
	// stream in order.
	OnBreak func(cause error, again time.Duration)

	// OnEnd, if not nil, is called once when the chain is over: cancelled,
	// closed, ended by OnEvent, or told by the server to go away: by status
	// 204 (then the cause is nil), or one of the 4xx but 408, 425 and 429, or by
	// content that is no event stream.
	OnEnd func(cause error)

	// LastEventID is where to begin; "" is wherever the server likes.
	LastEventID string

	// Wait is how long to wait before connecting again, unless the stream says.
	// Zero means 3 s. After each failure in a row it doubles, up to MaxWait, of
	// which zero means 1 min, and is drawn from its upper half.
	Wait, MaxWait time.Duration
}

// Events follows src. Cancel of the chain ends it.
func (s *Stream) Events(src EventSource) Chain {
	f := &follower{EventSource: src, stream: s, lastID: src.LastEventID}
	f.Wait = or(f.Wait, 3*time.Second)
	f.MaxWait = max(f.Wait, or(f.MaxWait, time.Minute))
	return s.Add(f.request(), f.readEnd)
}

// A follower is the state of an EventSource that is being followed.
type follower struct {
	EventSource
	stream *Stream
	parser httpwire.EventStream
	given  string // the last ID that the streams gave, as far as noted
	lastID string // what to send: that, or where the user wants to begin
	fails  int    // connections in a row that brought no event

	retry    int // what OnRetry has heard, if it has
	hasRetry bool
}

// request returns the next request.
func (f *follower) request() *Request {
	f.parser.Reset()
	if f.Request == nil {
		return nil
	}
	r := *f.Request
	r.Header = slices.Clone(r.Header)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cache-Control", "no-store")
	if f.lastID != "" {
		r.Header.Set("Last-Event-ID", f.lastID)
	}
	r.OnBody = f.read
	return &r
}

// read takes a piece of the stream.
func (f *follower) read(resp *Response, piece []byte) error {
	if !isEventStream(resp) {
		return nil // readEnd says so
	}
	f.parser.Feed(piece)
	for {
		event, ok, err := f.parser.Next()
		if id := f.parser.LastID(); id != f.given {
			f.given, f.lastID = id, id
		}
		if ms, said := f.parser.Retry(); said && f.OnRetry != nil && (!f.hasRetry || ms != f.retry) {
			f.retry, f.hasRetry = ms, true
			f.OnRetry(time.Duration(ms) * time.Millisecond)
		}
		if !ok || err != nil {
			return err
		}
		f.fails = 0
		if err := f.OnEvent(event); err != nil {
			return &enough{err}
		}
	}
}

// enough is OnEvent's error on its way through the engine.
type enough struct{ error }

// readEnd reads the end of a connection, and connects again.
func (f *follower) readEnd(resp *Response, err error) Next {
	if e, ok := err.(*Error); ok && (e.Kind == Cancelled || e.Kind == InvalidRequest) {
		return f.end(err)
	} else if ok {
		if by, ok := e.Err.(*enough); ok {
			return f.end(by.error)
		}
		resp = nil
	}
	if resp != nil && !isEventStream(resp) {
		switch {
		case resp.Status == 204:
			return f.end(nil)
		case resp.Status >= 500, resp.Status == 408, resp.Status == 425, resp.Status == 429:
			err = fmt.Errorf("%s %s: status %d", resp.Request.method(), resp.Request.URL.Redacted(), resp.Status)
		default:
			return f.end(fmt.Errorf("%s %s: status %d with Content-Type %q is no event stream",
				resp.Request.method(), resp.Request.URL.Redacted(), resp.Status, resp.Header.Peek("Content-Type")))
		}
	}
	again := f.again()
	if f.OnBreak != nil {
		f.OnBreak(err, again)
	}
	return Next{Request: f.request(), Readback: f.readEnd, Delay: again}
}

func (f *follower) end(cause error) Next {
	if f.OnEnd != nil {
		f.OnEnd(cause)
	}
	return Next{}
}

// again returns how long to wait before the next connection.
func (f *follower) again() time.Duration {
	wait := f.Wait
	if ms, ok := f.parser.Retry(); ok {
		wait = time.Duration(ms) * time.Millisecond
	}
	if f.fails++; f.fails == 1 {
		return wait
	}
	longest := max(wait, f.MaxWait)
	if n := f.fails - 1; n < 20 && wait<<n < longest {
		longest = wait << n
	}
	half := longest / 2
	return half + time.Duration(f.stream.kernel.Uint64()%uint64(half+1))
}

// isEventStream reports whether resp is what was asked for.
func isEventStream(resp *Response) bool {
	media, _, _ := bytes.Cut(resp.Header.Peek("Content-Type"), []byte(";"))
	return resp.Status == 200 && strings.EqualFold(string(bytes.TrimSpace(media)), "text/event-stream")
}
