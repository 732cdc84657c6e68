package sched_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A crowd is a server for every host, which notes the order of the requests and
// how many of each host it serves at the same time. A request for /N is
// answered after N milliseconds.
type crowd struct {
	v      *life
	served []string
	now    map[string]int
	most   map[string]int
}

func newCrowd(v *life) *crowd {
	c := &crowd{v: v, now: map[string]int{}, most: map[string]int{}}
	v.http(func(x *sim.Exchange) {
		host := x.Request.Host
		c.served = append(c.served, host+x.Request.URL.Path)
		c.now[host]++
		c.most[host] = max(c.most[host], c.now[host])
		wait := 0
		fmt.Sscanf(x.Request.URL.Path, "/%d", &wait)
		x.OnGone = func() { c.now[host]-- }
		v.w.After(ms(wait), func() {
			c.now[host]--
			x.Reply(200, nil, []byte("x"))
		})
	})
	return c
}

// add adds requests for such as "a/10", and returns their outcomes.
func (c *crowd) add(requests string) []*outcome {
	var all []*outcome
	for r := range strings.FieldsSeq(requests) {
		all = append(all, c.v.get("http://"+r))
	}
	return all
}

// Who waits for his own host holds up nobody, and comes back in the order of
// arrival.
func TestMaxConnsPerHost(t *testing.T) {
	for _, c := range []struct {
		name            string
		limit, maxConns int
		requests        string
		served          string
		most            string // at once, by host
	}{
		{"no limit", 0, 9, "a/10 a/10 a/10 b/10", "a/10 a/10 a/10 b/10", "map[a:3 b:1]"},
		{"one", 1, 9, "a/10 a/11 a/12 b/10", "a/10 b/10 a/11 a/12", "map[a:1 b:1]"},
		{"two", 2, 9, "a/10 a/11 a/12 a/13 b/10", "a/10 a/11 b/10 a/12 a/13", "map[a:2 b:1]"},
		{"as many as all", 2, 2, "a/10 a/20 b/10 a/10 c/10", "a/10 a/20 b/10 a/10 c/10", "map[a:2 b:1 c:1]"},
		// c came after the second a, and waits for any connection: the second a
		// for that of its host, which is the first to be free.
		{"one of two", 1, 2, "a/10 a/10 b/30 c/10", "a/10 b/30 a/10 c/10", "map[a:1 b:1 c:1]"},
		{"many aside", 1, 2, "a/10 a/11 a/12 b/10 b/11 b/12 c/5", "a/10 b/10 a/11 b/11 a/12 b/12 c/5", "map[a:1 b:1 c:1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{Latency: -1}, sched.Options{MaxConnsPerHost: c.limit, MaxConns: c.maxConns, Resolve: here})
			crowd := newCrowd(v)
			all := crowd.add(c.requests)
			v.run()
			for _, o := range all {
				v.wantBody(o, "x")
			}
			if got := strings.Join(crowd.served, " "); got != c.served {
				t.Errorf("served %s; want %s", got, c.served)
			}
			if got := fmt.Sprint(crowd.most); got != c.most {
				t.Errorf("at once %s; want %s", got, c.most)
			}
		})
	}
}

// A host is a scheme, a name and a port.
func TestMaxConnsPerHostKnowsHosts(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 1, Resolve: here})
	v.http(silence)
	for _, u := range []string{"http://a.example/", "http://A.example:80/", "http://a.example:81/", "http://b.example/", "https://a.example/"} {
		v.get(u)
	}
	v.untilQuietAtMost(ms(50))
	if got, want := v.s.Stats(), (sched.Stats{Pending: 5, Waiting: 1, Held: 1, Open: 4}); got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
	v.close()
}

// The queue's deadline says which limit it was, and Stats how many wait for it.
func TestHeldForTooLong(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 1, MaxConns: 2, Timeouts: sched.Timeouts{Queue: time.Second}, Resolve: here})
	v.http(silence)
	v.get("http://a.example/")
	v.get("http://b.example/")
	held, late := v.get("http://a.example/"), v.get("http://c.example/")
	v.at(ms(500), func() {
		if got, want := v.s.Stats(), (sched.Stats{Pending: 4, Waiting: 2, Held: 1, Open: 2}); got != want {
			t.Errorf("got %+v; want %+v", got, want)
		}
	})
	v.untilQuietAtMost(2 * time.Second)
	v.close()
	v.wantKind(held, sched.QueueTimeout, sched.PhaseQueue)
	v.wantKind(late, sched.QueueTimeout, sched.PhaseQueue)
	if got, want := held.err.Error(), "GET http://a.example/: queue a.example: no connection to this host was free within 1s (1 open of at most 1)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := late.err.Error(), "GET http://c.example/: queue c.example: no connection was free within 1s (2 open of at most 2)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Those aside count, too.
func TestQueueFullOfHeldOnes(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 1, MaxQueue: 2, Resolve: here})
	v.http(silence)
	var all []*outcome
	for range 4 {
		all = append(all, v.get("http://a.example/"))
	}
	v.untilQuietAtMost(ms(50))
	if got := v.s.Stats(); got.Held != 2 || all[3].kind != sched.QueueFull {
		t.Errorf("%d are held, the fourth got %v; want 2, and %s", got.Held, all[3], sched.QueueFull)
	}
	v.close()
}

// With one connection for a host, whatever becomes of it: the next one of the
// host gets its place, and no other host notices.
func TestOneConnectionPerHost(t *testing.T) {
	ok := reply("x")
	for _, c := range []struct {
		name   string
		fault  sim.Fault // of the first connection
		handle func(*sim.Exchange)
		edit   func(*sched.Request) // of the first request
		kind   sched.Kind           // of its outcome
	}{
		{name: "served", handle: ok},
		{name: "refused", fault: sim.Fault{Refuse: 111}, handle: ok, kind: sched.Connect},
		{name: "silent", fault: sim.Fault{Silent: true}, handle: ok, kind: sched.ConnectTimeout},
		{name: "not allowed", handle: ok, edit: func(r *sched.Request) { r.AllowAddr = refuseAll }, kind: sched.Connect},
		{name: "empty reply", fault: sim.Fault{Down: sim.Cut{By: sim.FIN}}, handle: ok, kind: sched.EmptyReply},
		{name: "reset", fault: sim.Fault{Down: sim.Cut{By: sim.Reset, At: 5}}, handle: ok, kind: sched.Reset},
		{name: "cut", fault: sim.Fault{Down: sim.Cut{By: sim.FIN, At: 38}}, handle: ok, kind: sched.TruncatedBody},
		{name: "no answer", handle: ok, fault: sim.Fault{Down: sim.Cut{By: sim.Silence}}, kind: sched.FirstByteTimeout},
		{name: "closed after each", handle: func(x *sim.Exchange) { x.Close = true; x.Reply(200, nil, []byte("x")) }},
		{name: "to be closed", handle: ok, edit: func(r *sched.Request) { r.Header.Set("Connection", "close") }},
		{name: "too large", handle: func(x *sim.Exchange) {
			if x.Request.URL.Path == "/first" {
				x.Reply(200, nil, []byte("too large"))
				return
			}
			ok(x)
		}, kind: sched.BodyTooLarge},
		{name: "redirected to itself", edit: func(r *sched.Request) { r.MaxRedirects = 5 }, handle: func(x *sim.Exchange) {
			if x.Request.URL.Path == "/first" {
				x.Reply(302, http.Header{"Location": {"/elsewhere"}}, nil)
				return
			}
			ok(x)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{
				MaxConnsPerHost: 1,
				MaxBody:         4,
				Timeouts:        sched.Timeouts{Connect: time.Second, FirstByte: time.Second},
			})
			l := v.http(c.handle)
			l.Fault(1, c.fault)
			v.other(sim.HTTP(ok))
			first := sched.Get("http://a.example/first")
			if c.edit != nil {
				c.edit(first)
			}
			one := v.do(first)
			var others []*outcome
			for i := range 5 {
				others = append(others, v.get(fmt.Sprint("http://a.example/", i)))
			}
			b := v.get("http://b.example/")
			v.run()
			if one.calls != 1 || one.kind != c.kind {
				t.Errorf("the first got %v; want kind %q", one, c.kind)
			}
			for i, o := range others {
				v.wantBody(o, "x")
				if i > 0 && o.at < others[i-1].at {
					t.Errorf("number %d was served at %v, the one before at %v", i, o.at, others[i-1].at)
				}
			}
			v.wantBody(b, "x")
			if b.at > ms(10) {
				t.Errorf("the other host was served at %v; want it at once", b.at)
			}
		})
	}
}

// An idle connection that is not for the request, or will not do, makes room
// for one that is: else a host with a limit would wait for itself.
func TestIdleConnectionsMakeRoomForTheirOwnHost(t *testing.T) {
	t.Run("the peer is not allowed", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 1})
		v.http(reply("one"))
		v.other(sim.HTTP(reply("two")))
		v.w.Name("moves.example", sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}}, sim.NameAnswer{Addrs: []netip.Addr{addrOf("10.0.0.2:80").Addr()}})
		o := v.get("http://moves.example/")
		v.untilQuiet()
		v.wantBody(o, "one")
		r := sched.Get("http://moves.example/")
		var asked []string
		r.AllowAddr = refuse("10.0.0.1", &asked)
		second := &outcome{}
		v.s.AddAfter(time.Second, r, v.note(second))
		v.run()
		v.wantKind(second, sched.Connect, sched.PhaseConnect) // the name is believed for a minute
		if !slices.Equal(asked, []string{"10.0.0.1", "10.0.0.1"}) {
			t.Errorf("asked about %q; want the kept peer, and the address", asked)
		}
	})
	t.Run("a replay wants a fresh one", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 2})
		requests := 0
		v.http(func(x *sim.Exchange) {
			if requests++; requests == 3 {
				x.Peer.Close()
				return
			}
			v.w.After(ms(10), func() { x.Reply(200, nil, []byte("x")) })
		})
		v.get("http://a.example/")
		v.get("http://a.example/")
		v.untilQuiet()
		// The third goes out on one of two kept connections, and is lost. While
		// it waits for the name, others come and take what is there.
		v.w.Name("a.example", sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}})
		all := []*outcome{v.get("http://a.example/"), v.get("http://a.example/"), v.get("http://a.example/")}
		v.run()
		for _, o := range all {
			v.wantBody(o, "x")
		}
		if all[0].info.Reused || all[0].info.Attempts != 2 {
			t.Errorf("reused %v, %d attempts; want a replay on a fresh connection", all[0].info.Reused, all[0].info.Attempts)
		}
	})
}

// Too many idle ones: the freshest stay.
func TestMaxIdle(t *testing.T) {
	for _, c := range []struct {
		name    string
		o       sched.Options
		reused  []string // of a0 a1 a2 b0 b1 b2, what finds a kept connection
		perHost int
	}{
		{"no bound", sched.Options{}, []string{"a", "a", "a", "b", "b", "b"}, 3},
		{"two of each host", sched.Options{MaxIdlePerHost: 2}, []string{"a", "a", "b", "b"}, 2},
		{"four of all", sched.Options{MaxIdle: 4}, []string{"a", "b", "b", "b"}, 3},
		{"one of each, two of all", sched.Options{MaxIdle: 2, MaxIdlePerHost: 1}, []string{"a", "b"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Resolve = here
			v := newLife(t, sim.Options{}, c.o)
			crowd := newCrowd(v)
			crowd.add("a/10 a/20 a/30 b/110 b/120 b/130")
			v.untilQuiet()
			if got := v.s.Stats(); got.Idle != len(c.reused) || got.Open != got.Idle {
				t.Errorf("got %+v; want %d idle, and no other", got, len(c.reused))
			}
			var reused []string
			all := crowd.add("a/10 a/10 a/10 b/10 b/10 b/10")
			v.untilQuiet()
			for i, o := range all {
				v.wantBody(o, "x")
				if o.info.Reused {
					reused = append(reused, string("aaabbb"[i]))
				}
			}
			v.close()
			if !slices.Equal(reused, c.reused) {
				t.Errorf("reused %q; want %q", reused, c.reused)
			}
		})
	}
}

// A connection that has reached its age is used no more, however busy it was,
// and what is under way on it is finished.
func TestMaxAge(t *testing.T) {
	for _, c := range []struct {
		name  string
		age   time.Duration
		every time.Duration // from one response to the next request
		conns int           // for ten requests of 10 ms
	}{
		{"none", 0, 14 * time.Second, 1},
		{"busy", 50 * time.Millisecond, 0, 2}, // five requests each: the fifth ends at 60 ms
		{"idle", time.Second, 400 * time.Millisecond, 4},
		{"as old as that", 1012 * time.Millisecond, time.Second, 10},
		{"a moment younger", 1013 * time.Millisecond, time.Second, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{MaxAge: c.age})
			l := v.http(func(x *sim.Exchange) { v.w.After(ms(10), func() { x.Reply(200, nil, nil) }) })
			left := 10
			var read sched.Readback
			read = func(resp *sched.Response, err error) sched.Next {
				if err != nil {
					t.Fatal(err)
				}
				if left--; left == 0 {
					return sched.Next{}
				}
				return sched.Next{Request: resp.Request, Readback: read, Delay: c.every}
			}
			v.s.Add(sched.Get("http://a.example/"), read)
			v.run()
			if l.Accepted() != c.conns || left != 0 {
				t.Errorf("%d connections, %d requests left; want %d and none", l.Accepted(), left, c.conns)
			}
		})
	}
}

// One that reaches its age at work is closed after it, and not kept.
func TestMaxAgeAtWork(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxAge: ms(5)})
	v.http(func(x *sim.Exchange) { v.w.After(ms(10), func() { x.Reply(200, nil, []byte("x")) }) })
	o := v.get("http://a.example/")
	v.untilQuiet()
	v.wantBody(o, "x")
	if got := v.s.Stats(); got != (sched.Stats{}) {
		t.Errorf("got %+v; want nothing kept", got)
	}
	v.close()
}

// One who was called back to a place and goes away instead lets the next one of
// his line have it.
func TestCalledBackAndGone(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConnsPerHost: 1, Resolve: here})
	v.http(reply("x"))
	var second sched.Chain
	v.s.Add(sched.Get("http://a.example/"), func(*sched.Response, error) sched.Next {
		second.Cancel() // its connection has just become idle, for the second
		return sched.Next{}
	})
	gone := &outcome{}
	second = v.s.Add(sched.Get("http://a.example/"), v.note(gone))
	third := v.get("http://a.example/")
	v.run()
	v.wantKind(gone, sched.Cancelled, sched.PhaseQueue)
	v.wantBody(third, "x")
	if third.at > ms(10) {
		t.Errorf("the third was served at %v; want it at once", third.at)
	}
}
