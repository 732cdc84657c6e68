package sched_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// followed is an event source whose story is written down.
type followed struct {
	*life
	lines []string
	chain sched.Chain
}

func follow(t *testing.T, src sched.EventSource, connection func(n int, x *sim.Exchange)) *followed {
	v := &followed{life: newLife(t, sim.Options{Latency: -1}, sched.Options{})}
	n := 0
	v.http(func(x *sim.Exchange) {
		n++
		if id := x.Request.Header.Get("Last-Event-ID"); id != "" {
			v.write("server: from %s", id)
		}
		connection(n, x)
	})
	if src.Request == nil {
		src.Request = sched.Get("http://a.example/events")
	}
	if src.OnEvent == nil {
		src.OnEvent = func(e httpwire.ServerEvent) error {
			v.write("%s %q", e.Type, e.Data)
			return nil
		}
	}
	src.OnBreak = func(cause error, again time.Duration) { v.write("break: %v, again in %v", cause, again) }
	src.OnEnd = func(cause error) { v.write("end: %v", cause) }
	v.chain = v.s.Events(src)
	return v
}

func (v *followed) write(format string, args ...any) {
	v.lines = append(v.lines, fmt.Sprintf("%v ", v.w.Now())+fmt.Sprintf(format, args...))
}

func (v *followed) want(lines ...string) {
	v.t.Helper()
	v.run()
	if !slices.Equal(v.lines, lines) {
		v.t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(v.lines, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// stream begins an event stream.
func stream(x *sim.Exchange) {
	x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"))
}

// TestOnRetry: it is told what is new, and before the event that came with it.
func TestOnRetry(t *testing.T) {
	var v *followed
	src := sched.EventSource{OnRetry: func(wait time.Duration) { v.write("retry %v", wait) }}
	v = follow(t, src, func(n int, x *sim.Exchange) {
		if n == 3 {
			x.Reply(204, nil, nil)
			return
		}
		stream(x)
		x.Close = true
		x.Raw([]byte("data: a\n\nretry: 0\ndata: b\n\nretry: 0\ndata: c\n\nretry: 20\n\n"))
	})
	v.want(`0s message "a"`, `0s retry 0s`, `0s message "b"`, `0s message "c"`, `0s retry 20ms`, "0s break: <nil>, again in 20ms",
		`20ms message "a"`, `20ms retry 0s`, `20ms message "b"`, `20ms message "c"`, `20ms retry 20ms`, "20ms break: <nil>, again in 20ms", "40ms end: <nil>")
}

func TestEventsReconnect(t *testing.T) {
	follow(t, sched.EventSource{}, func(n int, x *sim.Exchange) {
		switch n {
		case 1:
			stream(x)
			x.Write([]byte("id: 7\ndata: one\n\ndata: tw"))
			x.Peer.Close()
		case 2:
			stream(x)
			x.Write([]byte("retry: 500\n\nevent: news\nid: 8\ndata: two\n\n"))
			x.Peer.Reset()
		case 3:
			x.Reply(503, nil, nil)
		case 4:
			x.Reply(204, nil, nil)
		}
	}).want(
		`0s message "one"`,
		`0s break: <nil>, again in 3s`,
		`3s server: from 7`,
		`3s news "two"`,
		`3s break: GET http://a.example/events: body 10.0.0.1:80: connection reset by peer, again in 500ms`,
		`3.5s server: from 8`,
		`3.5s break: GET http://a.example/events: status 503, again in 977.644328ms`,
		`4.477644328s server: from 8`,
		`4.477644328s end: <nil>`,
	)
}

func TestEventsSilence(t *testing.T) {
	req := sched.Get("http://a.example/events")
	req.Timeouts.Stall = 30 * time.Second
	follow(t, sched.EventSource{Request: req}, func(n int, x *sim.Exchange) {
		if n == 2 {
			x.Reply(404, nil, nil)
			return
		}
		stream(x)
		for i := range 5 {
			x.Peer.Drip([]byte(":\n"), time.Duration(i+1)*time.Second)
		}
	}).want(
		`55s break: GET http://a.example/events: body 10.0.0.1:80: no further byte of the response for 30s, again in 3s`,
		`58s end: GET http://a.example/events: status 404 with Content-Type "" is no event stream`,
	)
}

func TestEventsEnd(t *testing.T) {
	enough := errors.New("enough")
	follow(t, sched.EventSource{OnEvent: func(httpwire.ServerEvent) error { return enough }}, func(n int, x *sim.Exchange) {
		stream(x)
		x.Write([]byte("data: x\n\ndata: y\n\n"))
	}).want(`0s end: enough`)

	follow(t, sched.EventSource{}, func(n int, x *sim.Exchange) {
		x.Reply(200, http.Header{"Content-Type": {"text/html"}}, []byte("data: x\n\n"))
	}).want(`0s end: GET http://a.example/events: status 200 with Content-Type "text/html" is no event stream`)

	v := follow(t, sched.EventSource{}, func(n int, x *sim.Exchange) { stream(x) })
	v.l.CallLater(50*time.Second, func() { v.chain.Cancel() })
	v.want(`50s end: GET http://a.example/events: body 10.0.0.1:80: the chain was cancelled`)
}
