package sched_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// noise returns n bytes that are not all the same, from a seed.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Four megabytes each way, in small windows and small reads, to a server that
// reads now and then.
func TestLargeBodies(t *testing.T) {
	body := noise(4 << 20)
	for _, c := range []struct {
		name   string
		window int
		fault  sim.Fault
	}{
		{"window of 4 KiB", 4 << 10, sim.Fault{}},
		{"window of 64 KiB", 64 << 10, sim.Fault{}},
		{"window of 8 MiB", 8 << 20, sim.Fault{}},
		{"short reads and writes", 64 << 10, sim.Fault{ShortRead: 1000, ShortWrite: 999}},
		{"spurious events", 16 << 10, sim.Fault{Spurious: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{Window: c.window}, sched.Options{MaxBody: -1})
			// The peer's functions are called one by one: HTTP collects by
			// parsing again and again, which is quadratic.
			head, in := 0, []byte(nil)
			l := v.w.Listen(addr, func(p *sim.Peer) {
				napped := 0
				p.OnData = func(b []byte) {
					in = append(in, b...)
					if head == 0 {
						if i := bytes.Index(in, []byte("\r\n\r\n")); i >= 0 {
							head = i + 4
						}
					}
					if len(in)-head == len(body) {
						p.Write(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body)))
						p.Write(body)
					} else if len(in)/500_000 > napped {
						napped++
						p.Pause(true)
						v.w.After(10*time.Second, func() { p.Pause(false) })
					}
				}
			})
			l.Fault(1, c.fault)
			r := post("http://a.example/", "")
			r.Body = body
			o := v.do(r)
			v.run()
			if !bytes.Equal(in[head:], body) {
				t.Errorf("the server got %d bytes; want the %d that were sent", len(in)-head, len(body))
			}
			v.wantLong(o, string(body))
		})
	}
}

// wantLong is wantBody for bodies that one does not print.
func (v *life) wantLong(o *outcome, body string) {
	v.t.Helper()
	if o.err != nil || o.calls != 1 || o.body != body {
		v.t.Errorf("got %d calls, error %v, %d bytes; want 1, none, the %d that were sent", o.calls, o.err, len(o.body), len(body))
	}
}

// Each way to say where a body ends, and whether the connection lives on.
func TestFraming(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	for _, c := range []struct {
		name   string
		method string
		wire   string
		close  bool // the server closes behind it
		status int
		body   string
		kept   bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", true},
		{"length 0", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, "", true},
		{"long", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + long, false, 200, long, true},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", false, 200, "hello", true},
		{"chunked, long", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + long + "\r\n0\r\n\r\n", false, 200, long, true},
		{"until close", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", true, 200, "hello", false},
		{"until close, long", "GET", "HTTP/1.1 200 OK\r\n\r\n" + long, true, 200, long, false},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, 200, "", true},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", true},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 304, "", true},
		{"1xx before", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 200, "ok", true},
		{"said to close", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false, 200, "ok", false},
		{"closed behind it", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, 200, "ok", false},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 200, "ok", false},
		{"1.0 keep-alive", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", false, 200, "ok", true},
		{"both lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false, 200, "ok", false},
		{"leftovers", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!", false, 200, "ok", false},
		{"500", "GET", "HTTP/1.1 500 \r\nContent-Length: 2\r\n\r\nno", false, 500, "no", true},
	} {
		for _, split := range []int{0, 1, 7} {
			t.Run(fmt.Sprint(c.name, " split ", split), func(t *testing.T) {
				if split > 0 && len(c.wire) > 1000 {
					t.Skip("a drip of a long body adds nothing to those of the short ones")
				}
				v := newLife(t, sim.Options{}, sched.Options{})
				l := v.http(func(x *sim.Exchange) {
					if x.Request.URL.Path == "/next" {
						x.Reply(200, nil, []byte("next"))
						return
					}
					x.Close = c.close
					x.Write([]byte(c.wire))
					x.End()
				})
				l.Fault(1, sim.Fault{ShortRead: split})
				o, next := &outcome{}, &outcome{}
				note := v.note(o)
				r := sched.Get("http://a.example/")
				r.Method = c.method
				v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
					note(resp, err)
					return sched.Next{Request: sched.Get("http://a.example/next"), Readback: v.note(next), Delay: ms(20)}
				})
				v.run()
				v.wantLong(o, c.body)
				v.wantBody(next, "next")
				if o.status != c.status || next.info.Reused != c.kept {
					t.Errorf("status %d, kept %v; want %d, %v", o.status, next.info.Reused, c.status, c.kept)
				}
			})
		}
	}
}

// Connection: close is honoured when we say it, too, and so is a negative
// IdleTimeout.
func TestConnectionsThatAreNotKept(t *testing.T) {
	for _, c := range []struct {
		name  string
		field string
		idle  time.Duration
		kept  bool
	}{
		{"kept", "", 0, true},
		{"close", "close", 0, false},
		{"close in a list", "x, Close", 0, false},
		{"keep-alive", "keep-alive", 0, true},
		{"never kept", "", -1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{IdleTimeout: c.idle})
			v.http(reply("x"))
			r := sched.Get("http://a.example/")
			if c.field != "" {
				r.Header.Add("connection", c.field)
			}
			v.do(r)
			v.untilQuiet()
			if got := v.s.Stats().Idle == 1; got != c.kept {
				t.Errorf("kept: %v; want %v", got, c.kept)
			}
			v.close()
		})
	}
}

// An idle connection is closed when IdleTimeout has passed, on the spot, and
// each on its own.
func TestIdleTimeout(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{IdleTimeout: 10 * time.Second})
	v.http(reply("x"))
	urls := v.hosts(3)
	for i, u := range urls {
		v.at(time.Duration(i)*time.Second, func() { v.get(u) })
	}
	for _, c := range []struct {
		at   time.Duration
		open int
	}{{10 * time.Second, 3}, {10*time.Second + ms(7), 2}, {11*time.Second + ms(7), 1}, {12*time.Second + ms(7), 0}} {
		v.at(c.at, func() {
			if got := v.s.Stats().Open; got != c.open {
				t.Errorf("at %v %d connections are open; want %d", c.at, got, c.open)
			}
		})
	}
	v.untilQuietFrom(13 * time.Second)
	v.close()
}

// The end of a response falls on the end of a read, and more lies behind it:
// the next request must not be given that.
func TestLeftoversBehindAFullRead(t *testing.T) {
	const scratch = 64 << 10
	for _, more := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"} {
		v := newLife(t, sim.Options{Window: 1 << 20}, sched.Options{})
		const head = "HTTP/1.1 200 OK\r\nContent-Length: 65494\r\n\r\n"
		body := strings.Repeat("x", scratch-len(head))
		l := v.http(func(x *sim.Exchange) {
			if x.Request.URL.Path == "/next" {
				x.Reply(200, nil, []byte("next"))
				return
			}
			x.Raw([]byte(head + body + more))
		})
		o, next := &outcome{}, &outcome{}
		note := v.note(o)
		v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
			note(resp, err)
			return sched.Next{Request: sched.Get("http://a.example/next"), Readback: v.note(next)}
		})
		v.run()
		v.wantLong(o, body)
		v.wantBody(next, "next")
		if want := min(len(more), 1) + 1; l.Accepted() != want {
			t.Errorf("%d connections; want %d", l.Accepted(), want)
		}
	}
}
