package sched_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Options.Resolve is asked first, and changes nothing but where to connect to.
func TestOptionsResolve(t *testing.T) {
	var asked []string
	v := newLife(t, sim.Options{}, sched.Options{Resolve: func(host, port string) (netip.AddrPort, bool) {
		asked = append(asked, host+" "+port)
		return addr, host == "elsewhere.example"
	}})
	v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte(x.Request.Host)) })
	moved := v.get("http://Elsewhere.example:8080/")
	v.untilQuiet()
	before := v.w.Stats().Lookups
	left := v.get("http://a.example/")
	v.run()
	v.wantBody(moved, "Elsewhere.example:8080")
	v.wantBody(left, "a.example")
	if before != 0 || v.w.Stats().Lookups != 1 {
		t.Errorf("%d and %d look-ups; want none for the one, one for the other", before, v.w.Stats().Lookups-before)
	}
	if len(asked) != 2 || asked[0] != "elsewhere.example 8080" || asked[1] != "a.example 80" {
		t.Errorf("asked for %q; want host and port of each", asked)
	}
	if moved.info.Remote != addr || moved.info.Timing.Resolve >= 0 {
		t.Errorf("got %+v; want %v and no time to resolve", moved.info, addr)
	}
}

// Spellings of one name are one name, one look-up, and one pool.
func TestSpellingsOfAHost(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte(x.Request.Host)) })
	for _, c := range []struct{ url, host string }{
		{"http://a.example/", "a.example"},
		{"http://A.EXAMPLE/", "A.EXAMPLE"},
		{"http://a.example:80/", "a.example:80"},
		{"HTTP://a.Example:80/", "a.Example:80"},
	} {
		o := v.get(c.url)
		v.untilQuiet()
		v.wantBody(o, c.host)
	}
	v.close()
	if l.Accepted() != 1 || v.w.Stats().Lookups != 1 {
		t.Errorf("%d connections, %d look-ups; want 1, 1", l.Accepted(), v.w.Stats().Lookups)
	}
}

// Many who want one name ask once, and all hear the answer, good or bad.
func TestOneFlightPerName(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer sim.NameAnswer
		kind   sched.Kind
	}{
		{"found", sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}}, ""},
		{"not found", sim.NameAnswer{}, sched.Resolve},
		{"fails", sim.NameAnswer{Err: sim.NameServerFails("a.example")}, sched.Resolve},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(reply("x"))
			v.w.Name("a.example", c.answer)
			var all []*outcome
			for range 50 {
				all = append(all, v.get("http://a.example/"))
			}
			v.run()
			for _, o := range all {
				if o.calls != 1 || o.kind != c.kind {
					t.Errorf("got %d calls, %v; want 1, kind %q", o.calls, o, c.kind)
				}
			}
			if got := v.w.Stats().Lookups; got != 1 {
				t.Errorf("%d look-ups; want 1", got)
			}
		})
	}
}

// A name that does not exist is not asked for again for five seconds, and says
// so at once; one whose server failed is asked for again.
func TestNegativeAnswers(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Name("fails.example", sim.NameAnswer{Err: sim.NameServerFails("fails.example")})
	for _, c := range []struct {
		url     string
		after   time.Duration
		lookups uint64
	}{
		{"http://nobody.example/", 0, 1},
		{"http://nobody.example/", 4 * time.Second, 1},
		{"http://nobody.example/", 2 * time.Second, 2},
		{"http://fails.example/", 0, 3},
		{"http://fails.example/", 0, 4},
	} {
		o := &outcome{}
		v.s.AddAfter(c.after, sched.Get(c.url), v.note(o))
		v.untilQuiet()
		v.wantKind(o, sched.Resolve, sched.PhaseResolve)
		dns, ok := errors.AsType[*net.DNSError](o.err)
		if !ok || dns.IsNotFound != (c.url == "http://nobody.example/") {
			t.Errorf("%s: got %v; want the error of the name service", c.url, o.err)
		}
		if got := v.w.Stats().Lookups; got != c.lookups {
			t.Errorf("%s: %d look-ups so far; want %d", c.url, got, c.lookups)
		}
	}
	v.close()
}

// An old answer serves while the name service fails to give a new one.
func TestStaleAnswers(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{IdleTimeout: -1})
	v.http(reply("x"))
	v.w.Name("a.example", sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}}, sim.NameAnswer{Err: sim.NameServerFails("a.example")})
	for _, c := range []struct {
		after time.Duration
		kind  sched.Kind
	}{{0, ""}, {2 * time.Minute, ""}, {57 * time.Minute, ""}, {2 * time.Minute, sched.Resolve}} {
		o := &outcome{}
		v.s.AddAfter(c.after, sched.Get("http://a.example/"), v.note(o))
		v.untilQuiet()
		if o.calls != 1 || o.kind != c.kind {
			t.Errorf("at %v: got %v; want kind %q", v.w.Now(), o, c.kind)
		}
	}
	v.close()
}

// A chain that tries again at once when a name fails waits its turn each time.
func TestRetryOfANameAtOnce(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	fails := sim.NameAnswer{Err: sim.NameServerFails("b.example")}
	v.w.Name("b.example", sim.NameAnswer{}, fails, fails, sim.NameAnswer{Addrs: []netip.Addr{addr.Addr()}})
	v.http(reply("x"))
	v.get("http://b.example/") // does not exist, and is believed for a while
	tries, body := 0, ""
	var read sched.Readback
	read = func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			tries++
			return sched.Next{Request: sched.Get("http://b.example/"), Readback: read}
		}
		body = string(resp.Body)
		return sched.Next{}
	}
	v.s.AddAfter(time.Minute, sched.Get("http://b.example/"), read)
	v.run()
	if tries != 2 || body != "x" {
		t.Errorf("%d failures, then %q; want 2, then %q", tries, body, "x")
	}
}
