package sched

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
)

// An exchange is one request and its response. A chain is one exchange that
// begins again, with what the readback returned, until it ends.
//
// Its way through the phases:
//
//	           ┌────────── a connection of the host is idle ───────────┐
//	           │                                                       ▼
//	delayed ─▶ seeking ─▶ resolving ─▶ queued ─▶ connecting ─┬─────▶ writing
//	   ▲         ▲                                tunnelling ┤         │
//	   │         │ redirected                        shaking ┘         │ written
//	   │         │ or replayed                                         ▼
//	   │         └──────────────────────┬─── reading ◀── a byte ─── awaiting
//	   │ tried again, by policy         │ whole
//	   ├────────────────────────────────┤
//	   │                                ▼
//	   └──────── follow ◀────────── answering ◀── failing ◀── any
//
// A failure that is found while a user's call is under way waits a turn in
// failing; the others go straight to the readback.
type exchange struct {
	stream     *Stream
	generation uint32 // a Chain of an earlier one does not match
	phase      phase
	overdue    bool // the deadline passed; one more look before giving up
	fresh      bool // a kept connection will not do
	replayed   bool // the automatic replay has been used up
	paused     bool // no more of the body is read
	gave       bool // OnBody has had a piece
	secure     bool // https
	last       bool // what the readback returns is ignored
	traced     bool // somebody hears of its steps

	req      *Request
	readback Readback

	timer   loop.Timer
	timerAt time.Duration
	started time.Duration // when the exchange began
	since   time.Duration // when its phase began, or bytes last moved

	way    *way    // from resolving until there is a connection
	conn   *conn   // from connecting to the end
	reader *reader // from the first byte to the end
	info   Info
	*detour

	prev, next *exchange // in the stream's chains or spares
}

// keptSpares is how many exchanges and readers that belong to nobody a stream
// keeps for those to come: more than begin and end in a turn as a rule, and few
// enough that ten thousand that were under way at once leave nothing behind.
const keptSpares = 256

func (s *Stream) newExchange() *exchange {
	x := s.spare
	if x != nil {
		s.spare = x.next
		s.spares--
		x.next = nil
	} else {
		x = &exchange{stream: s, detour: &s.straight}
		x.timer.Init(s.loop, x.expire)
	}
	x.next = s.chains
	if x.next != nil {
		x.next.prev = x
	}
	s.chains = x
	s.pending++
	return x
}

// follow takes the next step of the chain.
func (x *exchange) follow(n Next) {
	if n.Request == nil && n.Readback == nil || x.last {
		x.end()
		return
	}
	x.prepare(n.Request, n.Readback, &x.stream.straight)
	if n.Delay > 0 {
		x.trace(Trace{Op: TraceDelay, Delay: n.Delay})
		x.phase = delayed
		now := x.stream.loop.Time()
		x.timerAt = now + min(n.Delay, math.MaxInt64-now) // the longest there is means never
		x.timer.Reset(x.timerAt)
		return
	}
	x.begin()
}

// prepare gives x its request, and forgets the one before.
func (x *exchange) prepare(req *Request, rb Readback, d *detour) {
	x.stream.requests++
	x.req, x.readback = req, rb
	x.info = Info{}
	x.traced = x.stream.traces(req)
	x.detour, x.gave = d, false
}

// begin starts the exchange, and its total deadline.
func (x *exchange) begin() {
	x.started = x.stream.loop.Time()
	if r := x.req; r != nil && r.Retry != nil && r.Retry.Budget != nil {
		r.Retry.Budget.earn()
	}
	x.attempt()
}

// attempt sends the request: for the first time, or to where it was redirected.
func (x *exchange) attempt() {
	x.fresh, x.replayed, x.paused = false, false, false
	x.way = nil
	x.straighten()
	x.info = Info{Attempts: x.info.Attempts, Timing: noTiming, Redirects: x.hops}
	x.phase = seeking
	if x.stream.closed {
		x.failLater(Cancelled, ErrClosed)
		return
	}
	if reason := x.req.unusable(); reason != "" {
		x.failLater(InvalidRequest, errors.New(reason))
		return
	}
	x.secure = strings.EqualFold(x.req.URL.Scheme, "https")
	if err := x.chooseProxy(); err != nil {
		x.phase = tunnelling
		x.failLater(Proxy, err)
		return
	}
	x.seek()
}

// seek looks for a connection: a kept one if there is one, else a new one.
// Those that already wait go first.
func (x *exchange) seek() {
	s := x.stream
	x.phase = seeking
	if !x.fresh && s.waiting.len == 0 {
		if c := s.take(x); c != nil {
			x.use(c)
			return
		}
	}
	// A request that cannot be encoded must not cost the server a connection.
	if err := x.encode(); err != nil {
		x.failLater(InvalidRequest, err)
		return
	}
	if err := s.crowded(x); err != nil {
		x.failLater(QueueFull, err)
		return
	}
	if !x.located() {
		x.resolve()
		return
	}
	s.waiting.join(x)
}

// use sends the request over a connection that stands.
func (x *exchange) use(c *conn) {
	x.countAuth()
	if err := x.encode(); err != nil {
		x.conn, c.exchange = nil, nil
		x.stream.keep(c)
		x.failLater(InvalidRequest, err)
		return
	}
	x.conn, c.exchange, x.way = c, x, nil
	x.info.Remote = c.remote
	x.info.Reused = c.served > 0
	c.tally.Sent++
	if x.info.Reused {
		c.tally.Reused++
	}
	x.info.Attempts++
	if x.traced {
		x.traceUse()
	}
	body := x.req.Body
	switch {
	case x.probing:
		body = nil
	case x.req.bodyApart():
		x.startSending()
		return
	}
	x.enter(writing)
	c.send(x.stream.encoded, body)
}

// encode writes the head of the request into the stream's buffer.
func (x *exchange) encode() error {
	s, r := x.stream, x.req
	wire := httpwire.Request{
		Method: r.method(),
		Target: r.Target,
		Host:   r.Host,
		Header: s.header(r),
		Body:   r.Body,
		HTTP10: r.HTTP10,
	}
	if r.Upload != nil {
		wire.Length = r.Upload.Length
	}
	switch asks := x.asksFirst(); {
	case asks && !wire.Header.Has("Expect"):
		wire.Header = append(slices.Clip(wire.Header), httpwire.Field{Name: "Expect", Value: "100-continue"})
	case !asks && r.ExpectContinue > 0 && wire.Header.Has("Expect"): // the caller's own
		wire.Header = slices.Clone(wire.Header)
		wire.Header.Del("Expect")
	}
	connect := wire.Method == "CONNECT"
	switch {
	case wire.Target != "":
	case connect:
		wire.Target = cmp.Or(r.Host, authority(r.URL))
	default:
		wire.Target = r.URL.RequestURI()
	}
	switch {
	case wire.Host != "":
	case connect:
		wire.Host = wire.Target // RFC 9112 section 3.2.3
	default:
		wire.Host = authority(r.URL)
	}
	x.authorize(&wire)
	if x.forwarded() {
		x.via.Forward(&wire, authority(r.URL))
	}
	head, err := wire.AppendHead(s.encoded[:0])
	if err == nil {
		s.encoded = head
	}
	return err
}

// lost is for a connection that ended before a byte of the response came. A
// kept connection may have been closed by its server at the moment of use:
// then, and only then, the request may be sent again without asking.
//
//   - No byte of it was written: nobody can have acted on it (RFC 9110 9.2.2).
//   - It is replayable, and was not replayed before: on a fresh connection.
func (x *exchange) lost(kind Kind, err error) {
	unwritten := x.conn.written == 0
	if x.conn.served == 0 || !unwritten && (x.replayed || !x.req.replayable() || x.spent()) {
		x.fail(kind, err)
		return
	}
	switch {
	case !unwritten:
		x.replayed = true
		x.fresh = true
		x.dropSending()
	case x.sending != nil:
		x.sending.rewind()
	}
	x.conn.tally.Replays++
	x.trace(Trace{Op: TraceReplay, Err: err})
	x.conn.close(ClosedByServer)
	x.conn = nil
	x.seek()
}

// end gives x back. Chains that name it no longer match.
func (x *exchange) end() {
	s := x.stream
	x.timer.Stop()
	if x.prev != nil {
		x.prev.next = x.next
	} else {
		s.chains = x.next
	}
	if x.next != nil {
		x.next.prev = x.prev
	}
	s.pending--
	x.generation++
	x.phase, x.last = unused, false
	x.req, x.readback, x.way, x.detour = nil, nil, nil, &s.straight
	x.prev, x.next = nil, nil
	if s.spares < keptSpares {
		x.next = s.spare
		s.spare = x
		s.spares++
	}
}
