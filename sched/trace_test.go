package sched_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

func readHello(resp *sched.Response, err error) sched.Next {
	if err != nil {
		return sched.Next{}
	}
	return sched.Next{Request: sched.Get("http://a.example/again"), Readback: readEnd, Delay: time.Second}
}

func readEnd(*sched.Response, error) sched.Next { return sched.Next{} }

// tale writes a trace down.
type tale struct{ strings.Builder }

func (b *tale) hear(tr sched.Trace) { fmt.Fprintln(b, tr.At, tr) }

func (b *tale) want(t *testing.T, want string) {
	t.Helper()
	if got := b.String(); got != want {
		t.Errorf("got\n%s; want\n%s", got, want)
	}
}

// The trace tells the article's story: WRITE, then READ for life; a delay; and
// a kept connection that was gone.
func TestTrace(t *testing.T) {
	var b tale
	v := newLife(t, sim.Options{}, sched.Options{Trace: b.hear})
	requests := 0
	v.http(func(x *sim.Exchange) {
		if requests++; requests == 2 {
			x.Peer.Close()
			return
		}
		x.Reply(200, nil, []byte("hello"))
	})
	v.s.Add(sched.Get("http://a.example/"), readHello)
	v.s.Add(sched.Get("http://a.example:81/"), readEnd)
	v.run()
	b.want(t, `0s look up a.example
0s look up a.example
2ms look up a.example: 10.0.0.1
2ms fd 3 connect 10.0.0.1:80, add_handler WRITE
2ms look up a.example: 10.0.0.1
2ms fd 4 connect 10.0.0.1:81, add_handler WRITE
4ms fd 3 connected to 10.0.0.1:80
4ms fd 3 is new, for GET http://a.example/
4ms fd 3 WRITE 35 bytes: GET http://a.example/
4ms fd 3 the head is written
4ms fd 3 the request is written
4ms fd 3 update_handler READ
4ms fd 4 connect 10.0.0.1:81: connection refused
4ms fd 4 remove_handler, close
4ms readback sched_test.readEnd: GET http://a.example:81/: connect 10.0.0.1:81: connection refused
6ms fd 3 READ 43 bytes
6ms fd 3 the response begins
6ms fd 3 the head is whole: 200
6ms fd 3 the response is whole
6ms fd 3 is kept
6ms readback sched_test.readHello: 200, 5 bytes
6ms next GET http://a.example/again in 1s
1.006s fd 3 was idle for 1s, for GET http://a.example/again
1.006s fd 3 WRITE 40 bytes: GET http://a.example/again
1.006s fd 3 the head is written
1.006s fd 3 the request is written
1.008s fd 3 READ end of stream
1.008s fd 3 was closed (the server closed the connection without a reply): GET http://a.example/again again
1.008s fd 3 remove_handler, close
1.008s fd 3 connect 10.0.0.1:80, add_handler WRITE
1.01s fd 3 connected to 10.0.0.1:80
1.01s fd 3 is new, for GET http://a.example/again
1.01s fd 3 WRITE 40 bytes: GET http://a.example/again
1.01s fd 3 the head is written
1.01s fd 3 the request is written
1.01s fd 3 update_handler READ
1.012s fd 3 READ 43 bytes
1.012s fd 3 the response begins
1.012s fd 3 the head is whole: 200
1.012s fd 3 the response is whole
1.012s fd 3 is kept
1.012s readback sched_test.readEnd: 200, 5 bytes
1.02s fd 3 remove_handler, close
`)
}

// A request's own hook hears of its own steps only, before the stream's, and of
// what its redirects and further attempts do.
func TestRequestTrace(t *testing.T) {
	var own, all tale
	v := newLife(t, sim.Options{}, sched.Options{Trace: all.hear})
	n := 0
	v.http(func(x *sim.Exchange) {
		switch n++; n {
		case 1:
			x.Reply(302, http.Header{"Location": {"/there"}}, nil)
		case 2:
			x.Write([]byte("HTTP/1.1 103 Early Hints\r\n\r\n"))
			x.Reply(503, nil, nil)
		default:
			x.Reply(200, nil, []byte("x"))
		}
	})
	o := &outcome{}
	req := sched.Get("http://10.0.0.1/?token=1")
	req.MaxRedirects, req.Retry = 1, &sched.Retry{Base: 1}
	req.Trace = own.hear
	v.s.Add(req, v.note(o))
	v.run()
	v.wantBody(o, "x")
	text := own.String()
	for _, line := range []string{
		"redirect 302: GET http://10.0.0.1/?... is elsewhere\n", "fd 3 interim response 103\n",
		"next GET http://10.0.0.1/there again in 0s (status 503)\n", "fd 3 was idle for 0s, for GET http://10.0.0.1/there\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the trace has no %q:\n%s", line, text)
		}
	}
	if got, want := strings.Count(text, "is kept\n"), 3; got != want {
		t.Errorf("the connection was kept %d times; want %d", got, want)
	}
	// What is left when the request is over is the stream's business.
	if rest, ok := strings.CutPrefix(all.String(), text); !ok || !strings.HasSuffix(rest, "fd 3 remove_handler, close\n") || strings.Count(rest, "\n") != 1 {
		t.Errorf("the stream's trace goes on with %q; want the close of the kept connection", rest)
	}
}

// Each step that was told to begin is told to end, whatever ends it.
func TestTraceEndsWhatBegan(t *testing.T) {
	ends := map[sched.TraceOp][]sched.TraceOp{
		sched.TraceLookup:    {sched.TraceFound},
		sched.TraceQueued:    {sched.TraceUnqueued},
		sched.TraceConnect:   {sched.TraceConnected, sched.TraceConnectFailed},
		sched.TraceTunnel:    {sched.TraceTunnelled},
		sched.TraceHandshake: {sched.TraceSecured},
		sched.TraceUse:       {sched.TraceKept, sched.TraceClose},
	}
	for _, c := range []struct {
		name string
		url  string
		time sched.Timeouts
		stop time.Duration // cancel then
		kind sched.Kind
		last sched.TraceOp // before the readback's
	}{
		{name: "answer", url: "http://a.example/", last: sched.TraceKept},
		{name: "no such name", url: "http://b.example/", kind: sched.Resolve, last: sched.TraceFound},
		{name: "name too slow", url: "http://a.example/", time: sched.Timeouts{Resolve: ms(1)}, kind: sched.ResolveTimeout, last: sched.TraceFound},
		{name: "refused", url: "http://10.0.0.1:9/", kind: sched.Connect, last: sched.TraceClose},
		{name: "two addresses refused", url: "http://two.example:9/", kind: sched.Connect, last: sched.TraceClose},
		{name: "not allowed", url: "http://10.0.0.9/", kind: sched.Connect, last: sched.TraceConnectFailed},
		{name: "connect too slow", url: "http://10.0.0.1/", time: sched.Timeouts{Connect: ms(1)}, kind: sched.ConnectTimeout, last: sched.TraceClose},
		{name: "total", url: "http://10.0.0.1/", time: sched.Timeouts{Total: ms(1)}, kind: sched.TotalTimeout, last: sched.TraceClose},
		{name: "cancelled in the name", url: "http://a.example/", stop: ms(1), kind: sched.Cancelled, last: sched.TraceFound},
		{name: "cancelled in the connect", url: "http://10.0.0.1/", stop: ms(1), kind: sched.Cancelled, last: sched.TraceClose},
		{name: "cancelled in the wait", url: "http://10.0.0.1/", stop: ms(3), kind: sched.Cancelled, last: sched.TraceClose},
		{name: "TLS with one who has none", url: "https://10.0.0.1:80/", kind: sched.TLSTimeout, last: sched.TraceClose},
		{name: "cancelled in TLS", url: "https://10.0.0.1:80/", stop: ms(3), kind: sched.Cancelled, last: sched.TraceClose},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.w.Host("two.example", addr.Addr(), addr.Addr().Next())
			v.http(reply("x"))
			open := map[sched.TraceOp]int{}
			var before, last sched.TraceOp
			req := sched.Get(c.url)
			req.Timeouts = c.time
			req.AllowAddr = func(a netip.Addr) error {
				if a == netip.MustParseAddr("10.0.0.9") {
					return errors.New("not there")
				}
				return nil
			}
			req.Trace = func(tr sched.Trace) {
				before, last = last, tr.Op
				if ends[tr.Op] != nil {
					open[tr.Op]++
				}
				for begin, list := range ends {
					for _, end := range list {
						if tr.Op == end && open[begin] > 0 {
							open[begin]--
						}
					}
				}
				if tr.Request != req {
					t.Errorf("%v is told of request %p; want %p", tr, tr.Request, req)
				}
			}
			o := &outcome{}
			chain := v.s.Add(req, v.note(o))
			if c.stop > 0 {
				v.at(c.stop, chain.Cancel)
			}
			v.run()
			if o.calls != 1 || o.kind != c.kind {
				t.Errorf("the readback was called %d times, with %v; want once, with %q", o.calls, o, c.kind)
			}
			for op, n := range open {
				if n != 0 {
					t.Errorf("step %d began and was not told to end", op)
				}
			}
			if last != sched.TraceReadback || before != c.last {
				t.Errorf("the last steps are %d and %d; want %d and the readback (%d)", before, last, c.last, sched.TraceReadback)
			}
		})
	}
}

// Of a request with a body that goes out piece by piece, the trace tells once
// that the head was written, and once that all was, or that it never will be.
func TestTraceOfUpload(t *testing.T) {
	for _, c := range []struct {
		name   string
		reply  func(*sim.Peer, int) // after so many bytes of the body
		size   int
		expect time.Duration
		want   string
	}{
		{"one write", func(p *sim.Peer, got int) {
			if got == 5 {
				p.Write([]byte(ok("")))
			}
		}, 5, 0, "head, all, 200"},
		{"many", func(p *sim.Peer, got int) {
			if got == 100_000 {
				p.Write([]byte(ok("")))
			}
		}, 100_000, 0, "head, all, 200"},
		{"an answer in the midst", func(p *sim.Peer, got int) {
			if got > 50_000 && got < 60_000 {
				p.Write([]byte(ok("")))
			}
		}, 1 << 20, 0, "head, the response came before all of the request was written, 200"},
		{"asked first, and refused", func(p *sim.Peer, _ int) { p.Write([]byte(ok(""))) }, 1 << 20, time.Second,
			"head, the response came before all of the request was written, 200"},
		{"an end in the midst", func(p *sim.Peer, got int) {
			if got > 50_000 && got < 60_000 {
				p.Reset()
			}
		}, 1 << 20, 0, "head, connection reset by peer, reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []string
			v := newLife(t, sim.Options{Window: 5000}, sched.Options{Trace: func(tr sched.Trace) {
				switch tr.Op {
				case sched.TraceWroteHead:
					told = append(told, "head")
				case sched.TraceWrote:
					if tr.Err != nil {
						told = append(told, tr.Err.Error())
					} else {
						told = append(told, "all")
					}
				}
			}})
			v.w.Listen(addr, func(p *sim.Peer) {
				got, head := 0, false
				p.OnData = func(b []byte) {
					if !head { // it comes in one piece
						head = true
						got -= strings.Index(string(b), "\r\n\r\n") + 4
					}
					got += len(b)
					c.reply(p, got)
				}
			})
			s := &source{}
			req := put("http://a.example/", s.of(int64(c.size), make([]byte, c.size)))
			req.ExpectContinue = c.expect
			o := v.do(req)
			v.untilQuiet()
			if o.err != nil {
				told = append(told, string(o.kind))
			} else {
				told = append(told, fmt.Sprint(o.status))
			}
			if got := strings.Join(told, ", "); got != c.want {
				t.Errorf("told %q; want %q", got, c.want)
			}
			v.wantClosed(s)
			v.close()
		})
	}
}
