package sched_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// script answers the nth request with the nth reply: a status with fields after
// it, "FIN", "RST" or "silence"; the last one stays.
func script(times *[]time.Duration, v *life, replies ...string) func(*sim.Exchange) {
	n := 0
	return func(x *sim.Exchange) {
		*times = append(*times, v.w.Now().Round(time.Second))
		reply := replies[min(n, len(replies)-1)]
		n++
		switch reply {
		case "FIN":
			x.Peer.Close()
		case "RST":
			x.Peer.Reset()
		case "silence":
		default:
			x.Raw([]byte("HTTP/1.1 " + strings.ReplaceAll(reply, "|", "\r\n") + "\r\nContent-Length: 0\r\n\r\n"))
		}
	}
}

func TestRetry(t *testing.T) {
	get, post := "GET", "POST"
	slow := sched.Retry{Attempts: 4, Base: time.Minute, Max: time.Minute}
	for _, c := range []struct {
		name    string
		method  string
		policy  *sched.Retry
		replies []string
		sent    int
		status  int
		kind    sched.Kind
	}{
		{"no policy", get, nil, []string{"503 "}, 1, 503, ""},
		{"until it works", get, &slow, []string{"503 ", "429 ", "200 "}, 3, 200, ""},
		{"until the attempts are used up", get, &slow, []string{"503 "}, 4, 503, ""},
		{"three by default", get, &sched.Retry{}, []string{"503 "}, 3, 503, ""},
		{"another status", get, &slow, []string{"500 "}, 1, 500, ""},
		{"a status of one's own", get, &sched.Retry{Statuses: []int{500}}, []string{"500 ", "200 "}, 2, 200, ""},
		{"errors", get, &slow, []string{"FIN", "RST", "200 "}, 3, 200, ""},
		{"errors to the end", get, &slow, []string{"FIN"}, 4, 0, sched.EmptyReply},
		{"a post that may have been done", post, &slow, []string{"FIN"}, 1, 0, sched.EmptyReply},
		{"a post that was refused", post, &slow, []string{"503 "}, 1, 503, ""},
		{"broken protocol", get, &slow, []string{"2x0 "}, 1, 0, sched.MalformedHead},
		{"a longer wait than ours", get, &slow, []string{"503 |Retry-After: 61", "200 "}, 1, 503, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			var times []time.Duration
			v.http(script(&times, v, c.replies...))
			req := sched.Get("http://a.example/")
			req.Method, req.Retry = c.method, c.policy
			o := &outcome{}
			v.s.Add(req, v.note(o))
			v.run()
			if len(times) != c.sent || o.calls != 1 || o.status != c.status || o.kind != c.kind {
				t.Errorf("sent %d times, readback called %d times with %v; want %d, once, %d %s", len(times), o.calls, o, c.sent, c.status, c.kind)
			}
			if o.err == nil && o.info.Attempts != c.sent {
				t.Errorf("Attempts is %d; want %d", o.info.Attempts, c.sent)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for _, value := range []string{"20", "Tue, 23 Apr 2013 01:00:20 GMT"} {
		v := newLife(t, sim.Options{Latency: -1}, sched.Options{})
		var times []time.Duration
		v.http(script(&times, v, "503 |Retry-After: "+value, "200 "))
		req := sched.Get("http://a.example/")
		req.Retry = &sched.Retry{}
		o := &outcome{}
		v.s.Add(req, v.note(o))
		v.run()
		if len(times) != 2 || times[1] != 20*time.Second {
			t.Errorf("%s: sent at %v; want the second after 20s", value, times)
		}
	}
}

// A wait that the total deadline would not survive is not begun.
func TestRetryWithinTheDeadline(t *testing.T) {
	v := newLife(t, sim.Options{Latency: -1}, sched.Options{})
	var times []time.Duration
	v.http(script(&times, v, "503 |Retry-After: 20", "200 "))
	req := sched.Get("http://a.example/")
	req.Retry, req.Timeouts.Total = &sched.Retry{}, 15*time.Second
	o := &outcome{}
	v.s.Add(req, v.note(o))
	v.run()
	if o.status != 503 || o.at != 0 {
		t.Errorf("got %v at %v; want the 503 at once", o, o.at)
	}
}

func TestRetryConnect(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(reply("x"))
	l.Fault(1, sim.Fault{Refuse: syscall.ECONNREFUSED})
	req := sched.Get("http://a.example/")
	req.Method, req.Retry = "POST", &sched.Retry{} // nothing was sent: any method
	o := &outcome{}
	v.s.Add(req, v.note(o))
	v.run()
	v.wantBody(o, "x")
}

func TestRetryBudget(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var times []time.Duration
	v.http(script(&times, v, "503 "))
	budget := &sched.RetryBudget{Per: 10, Burst: 5}
	for range 100 {
		req := sched.Get("http://a.example/")
		req.Retry = &sched.Retry{Budget: budget}
		v.s.Add(req, v.note(&outcome{}))
	}
	v.run()
	if more := len(times) - 100; more < 5 || more > 5+100/10 {
		t.Errorf("%d attempts more for 100 requests; want 5, and one in ten", more)
	}
}

func TestCancelBetweenAttempts(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var times []time.Duration
	v.http(script(&times, v, "503 |Retry-After: 20"))
	req := sched.Get("http://a.example/")
	req.Retry = &sched.Retry{}
	o := &outcome{}
	chain := v.s.Add(req, v.note(o))
	v.l.CallLater(10*time.Second, chain.Cancel)
	v.run()
	v.wantKind(o, sched.Cancelled, sched.PhaseQueue)
	if len(times) != 1 {
		t.Errorf("sent %d times; want once", len(times))
	}
}

// What OnBody has had a piece of is not begun again.
func TestRetryNotAfterAPiece(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	n := 0
	v.http(func(x *sim.Exchange) {
		n++
		x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
		x.Peer.Close()
	})
	req := sched.Get("http://a.example/")
	req.Retry = &sched.Retry{}
	req.OnBody = func(*sched.Response, []byte) error { return nil }
	o := &outcome{}
	v.s.Add(req, v.note(o))
	v.run()
	v.wantKind(o, sched.TruncatedBody, sched.PhaseBody)
	if n != 1 {
		t.Errorf("sent %d times; want once", n)
	}
}
