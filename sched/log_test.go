package sched_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// logTo returns a Logger that writes lines without the time.
func logTo(b *strings.Builder, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func TestLogger(t *testing.T) {
	var b strings.Builder
	v := newLife(t, sim.Options{}, sched.Options{
		Logger: logTo(&b, slog.LevelDebug), Timeouts: sched.Timeouts{FirstByte: time.Second}, MaxConns: 1,
	})
	v.http(func(x *sim.Exchange) {
		switch x.Request.URL.Path {
		case "/to":
			x.Reply(302, http.Header{"Location": {"/ok?secret"}}, nil)
		case "/circle":
			x.Reply(302, http.Header{"Location": {"/circle?secret"}}, nil)
		case "/ok":
			x.Reply(200, nil, nil)
		}
	})
	redirected := func(url string) *sched.Request {
		r := sched.Get(url)
		r.MaxRedirects = 3
		return r
	}
	for _, c := range []struct {
		req  *sched.Request
		want string
	}{
		{sched.Get("http://me:secret@a.example/ok?secret#secret"),
			`method=GET place=http://a.example/ok?... status=200 remote=10.0.0.1:80 reused=false attempts=1 resolve=2ms connect=2ms first_byte=2ms total=6ms`},
		{redirected("http://a.example/to"),
			`method=GET place=http://a.example/ok?... status=200 remote=10.0.0.1:80 reused=true attempts=2 redirects=1 first_byte=2ms total=4ms`},
		{redirected("http://a.example/circle"),
			`method=GET place=http://a.example/circle?... kind=redirect phase=body remote=10.0.0.1:80 reused=true attempts=2 redirects=1 first_byte=2ms total=4ms`},
		{post("http://a.example/silent", "x"),
			`method=POST place=http://a.example/silent kind=first_byte_timeout phase=first_byte err="no byte of the response within 1s" remote=10.0.0.1:80 reused=true attempts=1 total=1s`},
		{sched.Get("http://secret@a.example:0/"),
			`method=GET place=http://a.example:0/ kind=invalid_request phase=queue reused=false attempts=0 total=0s`},
		{sched.Get("secret"), `method=GET place=nowhere kind=invalid_request phase=queue reused=false attempts=0 total=0s`},
		{nil, `kind=invalid_request phase=queue reused=false attempts=0 total=0s`},
	} {
		b.Reset()
		v.do(c.req)
		v.untilQuiet()
		if got, want := b.String(), "level=DEBUG msg=exchange "+c.want+"\n"; got != want {
			t.Errorf("got\n%s; want\n%s", got, want)
		}
		if strings.Contains(b.String(), "secret") {
			t.Errorf("the line tells a secret: %s", b.String())
		}
	}
	v.close()
}

// nothingLogged is a Handler for which every level is off, and which notes what it
// is given nevertheless.
type nothingLogged struct{ t *testing.T }

func (nothingLogged) Enabled(context.Context, slog.Level) bool { return false }
func (h nothingLogged) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h nothingLogged) WithGroup(string) slog.Handler          { return h }
func (h nothingLogged) Handle(context.Context, slog.Record) error {
	h.t.Error("a line was written whose level is off")
	return nil
}

// A Logger whose level is off costs no allocation, and neither do trace hooks.
func TestObserversDoNotAllocate(t *testing.T) {
	steps := 0
	r := newRunnerWith(t, sched.Options{
		Logger: slog.New(nothingLogged{t}),
		Trace:  func(sched.Trace) { steps++ },
	})
	r.run(t, 100, 1)
	if got := testing.AllocsPerRun(50, func() { r.run(t, 100, 1) }); got != 0 {
		t.Errorf("got %v allocations for 100 requests; want none", got)
	}
	if steps < 50*100*8 {
		t.Errorf("the trace told of %d steps; want eight and more of each request", steps)
	}
}
