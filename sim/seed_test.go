package sim_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// life is the trace of a program that keeps 20 connections busy for three minutes in
// foul weather: each that ends is dialled again after a random while.
func life(t *testing.T, seed uint64) string {
	p := newProgram(t, sim.Options{Seed: seed, Jitter: 5 * ms, Descriptors: 20})
	var trace strings.Builder
	p.w.Trace(func(at time.Duration, line string) { fmt.Fprintln(&trace, at, line) })
	p.w.Faults(sim.Profile{
		Refuse: .1, Silent: .02, NoDescriptor: .05, Cut: .3, CutWithin: 200, Short: .2, Spurious: .2, NameFails: .1,
	})
	p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) {
		p.w.After(20*ms, func() { answer(x) })
	}))
	dice := rand.New(p.k)
	var open func()
	open = func() {
		c := p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		again := func() { p.l.CallLater(time.Duration(dice.Int64N(int64(100*ms))), open) }
		if c.end != nil {
			again()
		}
		c.done = again
	}
	for range 20 {
		open()
	}
	p.l.CallLater(3*time.Minute, p.l.Stop)
	if err := p.l.Run(); err != nil {
		t.Fatal(err)
	}
	for _, v := range p.w.Violations() {
		t.Errorf("violation: %s", v)
	}
	return trace.String()
}

func TestTheSameSeedIsTheSameLife(t *testing.T) {
	first, again, other := life(t, 1), life(t, 1), life(t, 2)
	if first != again {
		a, b := strings.Split(first, "\n"), strings.Split(again, "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d: got %q, then %q", i, a[i], b[i])
			}
		}
		t.Fatalf("got %d lines, then %d", len(a), len(b))
	}
	if first == other {
		t.Error("another seed gave the same life")
	}
	wantNothingAfterClose(t, first)
	for _, want := range []string{"refused", "reset", "timed out", "EOF", "too many open files", "established"} {
		if !strings.Contains(first, want) {
			t.Errorf("got no %q in a life of foul weather", want)
		}
	}
}

// A die more in the engine must not change the weather.
func TestTwoStreamsOfNumbers(t *testing.T) {
	weather := func(seed uint64, rolls int) string {
		w := sim.New(sim.Options{Seed: seed})
		w.Faults(sim.Profile{NoDescriptor: .5})
		k := w.Kernel()
		var got strings.Builder
		for range 50 {
			for range rolls {
				k.Uint64()
			}
			_, err := k.Connect(server1)
			fmt.Fprintln(&got, err)
		}
		return got.String()
	}
	if a, b := weather(1, 0), weather(1, 3); a != b {
		t.Errorf("got %q; want %q", b, a)
	}
	if weather(1, 0) == weather(2, 0) {
		t.Error("another seed gave the same weather")
	}
}

// wantNothingAfterClose expects that no packet finds a descriptor between its
// close and the connect of its number's next owner.
func wantNothingAfterClose(t *testing.T, trace string) {
	t.Helper()
	closed := make(map[string]bool)
	for line := range strings.Lines(trace) {
		f := strings.Fields(line) // "1.5ms fd 3 close"
		if f[1] != "fd" {
			continue
		}
		fd := strings.TrimSuffix(f[2], ":")
		if closed[fd] && f[3] != "connect" {
			t.Errorf("after its close: %s", line)
		}
		closed[fd] = f[3] == "close"
	}
}
