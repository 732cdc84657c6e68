package sched_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// crowd adds a hundred requests to a hundred hosts, a few of them chains of
// three, and returns when each was answered.
func (v *life) crowd() []*outcome {
	var all []*outcome
	for i := range 100 {
		host := fmt.Sprintf("h%d.example", i)
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), 80)
		v.w.Host(host, at.Addr())
		v.w.Listen(at, sim.HTTP(func(x *sim.Exchange) {
			v.w.After(ms(7*i), func() { x.Reply(200, nil, []byte(host)) })
		}))
		o := &outcome{}
		all = append(all, o)
		note, left := v.note(o), 3
		var read sched.Readback
		read = func(resp *sched.Response, err error) sched.Next {
			if left--; i%10 == 0 && left > 0 && err == nil {
				return sched.Next{Request: resp.Request, Readback: read, Delay: ms(13)}
			}
			return note(resp, err)
		}
		v.s.Add(sched.Get("http://"+host+"/"), read)
	}
	return all
}

// One server out of order, each in its own way, does not delay the others by a
// nanosecond of virtual time.
func TestOneSlowServer(t *testing.T) {
	timeouts := sched.Timeouts{Connect: 3 * time.Second, FirstByte: 4 * time.Second, Stall: 5 * time.Second}
	v := newLife(t, sim.Options{}, sched.Options{Timeouts: timeouts})
	alone := v.crowd()
	v.run()
	var calm []time.Duration
	for _, o := range alone {
		if o.calls != 1 || o.err != nil {
			t.Fatalf("got %v; want an answer", o)
		}
		calm = append(calm, o.at)
	}

	for _, c := range []struct {
		name  string
		setUp func(v *life)
		kind  sched.Kind
		phase sched.Phase
		at    time.Duration
	}{
		{"closes at once", func(v *life) { v.other(func(p *sim.Peer) { p.Close() }) },
			sched.EmptyReply, sched.PhaseFirstByte, ms(6)},
		{"resets at once", func(v *life) { v.other(func(p *sim.Peer) { p.Reset() }) },
			sched.Reset, sched.PhaseFirstByte, ms(6)},
		{"a byte each 10 ms, and then no more", func(v *life) {
			v.other(sim.HTTP(func(x *sim.Exchange) {
				x.Peer.Drip([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nslow"), ms(10))
			}))
		}, sched.StallTimeout, sched.PhaseBody, 5*time.Second + ms(6+44*10)},
		{"never answers", func(v *life) { v.other(sim.HTTP(silence)) },
			sched.FirstByteTimeout, sched.PhaseFirstByte, 4*time.Second + ms(4)},
		{"swallows SYNs", func(v *life) { v.other(nil).Silent(true) },
			sched.ConnectTimeout, sched.PhaseConnect, 3 * time.Second},
		{"refuses", func(v *life) { v.w.Host("b.example", addr.Addr()) },
			sched.Connect, sched.PhaseConnect, ms(4)},
		{"name does not exist", func(v *life) {},
			sched.Resolve, sched.PhaseResolve, ms(2)},
		{"name server fails", func(v *life) {
			v.w.Name("b.example", sim.NameAnswer{Err: sim.NameServerFails("b.example")})
		}, sched.Resolve, sched.PhaseResolve, ms(2)},
		{"name server never answers", func(v *life) { v.w.Name("b.example", sim.NameAnswer{Never: true}) },
			sched.ResolveTimeout, sched.PhaseResolve, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: timeouts})
			c.setUp(v)
			o := v.get("http://b.example/")
			all := v.crowd()
			v.run()
			v.wantKind(o, c.kind, c.phase)
			if o.at != c.at {
				t.Errorf("the slow one ended at %v; want %v", o.at, c.at)
			}
			var at []time.Duration
			for _, o := range all {
				at = append(at, o.at)
			}
			if !slices.Equal(at, calm) {
				t.Errorf("the others were answered at\n%v; want\n%v", at, calm)
			}
		})
	}
}
