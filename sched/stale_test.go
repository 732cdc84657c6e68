package sched_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// methods are the columns of the tables below.
var methods = []struct {
	name       string
	method     string
	key        bool // Idempotency-Key
	flag       bool // Request.Replayable
	replayable bool
}{
	{"GET", "GET", false, false, true},
	{"HEAD", "HEAD", false, false, true},
	{"OPTIONS", "OPTIONS", false, false, true},
	{"POST", "POST", false, false, false},
	{"POST with key", "POST", true, false, true},
	{"POST marked", "POST", false, true, true},
	{"PUT", "PUT", false, false, false},
	{"PUT marked", "PUT", false, true, true},
	{"DELETE", "DELETE", false, false, false},
}

// second is a request by the method of that row.
func second(url string, i int) *sched.Request {
	m := methods[i]
	r := sched.Get(url)
	r.Method, r.Replayable = m.method, m.flag
	if strings.HasPrefix(m.method, "P") {
		r.Body = []byte("body")
	}
	if m.key {
		r.Header.Add("Idempotency-Key", "1")
	}
	return r
}

// Request one leaves a kept connection, to which the server then does
// something; a quarter of a second later comes request two. What the server
// counts is what was sent.
func TestStaleConnection(t *testing.T) {
	const ok = sched.Kind("")
	for _, c := range []struct {
		name string
		// idle happens after the first response, second when the second request
		// comes on the same connection.
		idle   func(v *life, p *sim.Peer)
		second func(v *life, x *sim.Exchange)
		kind   sched.Kind // for what is not replayable
		always bool       // for the others, too
		sent   int        // requests two at the server, where not replayed
	}{
		{name: "closes while idle", idle: func(_ *life, p *sim.Peer) { p.Close() }, kind: ok, sent: 1},
		{name: "resets while idle", idle: func(_ *life, p *sim.Peer) { p.Reset() }, kind: ok, sent: 1},
		{name: "sends 408 while idle and closes", idle: func(_ *life, p *sim.Peer) {
			p.Write([]byte("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			p.Close()
		}, kind: ok, sent: 1},
		{name: "sends an unasked 200 while idle", idle: func(_ *life, p *sim.Peer) {
			p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"))
		}, kind: ok, sent: 1},
		{name: "sends a byte while idle", idle: func(_ *life, p *sim.Peer) { p.Write([]byte("\n")) }, kind: ok, sent: 1},
		{name: "reads request two, FIN", second: func(_ *life, x *sim.Exchange) { x.Peer.Close() },
			kind: sched.EmptyReply, sent: 1},
		{name: "reads request two, RST", second: func(_ *life, x *sim.Exchange) { x.Peer.Reset() },
			kind: sched.Reset, sent: 1},
		{name: "reads request two, waits, FIN", second: func(v *life, x *sim.Exchange) { v.w.After(ms(300), x.Peer.Close) },
			kind: sched.EmptyReply, sent: 1},
		{name: "sends HTTP/1. then FIN", second: func(_ *life, x *sim.Exchange) {
			x.Peer.Write([]byte("HTTP/1."))
			x.Peer.Close()
		}, kind: sched.TruncatedHead, always: true, sent: 1},
		{name: "sends CR LF then FIN", second: func(_ *life, x *sim.Exchange) {
			x.Peer.Write([]byte("\r\n"))
			x.Peer.Close()
		}, kind: sched.EmptyReply, always: true, sent: 1},
		{name: "sends a byte then RST", second: func(v *life, x *sim.Exchange) {
			x.Peer.Write([]byte("H"))
			v.w.After(ms(5), x.Peer.Reset)
		}, kind: sched.Reset, always: true, sent: 1},
	} {
		for i, m := range methods {
			t.Run(c.name+"/"+m.name, func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{})
				var first *sim.Peer
				seconds := 0
				l := v.http(func(x *sim.Exchange) {
					if x.Request.URL.Path == "/one" {
						first = x.Peer
						x.Reply(200, nil, []byte("one"))
						if c.idle != nil {
							v.w.After(ms(100), func() { c.idle(v, first) })
						}
						return
					}
					seconds++
					if x.Peer == first {
						c.second(v, x)
						return
					}
					x.Reply(200, nil, []byte("two"))
				})
				v.get("http://a.example/one")
				var o *outcome
				v.at(ms(250), func() { o = v.do(second("http://a.example/two", i)) })
				v.untilQuietFrom(time.Second)
				v.close()

				want, sent := c.kind, c.sent
				if c.second != nil && m.replayable && !c.always {
					want, sent = ok, c.sent+1
				}
				conns := 2
				if want != ok {
					conns = 1
				}
				if o.calls != 1 || o.kind != want {
					t.Errorf("got %d calls, %v; want 1, kind %q", o.calls, o, want)
				}
				if want == ok && (o.status != 200 || m.method != "HEAD" && o.body != "two" || o.info.Reused) {
					t.Errorf("got %v, reused %v; want the answer to request two, on a fresh connection", o, o.info.Reused)
				}
				if seconds != sent || o.info.Attempts != sent || l.Accepted() != conns {
					t.Errorf("request two came %d times, attempts %d, %d connections; want %d, %d, %d", seconds, o.info.Attempts, l.Accepted(), sent, sent, conns)
				}
				if o.err != nil && !o.err.Sent {
					t.Error("Sent is false; want true")
				}
			})
		}
	}
}

// On a fresh connection nothing is replayed: a server that dislikes the request
// would be hit again and again.
func TestFreshConnectionIsNotReplayed(t *testing.T) {
	for _, c := range []struct {
		name string
		by   func(*sim.Peer)
		kind sched.Kind
	}{
		{"FIN", (*sim.Peer).Close, sched.EmptyReply},
		{"RST", (*sim.Peer).Reset, sched.Reset},
	} {
		for i, m := range methods {
			t.Run(c.name+"/"+m.name, func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{})
				requests := 0
				l := v.http(func(x *sim.Exchange) {
					requests++
					c.by(x.Peer)
				})
				o := v.do(second("http://a.example/", i))
				v.run()
				v.wantKind(o, c.kind, sched.PhaseFirstByte)
				if requests != 1 || l.Accepted() != 1 || o.info.Attempts != 1 {
					t.Errorf("%d requests, %d connections, %d attempts; want 1 each", requests, l.Accepted(), o.info.Attempts)
				}
			})
		}
	}
}

// A replay takes a fresh connection though others are kept, and there is one.
func TestReplayIsOneAndFresh(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	bad, requests := false, 0
	l := v.http(func(x *sim.Exchange) {
		requests++
		if bad {
			x.Peer.Close()
			return
		}
		v.w.After(ms(50), func() { x.Reply(200, nil, nil) })
	})
	for range 5 {
		v.get("http://a.example/")
	}
	v.untilQuiet()
	if got := v.s.Stats().Idle; got != 5 {
		t.Fatalf("%d connections are kept; want 5", got)
	}
	bad, requests = true, 0
	o := v.get("http://a.example/")
	v.run()
	v.wantKind(o, sched.EmptyReply, sched.PhaseFirstByte)
	if requests != 2 || o.info.Attempts != 2 || o.info.Reused || l.Accepted() != 6 {
		t.Errorf("%d requests, %d attempts, reused %v, %d connections; want 2, 2, false, 6", requests, o.info.Attempts, o.info.Reused, l.Accepted())
	}
}

// If the replay finds nobody, the error still tells that bytes were sent.
func TestSentIsTrueThoughTheReplayWasNot(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	requests := 0
	var l *sim.Listener
	l = v.http(func(x *sim.Exchange) {
		if requests++; requests == 1 {
			x.Reply(200, nil, nil)
			return
		}
		l.Close()
		x.Peer.Close()
	})
	v.get("http://a.example/")
	v.untilQuiet()
	o := v.get("http://a.example/")
	v.run()
	v.wantKind(o, sched.Connect, sched.PhaseConnect)
	if !o.err.Sent || o.info.Attempts != 1 {
		t.Errorf("sent %v, attempts %d; want true, 1", o.err.Sent, o.info.Attempts)
	}
}

// A request of which no byte was written goes to a new connection, whatever its
// method: nobody can have acted on it.
func TestUnwrittenRequestMoves(t *testing.T) {
	for _, by := range []string{"FIN", "RST"} {
		for i, m := range methods {
			t.Run(by+"/"+m.name, func(t *testing.T) {
				v := newLife(t, sim.Options{Window: 4096}, sched.Options{})
				var first *sim.Peer
				in, heard := "", 0
				l := v.w.Listen(addr, func(p *sim.Peer) {
					if first == nil {
						// It answers when it has heard half, and does not read
						// the rest: the window stays full.
						first = p
						p.OnData = func(b []byte) {
							if heard += len(b); heard == 4096 {
								p.Pause(true)
								v.w.After(ms(5), func() { p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) })
							}
						}
						return
					}
					sim.HTTP(func(x *sim.Exchange) {
						in += x.Request.Method
						x.Reply(200, nil, []byte("moved"))
					})(p)
				})
				const head = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8135\r\n\r\n"
				v.do(post("http://a.example/", strings.Repeat("x", 2*4096-len(head))))
				var o *outcome
				v.at(ms(100), func() {
					if got := v.s.Stats().Idle; got != 1 {
						t.Fatalf("%d connections are kept; want 1", got)
					}
					o = v.do(second("http://a.example/two", i))
				})
				v.at(ms(200), func() {
					if by == "FIN" {
						first.CloseWrite()
					} else {
						first.Reset()
					}
				})
				v.untilQuietFrom(time.Second)
				v.close()
				if o.calls != 1 || o.err != nil || m.method != "HEAD" && o.body != "moved" {
					t.Errorf("got %v; want moved", o)
				}
				if in != m.method || l.Accepted() != 2 {
					t.Errorf("the server heard %q over %d connections; want %q over 2", in, l.Accepted(), m.method)
				}
			})
		}
	}
}

// The server's FIN or RST and another response come in the same batch of
// events, and the readback of that one wants the connection that is gone.
func TestStaleInTheSameBatch(t *testing.T) {
	for _, by := range []string{"FIN", "RST"} {
		for i, m := range methods {
			t.Run(fmt.Sprint(by, "/", m.name), func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{})
				var first *sim.Peer
				requests := ""
				v.http(func(x *sim.Exchange) {
					requests += x.Request.URL.Path
					if first == nil {
						first = x.Peer
					}
					x.Reply(200, nil, []byte("x"))
				})
				v.other(sim.HTTP(func(x *sim.Exchange) {
					v.w.After(ms(50), func() {
						x.Reply(200, nil, nil)
						if by == "FIN" {
							first.Close()
						} else {
							first.Reset()
						}
					})
				}))
				v.get("http://a.example/one")
				var o *outcome
				v.s.Add(sched.Get("http://b.example/"), func(*sched.Response, error) sched.Next {
					o = v.do(second("http://a.example/two", i))
					return sched.Next{}
				})
				v.run()
				if o.calls != 1 || o.err != nil || o.info.Reused {
					t.Errorf("got %v, reused %v; want an answer on a fresh connection", o, o.info.Reused)
				}
				if requests != "/one/two" {
					t.Errorf("the server heard %q; want %q", requests, "/one/two")
				}
			})
		}
	}
}
