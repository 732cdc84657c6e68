package sched_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

var errNotAllowed = errors.New("not allowed")

func refuseAll(netip.Addr) error { return errNotAllowed }

// refuse refuses one address, and notes which it was asked about.
func refuse(bad string, asked *[]string) func(netip.Addr) error {
	return func(a netip.Addr) error {
		*asked = append(*asked, a.String())
		if a.String() == bad {
			return fmt.Errorf("%v is %w", a, errNotAllowed)
		}
		return nil
	}
}

func TestAllowAddrOnFreshConnections(t *testing.T) {
	for _, c := range []struct {
		name  string
		url   string
		asked []string
		body  string // "": refused
		text  string
	}{
		{"refused", "http://10.0.0.2/", []string{"10.0.0.2"}, "",
			"GET http://10.0.0.2/: connect 10.0.0.2:80: 10.0.0.2 is not allowed"},
		{"refused by name", "http://b.example/", []string{"10.0.0.2"}, "",
			"GET http://b.example/: connect 10.0.0.2:80: 10.0.0.2 is not allowed"},
		{"refused in the disguise of IPv6", "http://[::ffff:10.0.0.2]/", []string{"10.0.0.2"}, "",
			"GET http://[::ffff:10.0.0.2]/: connect 10.0.0.2:80: 10.0.0.2 is not allowed"},
		{"refused by a name in disguise", "http://disguised.example/", []string{"10.0.0.2"}, "",
			"GET http://disguised.example/: connect 10.0.0.2:80: 10.0.0.2 is not allowed"},
		{"allowed", "http://a.example/", []string{"10.0.0.1"}, "good", ""},
		{"the second address is allowed", "http://both.example/", []string{"10.0.0.2", "10.0.0.1"}, "good", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(reply("good"))
			bad := v.other(sim.HTTP(reply("bad")))
			in6 := netip.MustParseAddr("::ffff:10.0.0.2")
			v.w.Host("disguised.example", in6)
			v.w.Host("both.example", in6, addr.Addr())
			var asked []string
			r := sched.Get(c.url)
			r.AllowAddr = refuse("10.0.0.2", &asked)
			o := v.do(r)
			v.run()
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked about %q; want %q", asked, c.asked)
			}
			if bad.Accepted() != 0 {
				t.Error("the refused address was connected to")
			}
			if c.body != "" {
				v.wantBody(o, c.body)
				return
			}
			v.wantKind(o, sched.Connect, sched.PhaseConnect)
			if !errors.Is(o.err, errNotAllowed) || o.err.Error() != c.text {
				t.Errorf("got %q; want %q", o.err, c.text)
			}
		})
	}
}

// A kept connection is not lent to a request that may not talk to its peer;
// others still find it.
func TestAllowAddrOnKeptConnections(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.other(sim.HTTP(reply("x")))
	v.get("http://b.example/")
	v.untilQuiet()
	var asked []string
	r := sched.Get("http://b.example/")
	r.AllowAddr = refuse("10.0.0.2", &asked)
	refused := v.do(r)
	v.untilQuiet()
	v.wantKind(refused, sched.Connect, sched.PhaseConnect)

	r = sched.Get("http://b.example/")
	r.AllowAddr = refuse("10.0.0.1", &asked)
	allowed := v.do(r)
	v.run()
	v.wantBody(allowed, "x")
	if !allowed.info.Reused || l.Accepted() != 1 {
		t.Errorf("reused %v, %d connections; want true, 1", allowed.info.Reused, l.Accepted())
	}
	if want := []string{"10.0.0.2", "10.0.0.2", "10.0.0.2"}; !slices.Equal(asked, want) {
		t.Errorf("asked about %q; want %q: the kept one, a fresh one, the kept one", asked, want)
	}
}

// So does one that Options.Resolve names.
func TestAllowAddrAfterResolve(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Resolve: func(string, string) (netip.AddrPort, bool) {
		return addrOf("[::ffff:10.0.0.2]:80"), true
	}})
	bad := v.other(sim.HTTP(reply("bad")))
	var asked []string
	r := sched.Get("http://a.example/")
	r.AllowAddr = refuse("10.0.0.2", &asked)
	o := v.do(r)
	v.run()
	v.wantKind(o, sched.Connect, sched.PhaseConnect)
	if bad.Accepted() != 0 {
		t.Error("the refused address was connected to")
	}
}
