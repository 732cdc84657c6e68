package sched_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// hosts makes n names known, all of them at addr, and returns their URLs.
func (v *life) hosts(n int) []string {
	var urls []string
	for i := range n {
		host := fmt.Sprintf("h%d.example", i)
		v.w.Host(host, addr.Addr())
		urls = append(urls, "http://"+host+"/")
	}
	return urls
}

// here resolves every name to addr.
func here(string, string) (netip.AddrPort, bool) { return addr, true }

// First come, first served, across hosts; and connections that idle make room.
func TestQueueIsFirstComeFirstServed(t *testing.T) {
	for _, conns := range []int{1, 2} {
		t.Run(fmt.Sprint("MaxConns ", conns), func(t *testing.T) {
			// Names would be answered one by one, and so set the order.
			v := newLife(t, sim.Options{}, sched.Options{MaxConns: conns, Resolve: here})
			var served []string
			open, most := 0, 0
			l := v.http(func(x *sim.Exchange) {
				served = append(served, x.Request.Host+x.Request.URL.Path)
				open++
				most = max(most, open)
				v.w.After(ms(10), func() { open--; x.Reply(200, nil, nil) })
			})
			var want []string
			urls := v.hosts(10)
			for round := range 3 {
				for _, u := range urls {
					v.get(fmt.Sprint(u, round))
					want = append(want, strings.TrimPrefix(fmt.Sprint(u, round), "http://"))
				}
			}
			v.run()
			if conns == 1 && !slices.Equal(served, want) {
				t.Errorf("served in the order\n%q; want\n%q", served, want)
			}
			slices.Sort(served)
			slices.Sort(want)
			if !slices.Equal(served, want) || most != conns {
				t.Errorf("served %q, %d at once; want each once, %d at once", served, most, conns)
			}
			if got := v.w.Stats().MaxOpen; got != conns {
				t.Errorf("%d sockets were open at the same time; want %d", got, conns)
			}
			if l.Accepted() != 30 {
				t.Errorf("%d connections; want 30, since nobody's neighbour is of the same host", l.Accepted())
			}
		})
	}
}

// A busy host has an idle connection ready each time, and still does not
// overtake the rare one.
func TestBusyHostDoesNotStarveARareOne(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1})
	v.http(func(x *sim.Exchange) { v.w.After(ms(10), func() { x.Reply(200, nil, nil) }) })
	urls := v.hosts(2)
	rare := &outcome{}
	left := 50
	var busy sched.Readback
	busy = func(resp *sched.Response, err error) sched.Next {
		if left--; left <= 0 {
			return sched.Next{}
		}
		return sched.Next{Request: sched.Get(urls[0]), Readback: busy}
	}
	for range 3 {
		v.s.Add(sched.Get(urls[0]), busy)
	}
	v.at(ms(20), func() { v.s.Add(sched.Get(urls[1]), v.note(rare)) })
	v.run()
	if rare.calls != 1 || rare.at > ms(100) {
		t.Errorf("the rare host was served at %v; want within 100ms", rare.at)
	}
	if rare.info.Timing.Queue <= 0 {
		t.Errorf("Timing.Queue is %v; want how long it waited", rare.info.Timing.Queue)
	}
}

// The connection that has been idle longest makes room.
func TestIdleEviction(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 3})
	v.http(reply("x"))
	urls := v.hosts(4)
	for i, u := range urls[:3] {
		v.at(ms(100*i), func() { v.get(u) })
	}
	v.untilQuietFrom(time.Second)
	v.get(urls[3])
	v.untilQuiet()
	if got := v.s.Stats(); got.Open != 3 || got.Idle != 3 {
		t.Errorf("got %+v; want 3 open and idle", got)
	}
	for _, u := range urls[1:3] {
		o := v.get(u)
		v.untilQuiet()
		if !o.info.Reused {
			t.Errorf("the connection to %s is gone; want it kept", u)
		}
	}
	o := v.get(urls[0])
	v.run()
	if o.info.Reused {
		t.Error("the connection that had been idle longest was kept; want it gone")
	}
}

func TestQueueFull(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1, MaxQueue: 2})
	v.http(func(x *sim.Exchange) { v.w.After(time.Second, func() { x.Reply(200, nil, nil) }) })
	var all []*outcome
	for range 3 { // two wait for the name: that is all there is room for
		all = append(all, v.get("http://a.example/"))
	}
	v.at(ms(100), func() { // one has the connection, one waits: room for one
		all = append(all, v.get("http://a.example/"), v.get("http://a.example/"))
	})
	v.untilQuietFrom(ms(200))
	o := v.get("http://a.example/")
	v.run()
	for i, kind := range []sched.Kind{"", "", sched.QueueFull, "", sched.QueueFull} {
		if all[i].calls != 1 || all[i].kind != kind {
			t.Errorf("request %d: got %v; want kind %q", i, all[i], kind)
		}
	}
	if got, want := all[4].err.Error(), "GET http://a.example/: queue a.example: too many requests wait already (2)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if o.err != nil {
		t.Errorf("got %v; want an answer, now that nobody waits", o)
	}
}

// Whoever leaves the queue by a deadline or by Cancel leaves the others in order.
func TestLeavingTheQueue(t *testing.T) {
	for gone := range 5 {
		for _, how := range []string{"cancel", "deadline"} {
			t.Run(fmt.Sprint(how, " ", gone), func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1})
				var served []string
				v.http(func(x *sim.Exchange) {
					served = append(served, x.Request.URL.Path)
					v.w.After(time.Second, func() { x.Reply(200, nil, nil) })
				})
				v.get("http://10.0.0.1/first")
				var want []string
				for i := range 5 {
					r := sched.Get(fmt.Sprint("http://10.0.0.1/", i))
					if i == gone && how == "deadline" {
						r.Timeouts.Queue = ms(500)
					}
					o := &outcome{}
					chain := v.s.Add(r, v.note(o))
					if i == gone && how == "cancel" {
						v.at(ms(500), chain.Cancel)
					}
					if i != gone {
						want = append(want, r.URL.Path)
					}
				}
				v.run()
				if want = append([]string{"/first"}, want...); !slices.Equal(served, want) {
					t.Errorf("served %q; want %q", served, want)
				}
			})
		}
	}
}

// With one connection, no failure of any kind keeps its place.
func TestFailuresGiveTheirPlaceBack(t *testing.T) {
	for _, c := range []struct {
		name string
		url  string
		edit func(*sched.Request)
		kind sched.Kind
	}{
		{"refused", "http://10.0.0.1:81/", nil, sched.Connect},
		{"silent", "http://10.0.0.3/", nil, sched.ConnectTimeout},
		{"no such name", "http://nobody.example/", nil, sched.Resolve},
		{"not allowed", "http://10.0.0.1/", func(r *sched.Request) { r.AllowAddr = refuseAll }, sched.Connect},
		{"empty reply", "http://10.0.0.4/", nil, sched.EmptyReply},
		{"too large", "http://10.0.0.1/", func(r *sched.Request) { r.MaxBody = 1 }, sched.BodyTooLarge},
		{"silent then", "http://10.0.0.1/", func(r *sched.Request) { r.Timeouts.FirstByte = 1 }, sched.FirstByteTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1})
			v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte("good")) })
			v.w.Listen(addrOf("10.0.0.3:80"), nil).Silent(true)
			v.w.Listen(addrOf("10.0.0.4:80"), (*sim.Peer).Close)
			var bad, good []*outcome
			for range 5 {
				r := sched.Get(c.url)
				if c.edit != nil {
					c.edit(r)
				}
				bad = append(bad, v.do(r))
				good = append(good, v.get("http://10.0.0.1/"))
			}
			v.run()
			for i := range bad {
				v.wantBody(good[i], "good")
				if bad[i].calls != 1 || bad[i].kind != c.kind {
					t.Errorf("got %d calls, %v; want 1, %s", bad[i].calls, bad[i], c.kind)
				}
			}
		})
	}
}

// A connect that fails at once, before a packet is sent, fails for one request
// and not for those behind it.
func TestConnectFailsAtOnceInTheQueue(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1, Resolve: here})
	v.http(func(x *sim.Exchange) {
		if x.Request.Host == "first.example" {
			v.w.FailConnects(1, syscall.ENETUNREACH)
		}
		x.Reply(200, nil, []byte("good"))
	})
	first := v.get("http://first.example/")
	bad := v.get("http://bad.example/")
	good := []*outcome{first, v.get("http://a.example/"), v.get("http://b.example/")}
	v.run()
	v.wantKind(bad, sched.Connect, sched.PhaseConnect)
	if !errors.Is(bad.err, syscall.ENETUNREACH) {
		t.Errorf("got %v; want ENETUNREACH", bad.err)
	}
	for _, o := range good {
		v.wantBody(o, "good")
	}
}
