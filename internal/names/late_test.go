package names_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/sim"
)

const second = time.Second

var never = sim.NameAnswer{Never: true}

func slow(d time.Duration, addrs ...netip.Addr) sim.NameAnswer {
	return sim.NameAnswer{Addrs: addrs, Delay: d}
}

func (b *bench) want(name string, a *answer, calls int, addr netip.Addr) {
	b.t.Helper()
	if a.calls != calls || a.err != nil || calls > 0 && (len(a.addrs) != 1 || a.addrs[0] != addr) {
		b.t.Errorf("%s: got %+v; want %d calls, with %v", name, a, calls, addr)
	}
}

// A question that goes unanswered is put again while somebody waits, however
// they come and go: a packet may have been lost, or the server be back.
func TestUnansweredIsAskedAgain(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", never, never, found(one))
	first, a := b.ask("a.example")
	b.run(9 * second)
	_, late := b.ask("a.example")
	first.Cancel() // its own deadline has passed, but the question stays
	b.run(2 * second)
	b.wantLookups(2)
	b.run(8 * second)
	b.want("late", late, 0, one)
	b.run(2 * second)
	b.wantLookups(3)
	b.want("first", a, 0, one)
	b.want("late", late, 1, one)
	b.quiet()
}

// quiet expects that there is nothing to wait for, neither here nor in the world.
func (b *bench) quiet() {
	b.t.Helper()
	before := b.w.Now()
	if err := b.l.Run(); !errors.Is(err, sim.ErrNothing) || b.w.Now() != before {
		b.t.Errorf("something was still to come, %v later: %v", b.w.Now()-before, err)
	}
}

// A late answer to a question that was given up is nobody's.
func TestAnswerAfterItWasGivenUp(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", slow(15*second, one), slow(8*second, two))
	_, a := b.ask("a.example")
	b.run(17 * second)
	b.want("before the second answer", a, 0, two)
	b.run(2 * second)
	b.want("after it", a, 1, two)
}

// A stale answer serves after a moment when the name service is silent, and
// then at once, until it is time to look again.
func TestStaleWhileSilent(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", found(one), never, found(two))
	b.ask("a.example")
	b.run(61 * second)
	_, a := b.ask("a.example")
	_, c := b.ask("a.example")
	b.run(1700 * time.Millisecond)
	b.want("in its grace", a, 0, one)
	b.run(200 * time.Millisecond)
	b.want("after it", a, 1, one)
	b.want("the other one", c, 1, one)
	for range 3 {
		if addrs, err := b.c.Cached("a.example"); len(addrs) != 1 || addrs[0] != one || err != nil {
			t.Errorf("got %v, %v; want the stale answer at once", addrs, err)
		}
		b.run(9 * second)
	}
	b.wantLookups(2)
	b.quiet() // the question is not open for ever
	b.run(2 * second)
	_, d := b.ask("a.example")
	b.run(second)
	b.want("when it answers again", d, 1, two)
}

// An answer that comes late, but comes, is the next one's.
func TestLateAnswerIsKept(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", found(one), slow(5*second, two))
	b.ask("a.example")
	b.run(61 * second)
	_, a := b.ask("a.example")
	b.run(6 * second)
	b.want("who could not wait", a, 1, one)
	if addrs, err := b.c.Cached("a.example"); len(addrs) != 1 || addrs[0] != two || err != nil {
		t.Errorf("got %v, %v; want what came late", addrs, err)
	}
	b.wantLookups(2)
	b.quiet()
}

// What is too old does not serve, whoever is silent.
func TestTooStaleWhileSilent(t *testing.T) {
	b := newBench(t, names.Options{Stale: 10 * time.Minute})
	b.w.Name("a.example", found(one), never)
	b.ask("a.example")
	b.run(12 * time.Minute)
	w, a := b.ask("a.example")
	b.run(5 * second)
	b.want("a", a, 0, one)
	w.Cancel()
	b.quiet()
}

// A failing name service is left alone for a while when there is something that
// serves.
func TestRecheck(t *testing.T) {
	b := newBench(t, names.Options{})
	fails := sim.NameAnswer{Err: sim.NameServerFails("a.example")}
	b.w.Name("a.example", found(one), fails)
	b.ask("a.example")
	b.run(61 * second)
	asked := 0
	for range 120 { // two minutes of a request a second
		if addrs, _ := b.c.Cached("a.example"); addrs == nil {
			asked++
			_, a := b.ask("a.example")
			b.run(10 * time.Millisecond)
			b.want(fmt.Sprint("question ", asked), a, 1, one)
		}
		b.run(second)
	}
	if asked != 4 {
		t.Errorf("asked %d times in two minutes; want 4", asked)
	}
}

// Close gives up what nobody waits for.
func TestClose(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", found(one), never)
	b.ask("a.example")
	b.run(61 * second)
	b.ask("a.example")
	b.run(2 * second) // served, and the question still open
	b.c.Close()
	b.quiet()
}
