package names_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// bench is a cache in a simulated world.
type bench struct {
	t *testing.T
	w *sim.World
	l *loop.Loop
	c *names.Cache
}

func newBench(t *testing.T, o names.Options) *bench {
	t.Helper()
	w := sim.New(sim.Options{})
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &bench{t, w, l, names.New(l, w.Kernel(), o)}
}

// run lets d pass.
func (b *bench) run(d time.Duration) {
	b.t.Helper()
	b.l.CallLater(d, b.l.Stop)
	if err := b.l.Run(); err != nil {
		b.t.Fatal(err)
	}
}

// An answer is what done was told, and how often.
type answer struct {
	calls int
	addrs []netip.Addr
	err   error
}

func (b *bench) ask(host string) (*names.Waiter, *answer) {
	a := &answer{}
	w := b.c.Lookup(host, func(addrs []netip.Addr, err error) {
		a.calls++
		a.addrs, a.err = addrs, err
	})
	if a.calls != 0 {
		b.t.Error("done was called inside Lookup")
	}
	return w, a
}

func (b *bench) wantLookups(n uint64) {
	b.t.Helper()
	if got := b.w.Stats().Lookups; got != n {
		b.t.Errorf("%d look-ups; want %d", got, n)
	}
}

var (
	one = netip.MustParseAddr("10.0.0.1")
	two = netip.MustParseAddr("2001:db8::1")
)

func found(addrs ...netip.Addr) sim.NameAnswer { return sim.NameAnswer{Addrs: addrs} }

func TestCached(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Host("a.example", one, two)
	for _, c := range []struct {
		host string
		want string
	}{
		{"10.0.0.1", "[10.0.0.1]"},
		{"2001:db8::1", "[2001:db8::1]"},
		{"fe80::1%eth0", "[fe80::1%eth0]"},
		{"localhost", "[::1 127.0.0.1]"},
		{"a.localhost", "[::1 127.0.0.1]"},
		{"notlocalhost", "[]"},
		{"localhost.example", "[]"},
		{"a.example", "[]"},
	} {
		addrs, err := b.c.Cached(c.host)
		if got := fmt.Sprint(addrs); got != c.want || err != nil {
			t.Errorf("Cached(%q): got %v, %v; want %v", c.host, got, err, c.want)
		}
	}
	b.ask("a.example")
	b.run(time.Second)
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{0, "[10.0.0.1 2001:db8::1]"}, {58 * time.Second, "[10.0.0.1 2001:db8::1]"}, {2 * time.Second, "[]"}} {
		b.run(c.after)
		if addrs, err := b.c.Cached("a.example"); fmt.Sprint(addrs) != c.want || err != nil {
			t.Errorf("after another %v: got %v, %v; want %v", c.after, addrs, err, c.want)
		}
	}
}

func TestOneFlight(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Name("a.example", found(one), found(two))
	var all []*answer
	for range 10 {
		_, a := b.ask("a.example")
		all = append(all, a)
	}
	b.run(time.Second)
	b.wantLookups(1)
	for i, a := range all {
		if a.calls != 1 || a.err != nil || len(a.addrs) != 1 || a.addrs[0] != one {
			t.Errorf("waiter %d: got %+v; want %v once", i, a, one)
		}
	}
}

// Whoever waits no more hears nothing; the last to go abandons the look-up, and
// its late answer is not taken for that of a newer one.
func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name  string
		gone  []int // of three
		calls [3]int
	}{
		{"first", []int{0}, [3]int{0, 1, 1}},
		{"middle", []int{1}, [3]int{1, 0, 1}},
		{"last", []int{2}, [3]int{1, 1, 0}},
		{"all", []int{1, 0, 2}, [3]int{}},
		{"one, twice", []int{1, 1}, [3]int{1, 0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, names.Options{})
			b.w.Name("a.example", found(one), found(two))
			var waiters [3]*names.Waiter
			var all [3]*answer
			for i := range 3 {
				waiters[i], all[i] = b.ask("a.example")
			}
			for _, i := range c.gone {
				waiters[i].Cancel()
			}
			_, late := b.ask("a.example")
			b.run(time.Second)
			for i, a := range all {
				if a.calls != c.calls[i] {
					t.Errorf("waiter %d was called %d times; want %d", i, a.calls, c.calls[i])
				}
			}
			want, lookups := one, uint64(1)
			if c.name == "all" {
				want, lookups = two, 2
			}
			b.wantLookups(lookups)
			if late.calls != 1 || late.err != nil || late.addrs[0] != want {
				t.Errorf("who asked last got %+v; want %v once", late, want)
			}
			waiters[0].Cancel() // which waits no more
		})
	}
}

// A waiter may be cancelled by the done of another one.
func TestCancelInDone(t *testing.T) {
	b := newBench(t, names.Options{})
	b.w.Host("a.example", one)
	var second *names.Waiter
	b.c.Lookup("a.example", func([]netip.Addr, error) { second.Cancel() })
	second, a := b.ask("a.example")
	_, third := b.ask("a.example")
	b.run(time.Second)
	if a.calls != 0 || third.calls != 1 {
		t.Errorf("the second was called %d times, the third %d; want 0, 1", a.calls, third.calls)
	}
}

func TestAnswersThatAreKept(t *testing.T) {
	fails := sim.NameAnswer{Err: sim.NameServerFails("a.example")}
	starved := sim.NameAnswer{Err: errors.New("too many open files")}
	for _, c := range []struct {
		name    string
		answers []sim.NameAnswer
		asks    []time.Duration // how long after the one before
		want    []string
	}{
		{"new after the TTL", []sim.NameAnswer{found(one), found(two)}, []time.Duration{0, time.Minute}, []string{"10.0.0.1", "2001:db8::1"}},
		{"stale while it fails", []sim.NameAnswer{found(one), fails}, []time.Duration{0, time.Minute, 58 * time.Minute, 2 * time.Minute},
			[]string{"10.0.0.1", "10.0.0.1", "10.0.0.1", "lookup a.example: server misbehaving"}},
		{"stale for want of a descriptor", []sim.NameAnswer{found(one), starved}, []time.Duration{0, time.Minute}, []string{"10.0.0.1", "10.0.0.1"}},
		{"recovers", []sim.NameAnswer{fails, found(one)}, []time.Duration{0, 0}, []string{"lookup a.example: server misbehaving", "10.0.0.1"}},
		{"gone", []sim.NameAnswer{found(one), {}}, []time.Duration{0, time.Minute}, []string{"10.0.0.1", "lookup a.example: no such host"}},
		{"comes to exist", []sim.NameAnswer{{}, found(one)}, []time.Duration{0, 6 * time.Second}, []string{"lookup a.example: no such host", "10.0.0.1"}},
		{"fails after it did not exist", []sim.NameAnswer{{}, fails}, []time.Duration{0, 6 * time.Second},
			[]string{"lookup a.example: no such host", "lookup a.example: server misbehaving"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, names.Options{})
			b.w.Name("a.example", c.answers...)
			for i, after := range c.asks {
				b.run(after)
				_, a := b.ask("a.example")
				b.run(10 * time.Millisecond)
				got := fmt.Sprint(a.err)
				if a.err == nil {
					got = a.addrs[0].String()
				}
				if a.calls != 1 || got != c.want[i] {
					t.Errorf("ask %d: got %q in %d calls; want %q in one", i, got, a.calls, c.want[i])
				}
			}
			b.wantLookups(uint64(len(c.asks)))
		})
	}
}

// "No such host" is believed for a while, without asking.
func TestNegative(t *testing.T) {
	b := newBench(t, names.Options{Negative: time.Minute})
	b.ask("a.example")
	b.run(59 * time.Second)
	if addrs, err := b.c.Cached("a.example"); err == nil || addrs != nil {
		t.Errorf("got %v, %v; want the error that is believed", addrs, err)
	}
	b.run(2 * time.Second)
	if addrs, err := b.c.Cached("a.example"); err != nil || addrs != nil {
		t.Errorf("got %v, %v; want nothing known", addrs, err)
	}
}

// The cache has a bound, and keeps those who are waited for.
func TestSize(t *testing.T) {
	b := newBench(t, names.Options{Size: 10, TTL: time.Second, Stale: time.Minute})
	b.w.Name("waited.example", sim.NameAnswer{Never: true})
	_, waited := b.ask("waited.example")
	for i := range 100 {
		host := fmt.Sprintf("h%d.example", i)
		b.w.Host(host, one)
		b.ask(host)
		b.run(10 * time.Millisecond)
	}
	if got := b.c.Size(); got != 10 {
		t.Errorf("%d names are known; want 10", got)
	}
	b.run(2 * time.Minute)
	_, a := b.ask("h0.example")
	b.run(10 * time.Millisecond)
	if a.calls != 1 || waited.calls != 0 || b.c.Size() != 2 {
		t.Errorf("%d names, calls %d and %d; want the expired ones gone", b.c.Size(), a.calls, waited.calls)
	}
}
