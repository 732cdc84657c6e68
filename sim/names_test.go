package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// asked is a look-up and its answer, with the time.
func (p *program) look(ctx context.Context, host string, into *[]string) {
	p.t.Helper()
	returned := false
	p.k.Lookup(ctx, host, func(addrs []netip.Addr, err error) {
		if !returned {
			p.t.Errorf("%s: done was called by Lookup", host)
		}
		*into = append(*into, fmt.Sprint(p.w.Now(), " ", host, " ", addrs, " ", err))
	})
	returned = true
}

func TestLookup(t *testing.T) {
	p := newProgram(t, sim.Options{})
	a, b := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")
	p.w.Host("a.example", a, b)
	p.w.Name("flaky.example",
		sim.NameAnswer{Err: sim.NameServerFails("flaky.example")},
		sim.NameAnswer{Addrs: []netip.Addr{a}, Delay: 5 * time.Second})
	p.w.Name("never.example", sim.NameAnswer{Never: true})
	var got []string
	for _, host := range []string{"a.example", "A.Example.", "no.example", "flaky.example", "flaky.example", "flaky.example", "never.example", "192.0.2.9"} {
		p.look(t.Context(), host, &got)
	}
	p.run()
	want := []string{
		"1ns 192.0.2.9 [192.0.2.9] <nil>",
		"2ms a.example [203.0.113.7 2001:db8::7] <nil>",
		"2ms A.Example. [203.0.113.7 2001:db8::7] <nil>",
		"2ms no.example [] lookup no.example: no such host",
		"2ms flaky.example [] lookup flaky.example: server misbehaving",
		"5s flaky.example [203.0.113.7] <nil>",
		"5s flaky.example [203.0.113.7] <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	if got := p.w.Stats().Lookups; got != 8 {
		t.Errorf("got %d look-ups; want 8", got)
	}
}

func TestLookupErrorKinds(t *testing.T) {
	for _, tt := range []struct {
		err                 error
		notFound, temporary bool
	}{
		{sim.NoSuchHost("a"), true, false},
		{sim.NameServerFails("a"), false, true},
	} {
		var dns *net.DNSError
		if !errors.As(tt.err, &dns) || dns.IsNotFound != tt.notFound || dns.IsTemporary != tt.temporary {
			t.Errorf("got %#v; want not found %v, temporary %v", tt.err, tt.notFound, tt.temporary)
		}
	}
}

// The context ends a look-up inside the next Wait, on the loop's goroutine,
// and only once.
func TestLookupAbandoned(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Host("a.example", server1.Addr())
	p.w.Name("never.example", sim.NameAnswer{Never: true})
	ended, end := context.WithCancel(t.Context())
	end()
	later, endLater := context.WithCancel(t.Context())
	var got []string
	p.look(ended, "a.example", &got)
	p.look(later, "never.example", &got)
	p.l.CallLater(time.Hour, endLater)
	p.run()
	want := []string{"0s a.example [] context canceled", "1h0m0s never.example [] context canceled"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// done may concern the loop: what it puts there must not wait for a timer.
func TestLookupReachesTheLoop(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Host("a.example", server1.Addr())
	p.l.CallLater(time.Hour, func() {})
	var at time.Duration
	p.k.Lookup(t.Context(), "a.example", func([]netip.Addr, error) {
		p.l.AddCallback(func() { at = p.w.Now() })
	})
	p.run()
	if at != 2*ms {
		t.Errorf("got the callback at %v; want 2ms", at)
	}
}

// No descriptor, no question: and that is no fault of the name.
func TestLookupWithoutDescriptor(t *testing.T) {
	p := newProgram(t, sim.Options{Descriptors: 4})
	p.w.Host("a.example", server1.Addr())
	var got []string
	p.look(t.Context(), "a.example", &got)
	fd, _ := p.k.Connect(server1)
	p.look(t.Context(), "a.example", &got)
	p.look(t.Context(), "192.0.2.9", &got)
	p.k.Close(fd)
	p.look(t.Context(), "a.example", &got)
	p.run()
	want := []string{
		"1ns 192.0.2.9 [192.0.2.9] <nil>",
		"2ms a.example [203.0.113.7] <nil>",
		`2ms a.example [] look up "a.example": no descriptor to ask with: too many open files`,
		"2ms a.example [203.0.113.7] <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestNameFailsByChance(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Host("a.example", server1.Addr())
	p.w.Faults(sim.Profile{NameFails: .5})
	failed := 0
	for range 100 {
		p.k.Lookup(t.Context(), "a.example", func(_ []netip.Addr, err error) {
			if err != nil {
				failed++
			}
		})
	}
	p.run()
	if failed < 20 || failed > 80 {
		t.Errorf("got %d failures of 100; want about half", failed)
	}
}
