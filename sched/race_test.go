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

// A manner is how an address answers to a connect.
type manner struct {
	name  string
	fault sim.Fault
	after time.Duration // it has answered; never: it does not, 0: it is not even asked
	ok    bool
}

// A packet takes 1 ms each way.
var manners = []manner{
	{"stands", sim.Fault{}, ms(2), true},
	{"stands late", sim.Fault{Latency: ms(399)}, ms(400), true},
	{"refuses", sim.Fault{Refuse: syscall.ECONNREFUSED}, ms(2), false},
	{"refuses late", sim.Fault{Latency: ms(399), Refuse: syscall.ECONNREFUSED}, ms(400), false},
	{"silent", sim.Fault{Silent: true}, -1, false},
	{"not allowed", sim.Fault{}, 0, false},
}

// A course is what has to come of a race: who wins and when, or when all have
// lost; and who was asked.
type course struct {
	winner int // -1: none
	at     time.Duration
	asked  []int
}

// foresee works out the course in the plainest way: from one event to the next.
func foresee(all []manner, delay, deadline time.Duration) course {
	type runner struct {
		i  int
		at time.Duration // of its answer
	}
	c := course{winner: -1}
	var running []runner
	now, next, i := time.Duration(0), time.Duration(0), 0
	start := func() {
		for ; i < len(all); i++ {
			c.asked = append(c.asked, i)
			if all[i].after == 0 {
				continue
			}
			at := now + all[i].after
			if all[i].after < 0 {
				at = deadline + 1
			}
			running = append(running, runner{i, at})
			i++
			break
		}
		next = now + delay
	}
	start()
	for len(running) > 0 {
		first := slices.MinFunc(running, func(a, b runner) int { return int(a.at - b.at) })
		switch now = min(first.at, deadline); {
		case i < len(all) && next < now: // who answers at that moment is heard first
			now = next
			start()
		case first.at > deadline:
			c.at = deadline
			return c
		case all[first.i].ok:
			c.winner, c.at = first.i, now
			return c
		default:
			running = slices.DeleteFunc(running, func(r runner) bool { return r.i == first.i })
			start()
		}
	}
	c.at = now
	return c
}

// raceAddr is where number i of a race listens: by turns in both families, so
// that the order is the resolver's.
func raceAddr(i int) netip.AddrPort {
	if i%2 == 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 7, byte(i)}), 80)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)}), 80)
}

// race makes race.example known at so many addresses, with their manners.
func (v *life) race(all ...manner) (addrs []netip.Addr) {
	for i, m := range all {
		at := raceAddr(i)
		addrs = append(addrs, at.Addr())
		v.w.Listen(at, sim.HTTP(reply(fmt.Sprint(i)))).Fault(0, m.fault)
	}
	v.w.Host("race.example", addrs...)
	return addrs
}

// Every order of success, refusal, silence and prohibition among one, two and
// three addresses: the right one wins at the right time, the others are closed
// in the same turn, and nobody is asked about who was not tried.
func TestRace(t *testing.T) {
	var races [][]manner
	for _, a := range manners {
		races = append(races, []manner{a})
		for _, b := range manners {
			races = append(races, []manner{a, b})
			for _, c := range manners {
				races = append(races, []manner{a, b, c})
			}
		}
	}
	for _, all := range races {
		var names []string
		for _, m := range all {
			names = append(names, m.name)
		}
		t.Run(strings.Join(names, ", "), func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Connect: 5*time.Second + ms(2)}})
			addrs := v.race(all...)
			want := foresee(all, ms(250), 5*time.Second)
			var asked []int
			r := sched.Get("http://race.example/")
			r.AllowAddr = func(a netip.Addr) error {
				i := slices.Index(addrs, a)
				asked = append(asked, i)
				if all[i].after == 0 {
					return errNotAllowed
				}
				return nil
			}
			r.Trace = func(tr sched.Trace) {
				if open := v.w.Open(); tr.Op == sched.TraceUse && open != 1 {
					t.Errorf("%d sockets are open when the request has its connection; want that one", open)
				}
			}
			o := &outcome{}
			read := v.note(o)
			v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
				if open := v.w.Open(); err != nil && open != 0 {
					t.Errorf("%d sockets are open when the readback hears of the failure; want none", open)
				}
				return read(resp, err)
			})
			v.run()
			if !slices.Equal(asked, want.asked) {
				t.Errorf("asked about %v; want %v", asked, want.asked)
			}
			if want.winner >= 0 {
				v.wantBody(o, fmt.Sprint(want.winner))
				if o.info.Remote != raceAddr(want.winner) || o.info.Timing.Connect != want.at {
					t.Errorf("%v won after %v; want %v after %v", o.info.Remote, o.info.Timing.Connect, raceAddr(want.winner), want.at)
				}
				return
			}
			if o.err == nil || o.phase != sched.PhaseConnect || o.at != want.at+ms(2) {
				t.Fatalf("got %v at %v; want a failure to connect at %v", o, o.at, want.at+ms(2))
			}
			for _, i := range want.asked {
				if !strings.Contains(o.err.Error(), addrs[i].String()) {
					t.Errorf("%q does not name %v", o.err, addrs[i])
				}
			}
			refused := slices.ContainsFunc(want.asked, func(i int) bool {
				return all[i].fault.Refuse != 0 && (o.kind == sched.Connect || all[i].after == ms(2))
			})
			if got := errors.Is(o.err, syscall.ECONNREFUSED); refused && !got {
				t.Errorf("%v hides that one refused", o.err)
			}
		})
	}
}

// The sentence names each address and its cause, the most telling first.
func TestRaceVerdict(t *testing.T) {
	refuses, silent := manners[2], manners[4]
	unreachable := manner{"unreachable", sim.Fault{Refuse: syscall.EHOSTUNREACH}, ms(2), false}
	for _, c := range []struct {
		all  []manner
		o    sched.Options
		kind sched.Kind
		text string
	}{
		{[]manner{refuses}, sched.Options{}, sched.Connect,
			"connect 10.0.7.0:80: connection refused"},
		{[]manner{unreachable, refuses, unreachable}, sched.Options{}, sched.Connect,
			"connect [2001:db8::1]:80: connection refused; 10.0.7.0:80: no route to host; 10.0.7.2:80: no route to host"},
		{[]manner{unreachable, unreachable}, sched.Options{}, sched.Connect,
			"connect 10.0.7.0:80: no route to host; [2001:db8::1]:80: no route to host"},
		{[]manner{silent, refuses, silent}, sched.Options{}, sched.ConnectTimeout,
			"connect 10.0.7.0:80: not connected within 9.998s; [2001:db8::1]:80: connection refused; 10.0.7.2:80: no answer"},
		{[]manner{silent, refuses}, sched.Options{AttemptDelay: -1}, sched.Connect,
			"connect [2001:db8::1]:80: connection refused; 10.0.7.0:80: no answer within 4.999s"},
	} {
		v := newLife(t, sim.Options{}, c.o)
		v.race(c.all...)
		o := v.get("http://race.example/")
		v.run()
		v.wantKind(o, c.kind, sched.PhaseConnect)
		if got, want := o.err.Error(), "GET http://race.example/: "+c.text; got != want {
			t.Errorf("got %q; want %q", got, want)
		}
		if of, ok := errors.AsType[sched.AddrError](o.err); len(c.all) > 1 && (!ok || of.Addr != o.info.Remote) {
			t.Errorf("got %+v, remote %v; want an AddrError of the address that is blamed first", of, o.info.Remote)
		}
	}
}
