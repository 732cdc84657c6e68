package sched_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Each deadline alone, to the nanosecond: a packet takes 1 ms each way and a
// name 2 ms.
func TestDeadline(t *testing.T) {
	const s = time.Second
	big := post("http://b.example/", strings.Repeat("x", 1<<20))
	get := sched.Get("http://b.example/")
	mute := func(v *life) { v.other(sim.HTTP(silence)) }
	partly := func(v *life) {
		v.other(sim.HTTP(func(x *sim.Exchange) { x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")) }))
	}
	deaf := func(v *life) { v.other(func(p *sim.Peer) { p.Pause(true) }) }
	unreachable := func(v *life) { v.other(nil).Silent(true) }
	nameless := func(v *life) { v.w.Name("b.example", sim.NameAnswer{Never: true}) }
	crowded := func(v *life) {
		mute(v)
		v.http(silence)
		v.get("http://10.0.0.1/")
	}
	for _, c := range []struct {
		name     string
		timeouts sched.Timeouts
		setUp    func(*life)
		req      *sched.Request
		kind     sched.Kind
		phase    sched.Phase
		at       time.Duration
		text     string
	}{
		{"queue", sched.Timeouts{Queue: 5 * s}, crowded, get, sched.QueueTimeout, sched.PhaseQueue, 5*s + ms(2),
			"GET http://b.example/: queue b.example: no connection was free within 5s (1 open of at most 1)"},
		{"resolve", sched.Timeouts{Resolve: 3 * s}, nameless, get, sched.ResolveTimeout, sched.PhaseResolve, 3 * s,
			"GET http://b.example/: resolve b.example: no address within 3s"},
		{"resolve by connect", sched.Timeouts{Connect: 4 * s}, nameless, get, sched.ResolveTimeout, sched.PhaseResolve, 4 * s,
			"GET http://b.example/: resolve b.example: no address within 4s"},
		{"resolve by connect though resolve is longer", sched.Timeouts{Connect: 4 * s, Resolve: 9 * s}, nameless, get, sched.ResolveTimeout, sched.PhaseResolve, 4 * s,
			"GET http://b.example/: resolve b.example: no address within 4s"},
		{"connect counts the name", sched.Timeouts{Connect: 4 * s}, unreachable, get, sched.ConnectTimeout, sched.PhaseConnect, 4 * s,
			"GET http://b.example/: connect 10.0.0.2:80: not connected within 3.998s"},
		{"first byte", sched.Timeouts{FirstByte: 6 * s}, mute, get, sched.FirstByteTimeout, sched.PhaseFirstByte, 6*s + ms(4),
			"GET http://b.example/: first_byte 10.0.0.2:80: no byte of the response within 6s"},
		{"stall out", sched.Timeouts{Stall: 7 * s}, deaf, big, sched.StallTimeout, sched.PhaseWrite, 7*s + ms(4),
			"POST http://b.example/: write 10.0.0.2:80: the server took no byte for 7s"},
		{"stall in", sched.Timeouts{Stall: 7 * s}, partly, get, sched.StallTimeout, sched.PhaseBody, 7*s + ms(6),
			"GET http://b.example/: body 10.0.0.2:80: no further byte of the response for 7s"},
		{"total in the queue", sched.Timeouts{Total: 8 * s}, crowded, get, sched.TotalTimeout, sched.PhaseQueue, 8 * s,
			"GET http://b.example/: queue b.example: not finished within 8s"},
		{"total while resolving", sched.Timeouts{Total: 8 * s}, nameless, get, sched.TotalTimeout, sched.PhaseResolve, 8 * s,
			"GET http://b.example/: resolve b.example: not finished within 8s"},
		{"total while connecting", sched.Timeouts{Total: 8 * s}, unreachable, get, sched.TotalTimeout, sched.PhaseConnect, 8 * s,
			"GET http://b.example/: connect 10.0.0.2:80: not finished within 8s"},
		{"total while writing", sched.Timeouts{Total: 8 * s}, deaf, big, sched.TotalTimeout, sched.PhaseWrite, 8 * s,
			"POST http://b.example/: write 10.0.0.2:80: not finished within 8s"},
		{"total while awaiting", sched.Timeouts{Total: 8 * s}, mute, get, sched.TotalTimeout, sched.PhaseFirstByte, 8 * s,
			"GET http://b.example/: first_byte 10.0.0.2:80: not finished within 8s"},
		{"total while reading", sched.Timeouts{Total: 8 * s}, partly, get, sched.TotalTimeout, sched.PhaseBody, 8 * s,
			"GET http://b.example/: body 10.0.0.2:80: not finished within 8s"},
	} {
		for _, own := range []bool{false, true} {
			name := c.name + ", the stream's"
			if own {
				name = c.name + ", the request's own"
			}
			t.Run(name, func(t *testing.T) {
				none := sched.Timeouts{Queue: -1, Resolve: -1, Connect: -1, FirstByte: -1, Stall: -1, Total: -1}
				o, req := sched.Options{Timeouts: only(c.timeouts, none)}, *c.req
				if own {
					o.Timeouts, req.Timeouts = none, c.timeouts
				}
				if strings.Contains(c.name, "queue") {
					o.MaxConns = 1
				}
				v := newLife(t, sim.Options{}, o)
				c.setUp(v)
				out := v.do(&req)
				v.untilQuietAtMost(time.Minute)
				v.close()
				v.wantKind(out, c.kind, c.phase)
				if out.at != c.at {
					t.Errorf("failed at %v; want %v", out.at, c.at)
				}
				if got := out.err.Error(); got != c.text {
					t.Errorf("got %q; want %q", got, c.text)
				}
				var e net.Error
				if !errors.As(out.err, &e) || !e.Timeout() {
					t.Error("the error is no timeout; want one")
				}
			})
		}
	}
}

// only returns t, with the fields that are zero taken from rest.
func only(t, rest sched.Timeouts) sched.Timeouts {
	for _, f := range [...]struct{ t, rest *time.Duration }{
		{&t.Queue, &rest.Queue}, {&t.Resolve, &rest.Resolve}, {&t.Connect, &rest.Connect},
		{&t.FirstByte, &rest.FirstByte}, {&t.Stall, &rest.Stall}, {&t.Total, &rest.Total},
	} {
		if *f.t == 0 {
			*f.t = *f.rest
		}
	}
	return t
}

// untilQuietAtMost is untilQuiet with an end, where somebody may wait for ever.
func (v *life) untilQuietAtMost(d time.Duration) {
	v.t.Helper()
	v.at(d, v.l.Stop)
	if err := v.l.Run(); err != nil {
		v.t.Fatalf("Run: %v", err)
	}
}

// A request may lengthen what the stream sets, and take it away.
func TestDeadlineOverride(t *testing.T) {
	short := sched.Timeouts{Queue: 1, Resolve: 1, Connect: 1, FirstByte: 1, Stall: 1, Total: 1}
	for _, c := range []struct {
		name string
		own  sched.Timeouts
		kind sched.Kind
	}{
		{"longer", sched.Timeouts{Queue: ms(99), Resolve: ms(99), Connect: ms(99), FirstByte: ms(99), Stall: ms(99), Total: ms(99)}, ""},
		{"none", sched.Timeouts{Queue: -1, Resolve: -1, Connect: -1, FirstByte: -1, Stall: -1, Total: -1}, ""},
		{"all but the first byte's", sched.Timeouts{Queue: -1, Resolve: -1, Connect: -1, Stall: -1, Total: -1}, sched.FirstByteTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: short})
			v.http(reply("x"))
			r := sched.Get("http://a.example/")
			r.Timeouts = c.own
			o := v.do(r)
			v.run()
			if o.kind != c.kind || o.calls != 1 {
				t.Errorf("got %v; want kind %q", o, c.kind)
			}
		})
	}
}

// The total deadline runs on through a replay.
func TestTotalAcrossReplay(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	requests := 0
	l := v.http(func(x *sim.Exchange) {
		switch requests++; requests {
		case 1:
			x.Reply(200, nil, nil)
		case 2:
			v.w.After(5*time.Second, x.Peer.Reset)
		}
	})
	v.get("http://a.example/")
	v.untilQuiet()
	began := v.w.Now()
	r := sched.Get("http://a.example/")
	r.Timeouts.Total = 8 * time.Second
	o := v.do(r)
	v.run()
	v.wantKind(o, sched.TotalTimeout, sched.PhaseFirstByte)
	if took := o.at - began; took != 8*time.Second || l.Accepted() != 2 || o.info.Attempts != 2 {
		t.Errorf("failed after %v over %d connections in %d attempts; want 8s, 2, 2", took, l.Accepted(), o.info.Attempts)
	}
}

// A byte every 99 ms is no stall of 100 ms, however long it lasts, and costs no
// more turns than bytes: the timer is not moved, it looks again.
func TestDripIsNoStall(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Stall: ms(100), FirstByte: ms(100)}})
	body := strings.Repeat("drip", 250)
	v.http(func(x *sim.Exchange) {
		x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
		x.Peer.Drip([]byte(body), ms(99))
		x.End()
	})
	o := v.get("http://a.example/")
	v.untilQuietAtMost(2 * time.Minute)
	v.close()
	v.wantBody(o, body)
	if got := v.w.Stats().Waits; got > 2200 {
		t.Errorf("%d turns for 1,000 bytes; want one or two each", got)
	}
}

// If the loop was held up, the answer may lie in the kernel when the deadline
// is noticed. It is looked for there, once, before anybody gives up.
func TestDeadlineWhileTheLoopWasBusy(t *testing.T) {
	for _, c := range []struct {
		name     string
		at       time.Duration // when the loop is held
		timeouts sched.Timeouts
	}{
		{"name", 1 * time.Millisecond, sched.Timeouts{Resolve: ms(50)}},
		{"connect", 3 * time.Millisecond, sched.Timeouts{Connect: ms(50)}},
		{"first byte", 5 * time.Millisecond, sched.Timeouts{FirstByte: ms(50)}},
		{"stall", 505_500 * time.Microsecond, sched.Timeouts{Stall: ms(600)}},
		{"total", 505_500 * time.Microsecond, sched.Timeouts{Total: ms(1050)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: c.timeouts})
			v.http(func(x *sim.Exchange) {
				if c.at < ms(6) {
					x.Reply(200, nil, []byte("x"))
					return
				}
				x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"))
				v.w.After(ms(500), func() { x.Write([]byte("x")); x.End() })
			})
			o := v.get("http://a.example/")
			v.at(c.at, func() { v.w.Spend(5 * time.Second) })
			v.untilQuietFrom(c.at + time.Second)
			v.close()
			v.wantBody(o, "x")
		})
	}
}

// One look, and not as many as there are bytes: bytes that keep coming put off
// the deadline between two of them, and no other.
func TestTotalWhileBytesKeepComing(t *testing.T) {
	v := newLife(t, sim.Options{Window: 1 << 20}, sched.Options{Timeouts: sched.Timeouts{Total: 2 * time.Second}})
	l := v.http(reply(strings.Repeat("x", 100_000)))
	l.Fault(1, sim.Fault{ShortRead: 1})
	o := v.get("http://a.example/")
	v.at(ms(5), func() { v.w.Spend(10 * time.Second) })
	v.run()
	v.wantKind(o, sched.TotalTimeout, sched.PhaseBody)
}

// One after the other: an address that swallows packets leaves the next one its
// share of the time.
func TestAddressesShareTheConnectTime(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{AttemptDelay: -1, Timeouts: sched.Timeouts{Connect: 10 * time.Second}})
	v.w.Host("a.example", addrOf("10.0.0.8:80").Addr(), addrOf("10.0.0.9:80").Addr(), addr.Addr())
	v.w.Listen(addrOf("10.0.0.8:80"), nil).Silent(true)
	v.w.Listen(addrOf("10.0.0.9:80"), nil).Silent(true)
	v.http(reply("third"))
	o := v.get("http://a.example/")
	v.run()
	v.wantBody(o, "third")
	// A third of 9.998 s for the first, half of the rest for the second.
	first := (10*time.Second - ms(2)) / 3
	want := ms(2) + first + (10*time.Second-ms(2)-first)/2 + ms(4)
	if o.at != want || o.info.Remote != addr {
		t.Errorf("answered at %v by %v; want %v by %v", o.at, o.info.Remote, want, addr)
	}

	v = newLife(t, sim.Options{}, sched.Options{AttemptDelay: -1, Timeouts: sched.Timeouts{Connect: 10 * time.Second}})
	v.w.Host("a.example", addr.Addr(), addrOf("10.0.0.9:80").Addr())
	v.w.Listen(addr, nil).Silent(true)
	v.w.Listen(addrOf("10.0.0.9:80"), nil).Silent(true)
	o = v.get("http://a.example/")
	v.run()
	v.wantKind(o, sched.ConnectTimeout, sched.PhaseConnect)
	if o.at != 10*time.Second {
		t.Errorf("gave up at %v; want 10s, the sum of the shares", o.at)
	}
}
