package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A fetch is one run of qqloop get. All of it happens on the loop's goroutine.
//
// Each of up to --parallel-max lanes is one chain: its readback takes the next
// URL from the list and returns it as the next request, on the connection that
// has just become free.
type fetch struct {
	cmd     *getCmd
	header  httpwire.Header
	auth    *sched.Auth // of -u; nil: none
	payload payload
	urls    []string
	outputs []output
	tls     *tls.Config
	hosts   resolved
	cookies *cookies // nil: none
	way     *way
	writer  *getWriter
	story   *story // nil: untold
	world   *env

	loop   *loop.Loop
	stream *sched.Stream
	next   int // the first URL that nobody has taken
	chains []sched.Chain
	open   int // lanes that have not ended
	meter  *progress

	interrupted bool
	failed      bool
	protocol    bool
}

// run fetches all URLs and returns how that went.
func (f *fetch) run(ctx context.Context) error {
	defer f.writer.close()
	var err error
	f.loop, err = loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer f.loop.Close()
	o := sched.Options{TLS: f.tls, Proxy: f.way.proxy}
	if len(f.hosts) > 0 {
		o.Resolve = f.hosts.resolve
	}
	if f.cookies != nil {
		o.Jar = f.cookies
	}
	if f.cmd.Verbose {
		f.story = newStory(f.writer.stderr)
		o.Trace = f.story.tell
	}
	f.stream = sched.New(f.loop, o)
	defer f.stream.Close()

	if f.meter = newProgress(f); f.meter != nil {
		f.writer.stderr = f.meter
		f.tick()
	}
	f.loop.AddCallback(f.start)
	stop := context.AfterFunc(ctx, func() { f.loop.AddCallback(f.interrupt) })
	defer stop()
	if err := f.loop.Run(); err != nil {
		return err
	}
	f.meter.close()
	if f.cmd.CookieJar != "" {
		f.writer.cookies(f.cmd.CookieJar, f.cookies.file(time.Now()))
	}
	f.writer.flush()
	switch {
	case f.interrupted:
		return &exitError{code: exitInterrupted}
	case f.writer.err != nil:
		return f.writer.err
	case f.protocol:
		return &exitError{code: exitProtocol}
	case f.failed || f.writer.failed:
		return &exitError{code: exitFailed}
	}
	return nil
}

// tick draws the progress anew, again and again.
func (f *fetch) tick() {
	f.loop.CallLater(progressStep, func() {
		f.meter.tick()
		f.tick()
	})
}

func (f *fetch) start() {
	if f.cmd.SSE {
		f.follow()
		return
	}
	f.open = 1
	if f.cmd.Parallel {
		f.open = max(1, min(int(f.cmd.ParallelMax), len(f.urls), descriptors()/2))
	}
	for range f.open {
		l := &lane{fetch: f}
		if next := l.take(); next.Request != nil {
			f.chains = append(f.chains, f.stream.Add(next.Request, next.Readback))
		}
	}
}

// descriptors is how many the lanes may have open: each a socket, and a file.
func descriptors() int {
	limit, _ := kernel.New(kernel.Options{}).Descriptors()
	return limit - min(limit/4, 64)
}

// interrupt ends what is under way; what has not begun is reported too.
func (f *fetch) interrupt() {
	f.interrupted = true
	for _, chain := range f.chains {
		chain.Cancel()
	}
}

// A lane is a chain of fetches, one after the other.
type lane struct {
	fetch *fetch
	index int // the URL that is being fetched
	t     *target
	first *sched.Request

	began    time.Duration // on the loop's scale
	tries    int           // after the first one
	wait     time.Duration // before the one that is planned; zero: none is
	attempts int           // of all tries
	heads    []byte        // of the redirects that were followed
	out      *sink
	streamed int64 // how much of the body came piece by piece
	sent     int64 // how much of an upload has gone
}

// take returns the next URL's request, and reports on its way those that
// cannot be sent. When there is none, the lane ends, and after the last one
// the loop.
func (l *lane) take() sched.Next {
	f := l.fetch
	for f.next < len(f.urls) && f.writer.err == nil {
		l.index = f.next
		f.next++
		*l = lane{fetch: f, index: l.index, began: f.loop.Time()}
		var err error
		l.t, err = parseTarget(f.urls[l.index])
		if err == nil {
			l.t.add(f.payload)
			err = f.nameable(l)
		}
		l.out = f.newSink(l)
		switch {
		case err != nil:
			l.report(l.unsent(sched.InvalidRequest, err))
			continue
		case f.interrupted:
			l.report(l.unsent(sched.Cancelled, sched.ErrCancelled))
			continue
		}
		l.first = l.request()
		f.meter.begin(l.out.file, l.t.given, l.out.have)
		return sched.Next{Request: l.first, Readback: l.read}
	}
	if f.open--; f.open == 0 {
		f.loop.Stop()
	}
	return sched.Next{}
}

// nameable reports whether there is a name for the file of -O.
func (f *fetch) nameable(l *lane) error {
	if f.outputOf(l.index).remote {
		_, err := l.t.fileName()
		return err
	}
	return nil
}

// read is the readback of every fetch.
func (l *lane) read(resp *sched.Response, err error) sched.Next {
	failure, _ := errors.AsType[*sched.Error](err)
	if complete(failure) {
		resp, err, failure = failure.Response, nil, nil
	}
	var info *sched.Info
	if failure != nil {
		info = &failure.Info
	} else {
		info = &resp.Info
	}
	l.attempts += info.Attempts
	info.Attempts = l.attempts
	if f := l.fetch; f.story != nil {
		f.story.end(l, resp, err)
	}
	if wait, ok := l.again(resp, failure); ok {
		return sched.Next{Request: l.first, Readback: l.read, Delay: wait}
	}
	r := l.result()
	r.err, r.redirects = failure, info.Redirects
	last := l.first
	switch {
	case r.err == nil:
		last = resp.Request
		if l.fetch.cmd.stuck(resp) {
			r.err = &sched.Error{
				Kind: sched.Redirect, Phase: sched.PhaseBody, Method: last.Method, URL: last.URL.Redacted(),
				Addr: peerOf(resp), Info: resp.Info, Response: resp,
				Err: fmt.Errorf("more than 0 redirects; the next would be to %s", resp.Header.Get("Location")),
			}
		}
	case r.err.Response != nil:
		resp = r.err.Response
		last = resp.Request
	}
	r.resp = resp
	switch {
	case last != l.first:
		r.effective, r.method = withoutUser(last.URL), last.Method
	case r.err != nil && r.redirects > 0:
		r.effective, r.method = r.err.URL, r.err.Method
	}
	l.report(r)
	return l.take()
}

// peerOf is who has answered: an address, or the path of a Unix socket.
func peerOf(resp *sched.Response) string {
	if resp.Remote.IsValid() {
		return resp.Remote.String()
	}
	return resp.Request.UnixSocket
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

func (l *lane) result() *result {
	return &result{
		index: l.index, target: l.t, method: l.fetch.cmd.method(), effective: l.t.effective(),
		sent: max(l.sent, int64(len(l.fetch.payload.body))), heads: l.heads, streamed: l.streamed,
	}
}

// unsent is the result of a request that the engine never saw.
func (l *lane) unsent(kind sched.Kind, err error) *result {
	r := l.result()
	r.err = &sched.Error{Kind: kind, Phase: sched.PhaseQueue, Method: r.method, URL: r.effective, Info: sched.Info{Timing: noTiming}, Err: err}
	return r
}

func (l *lane) request() *sched.Request {
	f := l.fetch
	r := &sched.Request{
		Method:       f.cmd.method(),
		URL:          l.t.url,
		Target:       l.t.path,
		UnixSocket:   f.cmd.unixSocket(),
		Header:       l.goOn(f.header),
		Auth:         f.authOf(l.t),
		Body:         f.payload.body,
		Upload:       f.payload.upload,
		Timeouts:     f.cmd.timeouts(),
		MaxBody:      -1,
		MaxRedirects: f.cmd.redirects(),
		HTTP10:       f.cmd.HTTP10,
		KeepMethod:   f.cmd.Request != "",
		Refer:        strings.HasSuffix(f.cmd.Referer, refererAuto),
		Decode:       f.cmd.Compressed,
		Raw:          f.cmd.Raw,
		OnRedirect:   func(resp *sched.Response) { l.heads = appendHead(l.heads, resp) },
	}
	if r.Upload != nil {
		r.OnSent = func(sent int64) { l.sent = sent }
	}
	if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		r.ExpectContinue = time.Duration(f.cmd.Expect100Timeout)
	}
	if !f.cmd.NDJSON { // a record holds the whole body
		r.OnBody = l.piece
	}
	if f.cmd.MaxFilesize > 0 {
		r.MaxBody = int64(f.cmd.MaxFilesize)
	}
	return r
}

// report hands a result to whoever writes it, and keeps its share of the exit
// status.
func (l *lane) report(r *result) {
	f := l.fetch
	r.refused = r.err == nil && f.cmd.refuses(r.resp)
	switch r.exitStatus() {
	case exitProtocol:
		f.protocol = true
	case exitFailed:
		f.failed = true
	}
	r.file = l.out.file
	if l.first != nil {
		f.meter.end(r.exitStatus() == exitDone)
	}
	f.writer.write(r, l.out)
}

// outputOf is the -o or -O of a URL.
func (f *fetch) outputOf(index int) output {
	if index < len(f.outputs) {
		return f.outputs[index]
	}
	return output{name: "-", remote: f.cmd.RemoteNameAll}
}

// fileOf returns where the body goes: "" is standard output.
func (f *fetch) fileOf(l *lane) string {
	o := f.outputOf(l.index)
	if o.remote {
		o.name, _ = l.t.fileName() // nameable has seen to it
	}
	if o.name == "-" {
		return ""
	}
	return o.name
}
