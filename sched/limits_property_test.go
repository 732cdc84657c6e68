package sched_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A ledger hears the trace of a stream, and holds what it does against the
// limits and the order of arrival.
type ledger struct {
	wrong    []string // not a failure at once: the loop would catch its panic
	max      int
	perHost  int
	open     map[string]int // by host
	of       map[int]string // the host of each descriptor
	total    int
	arrivals []*arrival
}

// An arrival is a request, in the order in which they came.
type arrival struct {
	host    string
	req     *sched.Request
	began   bool // it has had a connection
	called  int
	ordered bool // it is one whose place in the queue is fixed from its arrival
}

func (g *ledger) arrival(r *sched.Request) *arrival {
	for _, a := range g.arrivals {
		if a.req == r {
			return a
		}
	}
	panic("a step of a request that nobody added")
}

func (g *ledger) errorf(format string, args ...any) {
	g.wrong = append(g.wrong, fmt.Sprintf(format, args...))
}

func (g *ledger) hear(tr sched.Trace) {
	switch tr.Op {
	case sched.TraceConnect:
		a := g.arrival(tr.Request)
		g.begins(a)
		g.of[tr.FD] = a.host
		g.open[a.host]++
		if g.total++; g.total > g.max {
			g.errorf("%d connections are open; want at most %d", g.total, g.max)
		}
		if n := g.open[a.host]; g.perHost > 0 && n > g.perHost {
			g.errorf("%d connections to %s are open; want at most %d", n, a.host, g.perHost)
		}
	case sched.TraceSent:
		g.begins(g.arrival(tr.Request))
	case sched.TraceClose:
		g.open[g.of[tr.FD]]--
		g.total--
	}
}

// begins notes that a has a connection, before which nobody may be waiting who
// came earlier, unless his own host was full.
func (g *ledger) begins(a *arrival) {
	if a.began {
		return
	}
	a.began = true
	if !a.ordered {
		return
	}
	for _, earlier := range g.arrivals {
		if earlier == a {
			return
		}
		if earlier.began || earlier.called > 0 || !earlier.ordered {
			continue
		}
		if earlier.host == a.host || g.perHost == 0 || g.open[earlier.host] < g.perHost {
			g.errorf("a request for %s overtook one for %s, which has %d connections open", a.host, earlier.host, g.open[earlier.host])
		}
	}
}

// Any crowd of requests under any limits: the limits hold, nobody is overtaken
// but by those whose host has room while his own has none, everybody is served
// or fails by his own doing, and every place is given back.
func TestLimitsHoldAndNobodyStarves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := &ledger{open: map[string]int{}, of: map[int]string{}}
		g.max = rapid.IntRange(1, 5).Draw(rt, "MaxConns")
		g.perHost = rapid.IntRange(0, 3).Draw(rt, "MaxConnsPerHost")
		v := newLife(t, sim.Options{}, sched.Options{
			MaxConns: g.max, MaxConnsPerHost: g.perHost, Resolve: here, Trace: g.hear,
			MaxIdle:        rapid.IntRange(0, 3).Draw(rt, "MaxIdle"),
			MaxIdlePerHost: rapid.IntRange(0, 2).Draw(rt, "MaxIdlePerHost"),
			MaxAge:         ms(rapid.IntRange(0, 200).Draw(rt, "MaxAge")),
			IdleTimeout:    ms(rapid.IntRange(1, 200).Draw(rt, "IdleTimeout")),
			Timeouts:       sched.Timeouts{Queue: -1, Connect: ms(100), FirstByte: ms(100), Stall: ms(100)},
		})
		deeds := []string{"", "", "", "close", "fin", "rst", "mute", "late", "cancel", "refuse", "forbid"}
		server := v.http(func(x *sim.Exchange) {
			deed, _, _ := strings.Cut(x.Request.URL.Path[1:], "/")
			switch deed {
			case "fin":
				x.Peer.Close()
			case "rst":
				x.Peer.Reset()
			case "mute":
			case "late":
				v.w.After(ms(60), func() { x.Reply(200, nil, nil) })
			default:
				x.Close = deed == "close"
				v.w.After(ms(5), func() { x.Reply(200, nil, nil) })
			}
		})
		for n := range rapid.IntRange(0, 20).Draw(rt, "faults") {
			server.Fault(n+1, sim.Fault{Silent: n%3 == 0, Down: sim.Cut{By: sim.End(n % 4), At: int64(10 * n)}})
		}
		v.w.FailConnects(rapid.IntRange(0, 2).Draw(rt, "starved"), syscall.EMFILE)

		for i := range rapid.IntRange(1, 40).Draw(rt, "requests") {
			host := string(rune('a' + rapid.IntRange(0, 3).Draw(rt, "host")))
			deed := rapid.SampledFrom(deeds).Draw(rt, "deed")
			a := &arrival{host: host, req: sched.Get(fmt.Sprintf("http://%s/%s/%d", host, deed, i))}
			// One who wants no kept connection may have to wait beside one.
			a.ordered = deed != "forbid" && deed != "cancel"
			if deed == "forbid" {
				a.req.AllowAddr = refuseAll
			}
			v.at(ms(rapid.IntRange(0, 100).Draw(rt, "at")), func() {
				g.arrivals = append(g.arrivals, a)
				chain := v.s.Add(a.req, func(*sched.Response, error) sched.Next {
					a.called++
					return sched.Next{}
				})
				if deed == "cancel" {
					v.l.CallLater(ms(len(g.arrivals)), chain.Cancel)
				}
			})
		}
		v.untilQuietAtMost(time.Minute)
		for _, wrong := range g.wrong {
			rt.Error(wrong)
		}
		for _, a := range g.arrivals {
			if a.called != 1 {
				rt.Errorf("the readback of %s was called %d times; want once", a.req.URL, a.called)
			}
		}
		if got := v.s.Stats(); got != (sched.Stats{}) {
			rt.Errorf("the stream has %+v when nobody wants anything; want nothing", got)
		}
		v.close()
	})
}
