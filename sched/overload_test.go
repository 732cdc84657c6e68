package sched_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A crowd asks more of a server than it can do, for three seconds, and then less.
// Who comes when the queue is full is refused at once, and nobody else is; who
// was let in is answered, in the order of arrival, after a wait that the length
// of the queue bounds; and once the crowd is gone nobody waits any more.
func TestOverload(t *testing.T) {
	const (
		conns, queue = 4, 40
		service      = 10 // ms that a request takes, with 2 more on the wire
		crowd        = 3 * time.Second
		// The longest wait there can be: all who wait before one, by fours, each
		// over a new connection at worst.
		longest = (queue/conns + 2) * (service + 6)
	)
	for _, load := range []int{2, 10} { // times what the server can do
		t.Run(fmt.Sprint(load, " times"), func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{MaxConns: conns, MaxQueue: queue, Resolve: here})
			var served []int
			atWork, most := 0, 0
			v.http(func(x *sim.Exchange) {
				var n int
				fmt.Sscanf(x.Request.URL.Path, "/%d", &n)
				served = append(served, n)
				atWork++
				most = max(most, atWork)
				v.w.After(ms(service), func() { atWork--; x.Reply(200, nil, nil) })
			})
			type arrival struct {
				outcome
				came time.Duration
			}
			var all []*arrival
			come := func() {
				a := &arrival{came: v.w.Now()}
				v.s.Add(sched.Get(fmt.Sprintf("http://a.example/%d", len(all))), v.note(&a.outcome))
				all = append(all, a)
				if n := v.s.Stats().Waiting; n > queue {
					t.Errorf("%d requests wait; want at most %d", n, queue)
				}
			}
			every := ms(service) / conns / time.Duration(load)
			for at := time.Duration(0); at < crowd; at += every {
				v.at(at, come)
			}
			// Then one at a time, after the queue has run empty.
			after := crowd + ms(longest)
			for i := range 100 {
				v.at(after+ms(20*i), come)
			}
			v.untilQuietFrom(after + ms(20*100))
			v.close()

			refused, last := 0, -1
			for i, a := range all {
				late := a.came >= after
				switch {
				case a.calls != 1:
					t.Fatalf("request %d: %d calls; want one", i, a.calls)
				case a.kind == sched.QueueFull && late:
					t.Errorf("request %d came at %v, after the crowd, and was refused", i, a.came)
				case a.kind == sched.QueueFull:
					refused++
					if a.at != a.came {
						t.Errorf("request %d was refused %v after it came; want at once", i, a.at-a.came)
					}
				case a.err != nil:
					t.Errorf("request %d: %v; want an answer, or queue_full", i, a.outcome)
				case a.at-a.came > ms(longest):
					t.Errorf("request %d waited %v; want at most %v", i, a.at-a.came, ms(longest))
				case late && a.info.Timing.Queue > 0:
					t.Errorf("request %d came after the crowd and waited %v in the queue", i, a.info.Timing.Queue)
				}
			}
			if most != conns {
				t.Errorf("%d requests were at work at once; want %d", most, conns)
			}
			// Two connections may be overtaken on the wire, but not in the queue.
			for _, n := range served {
				if n < last-conns {
					t.Errorf("request %d was served after %d", n, last)
				}
				last = max(last, n)
			}
			if len(served)+refused != len(all) || refused == 0 {
				t.Errorf("%d served, %d refused; want all %d, and some of each", len(served), refused, len(all))
			}
			t.Logf("%d came, %d served, %d refused at once", len(all), len(served), refused)
		})
	}
}

// One host that is slow, or dead, has no more than its share of connections
// under MaxConnsPerHost and of the queue, however many requests for it come; the
// others are served as if it were not there.
func TestOverloadedHostHoldsUpNoOther(t *testing.T) {
	for _, c := range []struct {
		name string
		slow time.Duration // 0: it never answers
	}{{"slow", time.Second}, {"dead", 0}} {
		t.Run(c.name, func(t *testing.T) {
			const queue = 80
			v := newLife(t, sim.Options{}, sched.Options{
				MaxConns: 6, MaxConnsPerHost: 2, MaxQueue: queue, Resolve: here,
				Timeouts: sched.Timeouts{FirstByte: 2 * time.Second, Queue: time.Minute},
			})
			v.http(func(x *sim.Exchange) {
				switch {
				case x.Request.Host != "slow.example":
					v.w.After(ms(5), func() { x.Reply(200, nil, nil) })
				case c.slow > 0:
					v.w.After(c.slow, func() { x.Reply(200, nil, nil) })
				}
			})
			var slow, quick []*outcome
			for i := range 500 { // two of the first have a connection, 70 wait
				v.at(ms(10*i), func() { slow = append(slow, v.get("http://slow.example/")) })
			}
			for i := range 250 {
				v.at(ms(1+20*i), func() {
					for _, host := range []string{"b.example", "c.example"} {
						quick = append(quick, v.get("http://"+host+"/"))
					}
				})
			}
			v.untilQuietFrom(6 * time.Second)
			v.close()
			for _, o := range quick {
				if o.calls != 1 || o.err != nil || o.info.Timing.Queue > 0 || o.info.Timing.Total > ms(20) {
					t.Fatalf("a quick host got %v after %v; want an answer at once", o, o.info.Timing.Total)
				}
			}
			refused := 0
			for i, o := range slow {
				switch {
				case o.calls != 1:
					t.Fatalf("request %d of the slow host: %d calls; want one", i, o.calls)
				case o.kind == sched.QueueFull:
					if refused++; i < queue-queue/8 {
						t.Errorf("request %d of the slow host was refused; want room for seven eighths of %d", i, queue)
					}
				}
			}
			if refused == 0 {
				t.Error("none of the slow host was refused; want what the queue does not hold")
			}
			t.Logf("%d to quick hosts, all answered at once; %d to the %s one, %d refused", len(quick), len(slow), c.name, refused)
		})
	}
}

// A queue that is full is full for all hosts, where none has a limit of its own.
func TestQueueIsOneForAllHosts(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 1, MaxQueue: 8, Resolve: here})
	v.http(silence)
	var all []*outcome
	for range 9 { // one of them has the connection
		all = append(all, v.get("http://a.example/"))
	}
	other := v.get("http://b.example/")
	v.untilQuietAtMost(ms(50))
	for i, o := range all {
		if o.calls != 0 {
			t.Errorf("request %d got %v; want it to wait", i, o)
		}
	}
	v.wantKind(other, sched.QueueFull, sched.PhaseQueue)
	if got, want := other.err.Error(), "GET http://b.example/: queue b.example: too many requests wait already (8)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	v.close()
}
