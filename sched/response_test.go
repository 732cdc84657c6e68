package sched_test

import (
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// raw is a handler that sends wire and closes behind it.
func raw(wire string) func(*sim.Exchange) {
	return func(x *sim.Exchange) {
		x.Close = true
		x.Raw([]byte(wire))
	}
}

func TestMaxBody(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream int64
		own    int64
		length int
		fails  bool
	}{
		{"just so", 10, 0, 10, false},
		{"one more", 10, 0, 11, true},
		{"the request allows more", 10, 20, 20, false},
		{"the request allows less", 10, 5, 6, true},
		{"no bound", 10, -1, 100_000, false},
		{"no bound in the stream", -1, 0, 9 << 20, false},
		{"default", 0, 0, 8 << 20, false},
		{"more than the default", 0, 0, 8<<20 + 1, true},
	} {
		for _, framing := range []string{"length", "close"} {
			t.Run(c.name+" by "+framing, func(t *testing.T) {
				v := newLife(t, sim.Options{Window: 1 << 20}, sched.Options{MaxBody: c.stream})
				body := strings.Repeat("x", c.length)
				v.http(func(x *sim.Exchange) {
					if framing == "length" {
						x.Reply(200, nil, []byte(body))
					} else {
						raw("HTTP/1.1 200 OK\r\n\r\n" + body)(x)
					}
				})
				r := sched.Get("http://a.example/")
				r.MaxBody = c.own
				o := v.do(r)
				v.run()
				if c.fails {
					v.wantKind(o, sched.BodyTooLarge, sched.PhaseBody)
					if o.status != 200 || len(o.part) > c.length {
						t.Errorf("the error has status %d, %d bytes; want 200 and what had arrived", o.status, len(o.part))
					}
					return
				}
				v.wantLong(o, body)
			})
		}
	}
}

// The server answers before it has read the request, and reads on or does not.
// The connection is in the middle of a request and not used again.
func TestEarlyResponse(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(*life, *sim.Peer)
	}{
		{"and waits", func(*life, *sim.Peer) {}},
		{"and closes", func(_ *life, p *sim.Peer) { p.CloseWrite() }},
		{"and resets a little later", func(v *life, p *sim.Peer) { v.w.After(ms(1), p.Reset) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{Window: 4096}, sched.Options{})
			l := v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func([]byte) {
					p.OnData = nil
					p.Pause(true)
					p.Write([]byte("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"))
					c.then(v, p)
				}
			})
			o := v.do(post("http://a.example/", strings.Repeat("x", 1<<20)))
			v.untilQuiet()
			if o.status != 413 || o.err != nil || o.body != "no!" {
				t.Errorf("got %v; want 413", o)
			}
			if got := v.s.Stats().Open; got != 0 {
				t.Errorf("%d connections are kept; want none", got)
			}
			if o.info.Timing.FirstByte != 0 {
				t.Errorf("FirstByte is %v; want 0: it did not wait for the last byte", o.info.Timing.FirstByte)
			}
			v.close()
			if l.Accepted() != 1 {
				t.Errorf("%d connections; want 1", l.Accepted())
			}
		})
	}
}

// What had arrived when a body failed can be reached from the error.
func TestPartialBody(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		kind       sched.Kind
		status     int
		part       string
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", sched.TruncatedBody, 200, "part"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\npa\r\n9\r\nrt", sched.TruncatedBody, 200, "part"},
		{"bad chunk", "HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nz\r\n", sched.MalformedBody, 201, "part"},
		{"no head", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", sched.TruncatedHead, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(raw(c.wire))
			o := v.get("http://a.example/")
			v.run()
			v.wantKind(o, c.kind, sched.PhaseBody)
			if o.status != c.status || o.part != c.part {
				t.Errorf("the error has status %d, body %q; want %d, %q", o.status, o.part, c.status, c.part)
			}
		})
	}
}

// All of a response can be read to the end of its readback, whatever that does
// meanwhile; a clone lives for ever.
func TestResponseBytes(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	n := 0
	v.http(func(x *sim.Exchange) {
		n++
		letter := strings.Repeat(string(rune('a'+n-1)), 3)
		x.Raw([]byte("HTTP/1.1 200 " + letter + "\r\nX: " + letter + "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n" + letter + "\r\n0\r\nT: " + letter + "\r\n\r\n"))
	})
	show := func(r *sched.Response) string {
		return strings.Join([]string{r.Proto, string(r.Reason), r.Header.Get("X"), string(r.Body), r.Trailer.Get("T")}, " ")
	}
	var clone *sched.Response
	v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			t.Fatal(err)
		}
		clone = resp.Clone()
		v.do(post("http://a.example/", strings.Repeat("z", 10_000))) // on the same connection
		v.get("http://a.example/")
		v.get("ftp://a.example/")
		v.s.Add(sched.Get("http://a.example/"), nil).Cancel()
		if got, want := show(resp), "HTTP/1.1 aaa aaa aaa aaa"; got != want {
			t.Errorf("in the readback: got %q; want %q", got, want)
		}
		return sched.Next{Request: sched.Get("http://a.example/")}
	})
	v.run()
	if n < 4 {
		t.Errorf("%d requests; want 4", n)
	}
	if got, want := show(clone), "HTTP/1.1 aaa aaa aaa aaa"; got != want || clone.Status != 200 || clone.Request == nil {
		t.Errorf("the clone: got %q; want %q", got, want)
	}
}

// Info tells who was talked to, how often, and how long each phase took.
func TestInfo(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1})
	v.http(func(x *sim.Exchange) { v.w.After(ms(50), func() { x.Reply(200, nil, nil) }) })
	first := v.get("http://a.example/")
	queued := v.get("http://10.0.0.1/")
	v.untilQuiet()
	kept := v.get("http://a.example/")
	refused := v.get("http://10.0.0.1:81/")
	unknown := v.get("http://nobody.example/")
	v.run()

	none := time.Duration(-1)
	for _, c := range []struct {
		name string
		o    *outcome
		want sched.Info
	}{
		{"first", first, sched.Info{Remote: addr, Attempts: 1,
			Timing: sched.Timing{Queue: ms(52), Resolve: ms(2), Connect: ms(2), TLS: none, FirstByte: ms(52), Total: ms(108)}}},
		{"with an address", queued, sched.Info{Remote: addr, Attempts: 1,
			Timing: sched.Timing{Queue: none, Resolve: none, Connect: ms(2), TLS: none, FirstByte: ms(52), Total: ms(54)}}},
		{"kept", kept, sched.Info{Remote: addr, Attempts: 1, Reused: true,
			Timing: sched.Timing{Queue: none, Resolve: none, Connect: none, TLS: none, FirstByte: ms(52), Total: ms(52)}}},
		{"refused", refused, sched.Info{Remote: addrOf("10.0.0.1:81"),
			Timing: sched.Timing{Queue: ms(52), Resolve: none, Connect: none, TLS: none, FirstByte: none, Total: ms(54)}}},
		{"no such name", unknown, sched.Info{
			Timing: sched.Timing{Queue: none, Resolve: ms(2), Connect: none, TLS: none, FirstByte: none, Total: ms(2)}}},
	} {
		if c.o.info != c.want {
			t.Errorf("%s: got %+v; want %+v", c.name, c.o.info, c.want)
		}
	}
}
