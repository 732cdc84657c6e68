package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// This file is curl's --retry. It is not the engine's Request.Retry, which
// draws its waits, bounds attempts and not the time, and tries nothing again of
// which OnBody has seen a piece: here the same request is simply the next one
// of the chain, after a delay.

// transient are the statuses that are worth another attempt.
var transient = [...]int{408, 429, 500, 502, 503, 504}

// longestRetryWait bounds the doubling.
const longestRetryWait = 10 * time.Minute

// postpones reports whether resp is not the answer yet. What it says once for
// a response it says to its end: some of the body may have been dropped.
func (l *lane) postpones(resp *sched.Response) bool {
	return l.wait > 0 || !l.out.begun && slices.Contains(transient[:], resp.Status) && l.plan(retryAfter(resp, time.Now()))
}

// plan plans another attempt, after that wait at least, if there may be one.
// The waits are a second, two, four and so on, unless --retry-delay says.
func (l *lane) plan(least time.Duration) bool {
	f := l.fetch
	wait := min(time.Second<<min(l.tries, 30), longestRetryWait)
	if d := f.cmd.RetryDelay; d > 0 {
		wait = time.Duration(d)
	}
	wait = max(wait, least)
	most := time.Duration(f.cmd.RetryMaxTime)
	if l.tries >= int(f.cmd.Retry) || most > 0 && f.loop.Time()+wait > l.began+most {
		return false
	}
	l.wait = wait
	return true
}

// again returns the wait before the next attempt, if there is to be one.
func (l *lane) again(resp *sched.Response, e *sched.Error) (time.Duration, bool) {
	f := l.fetch
	if f.interrupted || f.writer.err != nil {
		return 0, false
	}
	var why string
	if e != nil {
		if l.wait == 0 && (!e.Timeout() && e.Kind != sched.Resolve || !l.out.mayRestart() || !l.plan(0)) {
			return 0, false
		}
		why = e.Error()
	} else {
		if !l.postpones(resp) {
			return 0, false
		}
		why = fmt.Sprintf("%s %s: the server answered %d %s",
			resp.Request.Method, withoutUser(resp.Request.URL), resp.Status, http.StatusText(resp.Status))
	}
	wait := l.wait
	f.writer.retrying(why, wait)
	l.tries++
	l.wait, l.heads, l.streamed = 0, nil, 0
	l.out.restart()
	f.meter.restart()
	return wait, true
}

// retryAfter is how long the server asks to wait (RFC 9110 section 10.2.3).
func retryAfter(resp *sched.Response, now time.Time) time.Duration {
	value := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
