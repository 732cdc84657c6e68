package sched_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

var stands, standsLate, refuses, silent = manners[0], manners[1], manners[2], manners[4]

// manySilent are n addresses that do not answer, and one that does.
func manySilent(n int) []manner {
	var all []manner
	for range n {
		all = append(all, silent)
	}
	return append(all, stands)
}

// However many addresses are silent, the good one behind them has its turn after
// one delay for each, and no more than six sockets are open for it.
func TestRaceIsBounded(t *testing.T) {
	for n := range 12 {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.race(manySilent(n)...)
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, fmt.Sprint(n))
		if want := ms(250*n + 2); o.info.Timing.Connect != want {
			t.Errorf("%d silent ones: connected after %v; want %v", n, o.info.Timing.Connect, want)
		}
		if got, want := v.w.Stats().MaxOpen, min(n+1, 6); got != want {
			t.Errorf("%d silent ones: %d sockets were open at once; want %d", n, got, want)
		}
	}
}

func TestAttemptDelay(t *testing.T) {
	for _, c := range []struct {
		delay, connect time.Duration
		all            []manner
		after          time.Duration // until it stands
		most           int           // sockets at once
	}{
		{0, 0, manySilent(2), ms(502), 3},
		{ms(100), 0, manySilent(2), ms(202), 3},
		{1, 0, manySilent(2), ms(22), 3}, // 10 ms, for RFC 8305 allows no less
		{time.Second, 0, manySilent(2), ms(2002), 3},
		// One after the other, each with its share of the 9.998 s.
		{-1, 0, manySilent(1), ms(4999 + 2), 1},
		{-1, 0, []manner{refuses, refuses, stands}, ms(6), 1},
		{-1, -1, []manner{refuses, stands}, ms(4), 1},
		// A time that is short for so many is shared out, too.
		{0, ms(302), manySilent(2), ms(100+100) + ms(2), 3},
	} {
		v := newLife(t, sim.Options{}, sched.Options{AttemptDelay: c.delay, Timeouts: sched.Timeouts{Connect: c.connect}})
		v.race(c.all...)
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, fmt.Sprint(len(c.all)-1))
		if o.info.Timing.Connect != c.after || v.w.Stats().MaxOpen != c.most {
			t.Errorf("AttemptDelay %v, Connect %v: connected after %v with %d sockets; want %v with %d",
				c.delay, c.connect, o.info.Timing.Connect, v.w.Stats().MaxOpen, c.after, c.most)
		}
	}
}

// Where MaxConns leaves no room there is no race: one address after the other,
// and no connection is closed, and nobody made to wait, for the sake of a chance.
func TestNoRaceWithoutRoom(t *testing.T) {
	busy := func(v *life) { v.get("http://a.example/busy") }
	idle := func(v *life) { v.get("http://a.example/") }
	for _, c := range []struct {
		name     string
		maxConns int
		setUp    func(*life)
		after    time.Duration // until the second address stands
	}{
		{"alone", 1, nil, ms(4999 + 2)},
		{"room", 2, nil, ms(252)},
		{"others are busy", 2, busy, ms(4999 + 2)},
		{"others are busy, and there is room", 3, busy, ms(252)},
		{"one is idle", 2, idle, ms(4999 + 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{MaxConns: c.maxConns, IdleTimeout: time.Minute})
			v.http(func(x *sim.Exchange) {
				if x.Request.URL.Path == "/busy" {
					v.w.After(20*time.Second, func() { x.Reply(200, nil, nil) })
					return
				}
				x.Reply(200, nil, nil)
			})
			v.race(silent, stands)
			if c.setUp != nil {
				c.setUp(v)
			}
			var o *outcome
			v.at(ms(100), func() { o = v.get("http://race.example/") })
			v.untilQuietFrom(ms(200))
			v.wantBody(o, "1")
			if o.info.Timing.Connect != c.after {
				t.Errorf("connected after %v; want %v", o.info.Timing.Connect, c.after)
			}
			if got := v.w.Stats().MaxOpen; got > c.maxConns {
				t.Errorf("%d sockets were open at once; want at most %d", got, c.maxConns)
			}
			if c.name == "one is idle" {
				again := v.get("http://a.example/")
				v.untilQuiet()
				if !again.info.Reused {
					t.Error("the idle connection is gone")
				}
			}
			v.close()
		})
	}
}

// A socket that races has its place among MaxConns, so that others wait for it,
// and get it when the race is over. It has none among those of its host.
func TestRacersAndTheQueue(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 2, MaxConnsPerHost: 1})
	v.http(reply("x"))
	v.race(silent, standsLate)
	racer := v.get("http://race.example/")
	var late *outcome
	v.at(ms(300), func() {
		if got, want := v.s.Stats(), (sched.Stats{Pending: 1, Open: 2}); got != want {
			t.Errorf("got %+v; want %+v: both sockets count", got, want)
		}
		late = v.get("http://10.0.0.1/")
	})
	v.at(ms(400), func() {
		if got, want := v.s.Stats(), (sched.Stats{Pending: 2, Waiting: 1, Open: 2}); got != want {
			t.Errorf("got %+v; want %+v: the late one waits", got, want)
		}
	})
	v.untilQuietFrom(ms(500))
	v.close()
	v.wantBody(racer, "1")
	v.wantBody(late, "x")
	if want := ms(2 + 250 + 400 + 4); late.at != want {
		t.Errorf("the late one was served at %v; want %v, when the loser was closed", late.at, want)
	}
	if got := v.w.Stats().MaxOpen; got != 2 {
		t.Errorf("%d sockets were open at once; want 2", got)
	}
}

// A racer that finds no descriptor is no failure, and no reason to wait in the
// queue: what is under way goes on, and the address has its turn when it can.
func TestRacerWithoutDescriptor(t *testing.T) {
	t.Run("the first stands in the end", func(t *testing.T) {
		v := newLife(t, sim.Options{Descriptors: 3 + 1}, sched.Options{MaxConns: 10})
		v.race(standsLate, stands)
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, "0")
		if o.info.Timing.Queue >= 0 || o.info.Timing.Connect != ms(400) {
			t.Errorf("got %+v; want no time in the queue, and 400ms to connect", o.info.Timing)
		}
	})
	t.Run("there is one later", func(t *testing.T) {
		v := newLife(t, sim.Options{Descriptors: 3 + 1}, sched.Options{MaxConns: 10})
		v.race(silent, stands)
		v.at(ms(600), func() { v.w.SetDescriptors(100) })
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, "1")
		if o.info.Timing.Connect != ms(752) {
			t.Errorf("connected after %v; want 752ms, at the third look", o.info.Timing.Connect)
		}
	})
	t.Run("there is none but that of the silent one", func(t *testing.T) {
		v := newLife(t, sim.Options{Descriptors: 3 + 1}, sched.Options{MaxConns: 10})
		v.race(silent, stands)
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, "1")
		if got, least := o.info.Timing.Connect, ms(4999); got < least || got > least+ms(252) {
			t.Errorf("connected after %v; want half the time, and one look", got)
		}
	})
	t.Run("after a refusal", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.race(refuses, stands)
		v.at(ms(3), func() { v.w.FailConnects(3, syscall.EMFILE) })
		o := v.get("http://race.example/")
		v.run()
		v.wantBody(o, "1") // here it does wait in the queue: nothing is under way
		if o.info.Timing.Queue < 3*retryStarved {
			t.Errorf("waited %v in the queue; want three times %v", o.info.Timing.Queue, retryStarved)
		}
	})
}

const retryStarved = 100 * time.Millisecond

// Called off in the middle of a race, by whatever, all its sockets are closed.
func TestRaceIsCalledOff(t *testing.T) {
	for _, c := range []struct {
		how  string
		kind sched.Kind
	}{{"cancel", sched.Cancelled}, {"close", sched.Cancelled}, {"total", sched.TotalTimeout}, {"connect", sched.ConnectTimeout}} {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.race(silent, silent, silent)
		r := sched.Get("http://race.example/")
		switch c.how {
		case "total":
			r.Timeouts.Total = ms(600)
		case "connect":
			r.Timeouts.Connect = ms(900)
		}
		o := &outcome{}
		chain := v.s.Add(r, v.note(o))
		v.at(ms(600), func() {
			if open := v.w.Open(); open != 3 && o.calls == 0 {
				t.Errorf("%s: %d sockets are open in the race; want 3", c.how, open)
			}
			switch c.how {
			case "cancel":
				chain.Cancel()
			case "close":
				v.s.Close()
			}
			if open := v.w.Open(); o.calls > 0 && open != 0 {
				t.Errorf("%s: %d sockets are left", c.how, open)
			}
		})
		v.run()
		v.wantKind(o, c.kind, sched.PhaseConnect)
	}
}

// The trace tells of each attempt, how it began and how it ended.
func TestRaceTrace(t *testing.T) {
	var b strings.Builder
	v := newLife(t, sim.Options{}, sched.Options{Trace: func(tr sched.Trace) {
		switch tr.Op {
		case sched.TraceConnect, sched.TraceConnected, sched.TraceConnectFailed, sched.TraceClose, sched.TraceUse:
			fmt.Fprintln(&b, tr.At, tr)
		}
	}})
	v.race(silent, refuses, standsLate, standsLate)
	v.get("http://race.example/")
	v.run()
	want := `2ms fd 3 connect 10.0.7.0:80, add_handler WRITE
252ms fd 4 connect [2001:db8::1]:80, add_handler WRITE
254ms fd 4 connect [2001:db8::1]:80: connection refused
254ms fd 4 remove_handler, close
254ms fd 4 connect 10.0.7.2:80, add_handler WRITE
504ms fd 5 connect [2001:db8::3]:80, add_handler WRITE
654ms fd 4 connected to 10.0.7.2:80
654ms fd 3 connect 10.0.7.0:80: another address was faster
654ms fd 3 remove_handler, close
654ms fd 5 connect [2001:db8::3]:80: another address was faster
654ms fd 5 remove_handler, close
654ms fd 4 is new, for GET http://race.example/
1.46s fd 4 remove_handler, close
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s; want\n%s", got, want)
	}
}

// A resolver that gives one family first does not make the other wait for all
// of it.
func TestFamiliesByTurns(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var all []manner
	for i := range 8 {
		all = append(all, silent)
		if i%2 == 1 {
			all[i] = stands
		}
	}
	addrs := v.race(all...)
	// All of the family that does not answer first.
	addrs = append(addrs[:0:0], addrs[0], addrs[2], addrs[4], addrs[6], addrs[1], addrs[3], addrs[5], addrs[7])
	v.w.Host("race.example", addrs...)
	o := v.get("http://race.example/")
	v.run()
	v.wantBody(o, "1")
	if o.info.Timing.Connect != ms(252) {
		t.Errorf("connected after %v; want 252ms", o.info.Timing.Connect)
	}
}

// A loop that was held up looks into the kernel before it opens another socket:
// the answer may lie there.
func TestRaceWhileTheLoopWasBusy(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.race(stands, stands)
	o := v.get("http://race.example/")
	v.at(ms(3), func() { v.w.Spend(time.Second) })
	v.run()
	v.wantBody(o, "0")
	if got := v.w.Stats().Connects; got != 1 {
		t.Errorf("%d sockets were opened; want 1", got)
	}
}
