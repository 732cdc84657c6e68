package sched_test

import (
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A first request is answered at 6 ms: name 2, connect 2, there and back 2.
const answered = 6 * time.Millisecond

func TestNext(t *testing.T) {
	again := sched.Get("http://a.example/again")
	for _, c := range []struct {
		name     string
		next     sched.Next
		requests int
		end      time.Duration
	}{
		{"zero ends", sched.Next{}, 1, answered},
		{"delay alone ends", sched.Next{Delay: time.Hour}, 1, answered},
		{"no delay", sched.Next{Request: again}, 2, answered + ms(2)},
		{"negative delay", sched.Next{Request: again, Delay: -time.Hour}, 2, answered + ms(2)},
		{"delay", sched.Next{Request: again, Delay: 3 * time.Second}, 2, answered + ms(2) + 3*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{IdleTimeout: time.Hour})
			requests := 0
			l := v.http(func(x *sim.Exchange) {
				requests++
				x.Reply(200, nil, nil)
			})
			calls := 0
			var end time.Duration
			next := c.next
			if next.Request != nil {
				next.Readback = func(*sched.Response, error) sched.Next {
					end = v.w.Now()
					return sched.Next{}
				}
			}
			v.s.Add(sched.Get("http://a.example/"), func(*sched.Response, error) sched.Next {
				calls++
				end = v.w.Now()
				return next
			})
			v.run()
			if calls != 1 || requests != c.requests || l.Accepted() != 1 {
				t.Errorf("got %d calls, %d requests, %d connections; want 1, %d, 1", calls, requests, l.Accepted(), c.requests)
			}
			if end != c.end {
				t.Errorf("the chain ended at %v; want %v", end, c.end)
			}
		})
	}
}

// The longest duration there is means never, and not "it has wrapped round".
func TestDelayForEver(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(reply("x"))
	o := &outcome{}
	v.at(time.Second, func() {
		chain := v.s.AddAfter(math.MaxInt64, sched.Get("http://a.example/"), v.note(o))
		v.at(time.Minute, chain.Cancel)
	})
	v.untilQuietFrom(2 * time.Second)
	v.close()
	v.wantKind(o, sched.Cancelled, sched.PhaseQueue)
}

// A nil Readback sends the request, drops the response and keeps the connection.
func TestNilReadback(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var paths []string
	l := v.http(func(x *sim.Exchange) {
		paths = append(paths, x.Request.URL.Path)
		x.Reply(200, nil, make([]byte, 100_000))
	})
	v.s.Add(sched.Get("http://a.example/first"), func(resp *sched.Response, err error) sched.Next {
		return sched.Next{Request: sched.Get("http://a.example/dropped")}
	})
	v.s.Add(sched.Get("http://nobody.example/"), nil) // fails, and nobody hears
	var o *outcome
	v.at(time.Second, func() { o = v.get("http://a.example/last") })
	v.untilQuietFrom(2 * time.Second)
	v.close()
	if len(paths) != 3 || l.Accepted() != 1 {
		t.Errorf("got requests %q over %d connections; want 3 over 1", paths, l.Accepted())
	}
	if o.calls != 1 || !o.info.Reused {
		t.Errorf("the last request got %v, reused %v; want an answer on the kept connection", o, o.info.Reused)
	}
}

func TestInvalidRequest(t *testing.T) {
	with := func(f func(*sched.Request)) *sched.Request {
		r := sched.Get("http://a.example/x")
		f(r)
		return r
	}
	for _, c := range []struct {
		name string
		req  *sched.Request
		want string
	}{
		{"nil request", nil, "no request"},
		{"nil URL", &sched.Request{}, "GET: no URL"},
		{"ftp", sched.Get("ftp://a.example/"), `GET ftp://a.example/: the URL must begin with http:// or https://, not "ftp://a.example/"`},
		{"no scheme", sched.Get("a.example/x"), `GET a.example/x: the URL must begin with http:// or https://, not "a.example/x"`},
		{"no host", sched.Get("http:///x"), "GET http:///x: the URL names no host"},
		{"port without host", sched.Get("http://:80/"), "GET http://:80/: the URL names no host"},
		{"not a URL", sched.Get("http://a b/"), `GET http://a b/: parse "http://a b/": invalid character " " in host name`},
		{"port 0", sched.Get("http://a.example:0/"), "GET http://a.example:0/: the port must be 1 to 65535, not 0"},
		{"port 65536", sched.Get("http://a.example:65536/"), "GET http://a.example:65536/: the port must be 1 to 65535, not 65536"},
		{"field with CR LF", with(func(r *sched.Request) { r.Header.Add("X", "a\r\nEvil: b") }),
			`GET http://a.example/x: httpwire: request: X`},
		{"method with a space", with(func(r *sched.Request) { r.Method = "GET /" }),
			`GET / http://a.example/x: httpwire: request: method`},
		{"target with a space", with(func(r *sched.Request) { r.Target = "/a b" }),
			`GET http://a.example/x: httpwire: request: target`},
		{"body with Transfer-Encoding", with(func(r *sched.Request) {
			r.Method, r.Body = "POST", []byte("x")
			r.Header.Add("Transfer-Encoding", "chunked")
		}), `POST http://a.example/x: httpwire: request: Transfer-Encoding`},
		{"wrong Content-Length", with(func(r *sched.Request) { r.Header.Add("Content-Length", "7") }),
			`GET http://a.example/x: httpwire: request: Content-Length`},
	} {
		for _, kept := range []bool{false, true} {
			name := c.name
			if kept {
				name += " with a kept connection"
			}
			t.Run(name, func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{})
				v.http(reply("x"))
				if kept {
					v.get("http://a.example/")
					v.untilQuiet()
				}
				before := v.w.Stats().Connects
				o := v.do(c.req)
				v.untilQuiet()
				if got := v.w.Stats().Connects; got != before {
					t.Errorf("%d connections were made for it; want none", got-before)
				}
				if got := v.s.Stats().Idle; kept && got != 1 {
					t.Errorf("%d connections are idle; want the one that was kept", got)
				}
				v.close()
				v.wantKind(o, sched.InvalidRequest, sched.PhaseQueue)
				if o.info.Attempts != 0 || o.err.Sent {
					t.Errorf("attempts %d, sent %v; want 0 and false", o.info.Attempts, o.err.Sent)
				}
				// What httpwire says behind this is tested there.
				if got := o.err.Error(); got != c.want && !(strings.Contains(c.want, "httpwire") && strings.HasPrefix(got, c.want)) {
					t.Errorf("got %q; want %q", got, c.want)
				}
			})
		}
	}
}

func TestNewRequest(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"http://a.example/x?y=z", ""},
		{"HTTP://A.example", ""},
		{"http://[2001:db8::1]:8080/", ""},
		{"http://a b/", `GET http://a b/: parse "http://a b/": invalid character " " in host name`},
		{"", `GET: the URL must begin with http:// or https://, not ""`},
	} {
		r, err := sched.NewRequest("GET", c.url)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || (r == nil) != (err != nil) {
			t.Errorf("NewRequest(%q): got %v, %q; want error %q", c.url, r, got, c.want)
		}
	}
}

func TestPostForm(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) {
		x.Reply(200, nil, []byte(x.Request.Method+" "+x.Request.Header.Get("Content-Type")+" "+string(x.Body)))
	})
	o := v.do(sched.PostForm("http://a.example/", url.Values{"b": {"2 3"}, "a": {"1&"}}))
	v.run()
	v.wantBody(o, "POST application/x-www-form-urlencoded a=1%26&b=2+3")
}

// What is sent is what was asked for, byte for byte.
func TestRequestOnTheWire(t *testing.T) {
	for _, c := range []struct {
		name string
		req  func() *sched.Request
		want string
	}{
		{"plain", func() *sched.Request { return sched.Get("http://a.example") }, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		{"path and query", func() *sched.Request { return sched.Get("http://a.example/a%2Fb/?q=%20#f") }, "GET /a%2Fb/?q=%20 HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		{"target and host", func() *sched.Request {
			r := sched.Get("http://a.example/x")
			r.Target, r.Host = "/a|b\xff", "B.example"
			return r
		}, "GET /a|b\xff HTTP/1.1\r\nHost: B.example\r\n\r\n"},
		{"order and spelling", func() *sched.Request {
			r := sched.Get("http://a.example/x")
			r.Header = httpwire.Header{{Name: "z-Z", Value: "1"}, {Name: "hOsT", Value: "c.example"}, {Name: "A", Value: ""}}
			return r
		}, "GET /x HTTP/1.1\r\nz-Z: 1\r\nhOsT: c.example\r\nA:\r\n\r\n"},
		{"body", func() *sched.Request { return post("http://a.example:80/x", "body") }, "POST /x HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 4\r\n\r\nbody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			var got string
			v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func(b []byte) {
					got += string(b)
					p.Write([]byte("HTTP/1.1 204 \r\n\r\n"))
				}
			})
			v.do(c.req())
			v.run()
			if got != c.want {
				t.Errorf("got %q; want %q", got, c.want)
			}
		})
	}
}

func TestSameRequestTwice(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(reply("x"))
	r := sched.Get("http://a.example/")
	a, b := v.do(r), v.do(r)
	v.run()
	v.wantBody(a, "x")
	v.wantBody(b, "x")
	if l.Accepted() != 2 {
		t.Errorf("%d connections; want 2, since both were under way", l.Accepted())
	}
}

func TestAddAfter(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(reply("x"))
	var late, early outcome
	v.s.AddAfter(2*time.Second, sched.Get("http://a.example/"), v.note(&late))
	v.s.AddAfter(-time.Second, sched.Get("http://a.example/"), v.note(&early))
	v.run()
	if early.at != answered || late.at != 2*time.Second+ms(2) {
		t.Errorf("got answers at %v and %v; want %v and %v", early.at, late.at, answered, 2*time.Second+ms(2))
	}
	if late.info.Timing.Total != ms(2) {
		t.Errorf("total is %v; want %v: the delay does not count", late.info.Timing.Total, ms(2))
	}
}

// Add in a readback takes the connection that the response has just freed, and
// is on the wire when Add returns.
func TestAddInReadback(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(reply("x"))
	var inner *outcome
	v.s.Add(sched.Get("http://a.example/"), func(*sched.Response, error) sched.Next {
		before := v.w.Stats().Sent
		inner = v.get("http://a.example/")
		if v.w.Stats().Sent == before {
			t.Error("nothing was written by Add; want the request on the kept connection")
		}
		return sched.Next{}
	})
	v.run()
	v.wantBody(inner, "x")
	if l.Accepted() != 1 || !inner.info.Reused {
		t.Errorf("%d connections, reused %v; want 1, true", l.Accepted(), inner.info.Reused)
	}
}
