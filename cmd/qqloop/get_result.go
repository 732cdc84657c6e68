package main

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/qqloop/qqloop/sched"
)

// A result is what became of one URL. It lives as long as its response.
type result struct {
	index     int // of the URL, from 0
	target    *target
	method    string // as sent, after redirects
	effective string // the URL after redirects
	sent      int64  // length of the body that was sent
	redirects int    // that were followed
	heads     []byte // of those redirects
	streamed  int64  // how much of the body was written as it came
	file      string // where the body goes; "" is standard output

	resp    *sched.Response // nil where no head came
	err     *sched.Error    // nil for a whole response
	refused bool            // -f, and a status of 400 or above
}

// info tells how it went.
func (r *result) info() sched.Info {
	if r.err != nil {
		return r.err.Info
	}
	return r.resp.Info
}

// length is how long the body will be, or -1 where the head does not tell.
func length(resp *sched.Response) int64 {
	n, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64)
	if err != nil || resp.Decoded || resp.Header.Has("Transfer-Encoding") {
		return -1
	}
	return n
}

// exitStatus is that of a run with this result alone.
func (r *result) exitStatus() int {
	switch {
	case r.err != nil && brokeProtocol(r.err.Kind):
		return exitProtocol
	case r.err != nil || r.refused:
		return exitFailed
	}
	return exitDone
}

// message says what went wrong, or "".
func (r *result) message() string {
	switch {
	case r.err != nil && (r.err.Kind == sched.InvalidRequest || r.err.Kind == sched.Unwanted):
		// It has come nowhere, or it is we who failed: its phase says nothing.
		return fmt.Sprintf("%s %s: %v", r.err.Method, r.err.URL, r.err.Err)
	case r.err != nil:
		return r.err.Error()
	case r.refused:
		return fmt.Sprintf("%s %s: the server answered %d %s", r.method, r.effective, r.resp.Status, http.StatusText(r.resp.Status))
	}
	return ""
}

// brokeProtocol reports whether the peer is to blame, for exit status 3.
func brokeProtocol(kind sched.Kind) bool {
	switch kind {
	case sched.EmptyReply, sched.TruncatedHead, sched.TruncatedBody,
		sched.MalformedHead, sched.MalformedBody, sched.HeadTooLarge, sched.BodyTooLarge:
		return true
	}
	return false
}
