package sched

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Retry is a policy for trying again what failed for the moment. It stands
// above the automatic replay, which needs no policy; see Request.Replayable.
//
// Never tried again: a request that is not replayable and may have reached the
// server; one that was cancelled, cannot be sent, or has passed its total
// deadline; a response that breaks the protocol, is too large, or of which
// OnBody has had a piece; a TLS or proxy handshake that was refused. The table
// is in the package documentation.
type Retry struct {
	// Attempts is how many there may be, the first one included. Zero means 3.
	Attempts int

	// Base and Max bound the waits: before attempt n+1 a time is drawn between
	// zero and Base doubled n-1 times, but no more than Max ("full jitter": a
	// thousand clients that failed together do not come back together). Zero
	// means 500 ms and 30 s. A Retry-After of the server is the least wait; one
	// beyond Max, or beyond the total deadline, ends the attempts.
	Base, Max time.Duration

	// Statuses are those that are tried again. Nil means 408, 425, 429, 502,
	// 503 and 504: those by which a server or gateway says that it has not
	// done the work.
	Statuses []int

	// Budget, if not nil, is shared by many requests and bounds what their
	// attempts add to the load of a service that is down.
	Budget *RetryBudget
}

// RetryBudget allows one attempt more for each so many requests. Requests on
// several loops may share it. The zero value allows one in ten, and ten to begin
// with.
type RetryBudget struct {
	Per   int // requests for one more attempt; 0 means 10
	Burst int // attempts that may be saved up; 0 means 10

	spent atomic.Int64 // attempts that have not been earned, in Per-ths
}

// earn notes a request.
func (b *RetryBudget) earn() {
	for {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

// spend takes one attempt, if there is one.
func (b *RetryBudget) spend() bool {
	per, burst := b.Per, b.Burst
	if per == 0 {
		per = 10
	}
	if burst == 0 {
		burst = 10
	}
	for {
		spent := b.spent.Load()
		if spent+int64(per) > int64(burst)*int64(per) {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+int64(per)) {
			return true
		}
	}
}

// later are the statuses that a nil Retry.Statuses means.
var later = []int{408, 425, 429, 502, 503, 504}

// retryError has x tried again after e, if its policy says so.
func (x *exchange) retryError(e *Error) bool {
	switch e.Kind {
	case Resolve, ResolveTimeout, Connect, ConnectTimeout, TLSTimeout, QueueTimeout, TooManyFiles:
	case FirstByteTimeout, StallTimeout, EmptyReply, Reset, TruncatedHead, TruncatedBody:
		if e.Sent && !x.req.replayable() {
			return false
		}
	default:
		return false
	}
	return x.retry(0, Trace{Op: TraceRetry, Err: e})
}

// retryStatus has x tried again after resp, if its policy says so.
func (x *exchange) retryStatus(resp *Response) bool {
	p := x.req.Retry
	if p == nil {
		return false
	}
	statuses := p.Statuses
	if statuses == nil {
		statuses = later
	}
	if !slices.Contains(statuses, resp.Status) || !x.req.replayable() {
		return false
	}
	return x.retry(retryAfter(resp, x.stream.loop.Wall()), Trace{Op: TraceRetry, Response: resp})
}

// retry waits, at least so long, and then tries again, which why tells. It
// reports false where this was the last attempt.
func (x *exchange) retry(least time.Duration, why Trace) bool {
	s, p := x.stream, x.req.Retry
	if p == nil || x.last || x.gave || s.closed || x.spent() {
		return false
	}
	most, longest := p.Attempts, or(p.Max, 30*time.Second)
	if most == 0 {
		most = 3
	}
	d := x.aside()
	if d.tries++; d.tries >= most || least > longest {
		return false
	}
	wait := longest
	if base := or(p.Base, 500*time.Millisecond); d.tries <= 30 && base<<(d.tries-1) < longest {
		wait = base << (d.tries - 1)
	}
	wait = max(least, time.Duration(s.kernel.Uint64()%uint64(wait+1)))

	now := s.loop.Time()
	if total := or(x.req.Timeouts.Total, s.options.Timeouts.Total); total >= 0 && now+wait >= x.started+total {
		return false
	}
	if p.Budget != nil && !p.Budget.spend() {
		return false
	}
	x.tally().Retries++
	why.Delay = wait
	x.trace(why)
	x.phase = delayed
	x.timerAt = now + wait
	x.timer.Reset(x.timerAt)
	return true
}

// retryAfter is how long the server asks to wait (RFC 9110 section 10.2.3).
func retryAfter(resp *Response, now time.Time) time.Duration {
	value := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
