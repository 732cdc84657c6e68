package sched_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Without a descriptor requests wait, and then succeed. It is never the fault
// of a name.
func TestTooManyFiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		setUp func(v *life)
	}{
		{"a small limit", func(v *life) { v.w.SetDescriptors(3 + 4) }},
		{"none at first", func(v *life) {
			v.w.SetDescriptors(3)
			v.at(5*time.Second, func() { v.w.SetDescriptors(1024) })
		}},
		{"EMFILE ten times", func(v *life) { v.w.FailConnects(10, syscall.EMFILE) }},
		{"ENFILE ten times", func(v *life) { v.w.FailConnects(10, syscall.ENFILE) }},
		{"ENOBUFS ten times", func(v *life) { v.w.FailConnects(10, syscall.ENOBUFS) }},
		{"EMFILE for names", func(v *life) {
			none := sim.NameAnswer{Err: syscall.EMFILE}
			for i := range 20 {
				v.w.Name(fmt.Sprintf("h%d.example", i), none, none, none, sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}})
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			urls := v.hosts(20)
			c.setUp(v)
			v.http(func(x *sim.Exchange) { v.w.After(ms(10), func() { x.Reply(200, nil, []byte("x")) }) })
			var all []*outcome
			for range 5 {
				for _, u := range urls {
					all = append(all, v.get(u))
				}
			}
			v.run()
			for _, o := range all {
				v.wantBody(o, "x")
			}
			if got := v.w.Stats().Waits; got > 5000 {
				t.Errorf("%d turns; want a loop that waits and does not spin", got)
			}
		})
	}
}

// After the queue's deadline the lack of descriptors is the error, and unwraps
// to the system's.
func TestTooManyFilesForTooLong(t *testing.T) {
	for _, c := range []struct {
		name  string
		setUp func(v *life)
		errno error
	}{
		{"socket", func(v *life) { v.w.SetDescriptors(3) }, syscall.EMFILE},
		{"name", func(v *life) { v.w.Name("a.example", sim.NameAnswer{Err: syscall.ENFILE}) }, syscall.ENFILE},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Queue: 5 * time.Second}})
			c.setUp(v)
			a, b := v.get("http://a.example/"), v.get("http://a.example/")
			v.run()
			v.wantKind(a, sched.TooManyFiles, sched.PhaseQueue)
			if !errors.Is(a.err, c.errno) || a.at != 5*time.Second+ms(2) {
				t.Errorf("got %v at %v; want %v, 5 s after the first look", a.err, a.at, c.errno)
			}
			if _, ok := errors.AsType[*net.DNSError](a.err); ok {
				t.Error("the error blames the name; want the descriptors")
			}
			if b.calls != 1 || b.kind != sched.TooManyFiles && b.kind != sched.QueueTimeout {
				t.Errorf("the one behind got %v; want an error of the queue", b)
			}
		})
	}
}

// An idle connection gives its descriptor to one that starves.
func TestIdleConnectionGivesItsDescriptor(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 100})
	v.w.SetDescriptors(3 + 2)
	v.http(reply("x"))
	urls := v.hosts(6)
	for _, u := range urls {
		o := v.get(u)
		v.untilQuiet()
		v.wantBody(o, "x")
		if o.info.Timing.Total > ms(10) {
			t.Errorf("%s took %v; want no wait", u, o.info.Timing.Total)
		}
	}
	v.close()
}

// Spare descriptors are left for others: a quarter of the limit, at most 64.
func TestMaxConnsFromTheLimit(t *testing.T) {
	for _, c := range []struct{ limit, want int }{{16, 12}, {100, 75}, {1024, 960}, {1, 1}} {
		v := newLife(t, sim.Options{Descriptors: c.limit}, sched.Options{Timeouts: sched.Timeouts{Queue: time.Second}})
		v.w.SetDescriptors(4096)
		v.http(silence)
		for range c.want + 1 {
			v.get("http://10.0.0.1/")
		}
		v.at(ms(500), v.l.Stop)
		if err := v.l.Run(); err != nil {
			t.Fatal(err)
		}
		if got := v.s.Stats(); got.Open != c.want || got.Waiting != 1 {
			t.Errorf("limit %d: %d open, %d waiting; want %d, 1", c.limit, got.Open, got.Waiting, c.want)
		}
		v.close()
	}
}
