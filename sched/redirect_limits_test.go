package sched_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A redirect that cannot be followed is an error that says why, and has it.
func TestRedirectErrors(t *testing.T) {
	for _, c := range []struct {
		name     string
		location []string
		want     string // "" means followed
	}{
		{"missing", nil, "status 302 has no Location"},
		{"two different", []string{"/a", "/b"}, "status 302 has several different Locations"},
		{"three, two equal", []string{"/a", "/b", "/a"}, "status 302 has several different Locations"},
		{"equal twice", []string{"/a", "/a"}, ""},
		{"no URL", []string{"http://[::1/"}, `the Location "http://[::1/" is no URL`},
		{"ftp", []string{"ftp://a.example/x"}, `the URL must begin with http:// or https://, not "ftp://a.example/x"`},
		{"javascript", []string{"javascript:alert(1)"}, `the URL must begin with http:// or https://, not "javascript:alert(1)"`},
		{"file", []string{"file:///etc/passwd"}, `the URL must begin with http:// or https://, not "file:///etc/passwd"`},
		{"no host", []string{"http:///x"}, "the URL names no host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			requests := 0
			v.http(func(x *sim.Exchange) {
				if requests++; requests > 1 {
					x.Reply(200, nil, []byte("here"))
					return
				}
				wire := "HTTP/1.1 302 Found\r\nContent-Length: 3\r\n"
				for _, l := range c.location {
					wire += "Location: " + l + "\r\n"
				}
				x.Raw([]byte(wire + "\r\nold"))
			})
			r := sched.Get("http://a.example/")
			r.MaxRedirects = 9
			o := v.do(r)
			v.run()
			if c.want == "" {
				v.wantBody(o, "here")
				return
			}
			v.wantKind(o, sched.Redirect, sched.PhaseBody)
			if o.err == nil || o.err.Err.Error() != c.want || o.status != 302 || o.part != "old" || requests != 1 {
				t.Errorf("got %v with %d %q after %d requests; want %q with 302 old after 1", o.err, o.status, o.part, requests, c.want)
			}
		})
	}
}

// A circle ends where it closes, not at the limit. It is seen when a step is
// taken for the second time: the first request is no step.
func TestRedirectCircle(t *testing.T) {
	for _, c := range []struct {
		name string
		next map[string]string
		want []string
	}{
		{"itself", map[string]string{"/": "/"}, []string{"/", "/"}},
		{"two", map[string]string{"/": "/b", "/b": "/"}, []string{"/", "/b", "/"}},
		{"from outside", map[string]string{"/": "/a", "/a": "/b", "/b": "/a"}, []string{"/", "/a", "/b"}},
	} {
		for _, max := range []int{50, -1} {
			t.Run(fmt.Sprint(c.name, "/", max), func(t *testing.T) {
				v := newLife(t, sim.Options{}, sched.Options{})
				var seen []string
				v.http(func(x *sim.Exchange) {
					seen = append(seen, x.Request.URL.Path)
					x.Raw(to(302, c.next[x.Request.URL.Path]))
				})
				r := sched.Get("http://a.example/")
				r.MaxRedirects = max
				o := v.do(r)
				v.run()
				v.wantKind(o, sched.Redirect, sched.PhaseBody)
				if want := "the redirects go in a circle: http://a.example" + c.next[seen[len(seen)-1]] + " again"; o.err.Err.Error() != want {
					t.Errorf("got %q; want %q", o.err.Err, want)
				}
				if !slices.Equal(seen, c.want) {
					t.Errorf("the server saw %q; want %q", seen, c.want)
				}
			})
		}
	}
}

// "Set this cookie and come back" is how sites count visitors: no circle.
func TestRedirectToItselfWithCookie(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := newLife(t, sim.Options{}, sched.Options{Jar: jar})
	var cookies []string
	v.http(func(x *sim.Exchange) {
		cookie := x.Request.Header.Get("Cookie")
		cookies = append(cookies, cookie)
		if n := len(cookies); n < 4 {
			x.Reply(302, http.Header{"Location": {"/"}, "Set-Cookie": {fmt.Sprint("n=", n)}}, nil)
			return
		}
		x.Reply(200, nil, []byte("here"))
	})
	r := sched.Get("http://a.example/")
	r.MaxRedirects = 10
	o := v.do(r)
	v.run()
	v.wantBody(o, "here")
	if want := []string{"", "n=1", "n=2", "n=3"}; !slices.Equal(cookies, want) {
		t.Errorf("the server saw the cookies %q; want %q", cookies, want)
	}
}

// The total deadline is one for all hops; those of phases begin anew.
func TestRedirectDeadlines(t *testing.T) {
	slow := func(v *life, hops int) {
		n := 0
		v.http(func(x *sim.Exchange) {
			n++
			step := n
			v.w.After(3*time.Second, func() {
				if step > hops {
					x.Reply(200, nil, nil)
				} else {
					x.Raw(to(302, fmt.Sprint("/", step)))
				}
			})
		})
	}
	t.Run("total", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{})
		slow(v, 100)
		r := sched.Get("http://a.example/")
		r.MaxRedirects, r.Timeouts.Total = -1, 10*time.Second
		o := v.do(r)
		v.run()
		v.wantKind(o, sched.TotalTimeout, sched.PhaseFirstByte)
		if o.at != 10*time.Second || o.info.Timing.Total != 10*time.Second || o.info.Attempts != 4 {
			t.Errorf("at %v, total %v, %d attempts; want 10s, 10s, 4", o.at, o.info.Timing.Total, o.info.Attempts)
		}
	})
	t.Run("phase", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{})
		slow(v, 5)
		r := sched.Get("http://a.example/")
		r.MaxRedirects, r.Timeouts.FirstByte = -1, 4*time.Second
		o := v.do(r)
		v.run()
		if o.status != 200 || o.at < 18*time.Second {
			t.Errorf("got %v at %v; want 200 after 18s", o, o.at)
		}
	})
}

// Timing is that of the last hop, but for Total; a hop within an origin uses
// the connection again.
func TestRedirectTiming(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	here := v.http(func(x *sim.Exchange) {
		v.w.After(ms(50), func() {
			if x.Request.URL.Path == "/1" {
				x.Raw(to(302, "http://b.example/"))
				return
			}
			x.Raw(to(302, "/1"))
		})
	})
	there := v.other(sim.HTTP(func(x *sim.Exchange) {
		v.w.After(ms(20), func() { x.Reply(200, nil, nil) })
	}))
	r := sched.Get("http://a.example/")
	r.MaxRedirects = 2
	o := v.do(r)
	v.run()
	want := sched.Info{Remote: addrOf("10.0.0.2:80"), Attempts: 3, Timing: sched.Timing{
		Queue: -1, Resolve: ms(2), Connect: ms(2), TLS: -1, FirstByte: ms(22), Total: ms(2+2+52+52) + ms(2+2+22)}}
	if o.info.Timing.Total != want.Timing.Total || o.info.Remote != want.Remote || o.info.Reused || o.info.Attempts != 3 ||
		o.info.Timing.FirstByte != want.Timing.FirstByte || o.info.Timing.Connect != want.Timing.Connect || o.info.Timing.Resolve != want.Timing.Resolve {
		t.Errorf("got %+v; want %+v", o.info, want)
	}
	if here.Accepted() != 1 || there.Accepted() != 1 {
		t.Errorf("%d and %d connections; want 1 and 1", here.Accepted(), there.Accepted())
	}
}

// An error of a later hop speaks of that hop.
func TestRedirectToNowhere(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) { x.Raw(to(302, "http://nowhere.example/x")) })
	r := sched.Get("http://a.example/")
	r.MaxRedirects = 2
	o := v.do(r)
	v.run()
	v.wantKind(o, sched.Resolve, sched.PhaseResolve)
	if o.err.URL != "http://nowhere.example/x" || o.err.Addr != "nowhere.example" || o.info.Remote.IsValid() || o.err.Response != nil {
		t.Errorf("got %q, URL %q, address %q, remote %v; want all of the second hop", o.err, o.err.URL, o.err.Addr, o.info.Remote)
	}
}

// A stranger's redirect does not lead into our own network.
func TestRedirectAsksAllowAddr(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) { x.Raw(to(302, "http://b.example/")) })
	inside := v.other(sim.HTTP(reply("secret")))
	refusal := errors.New("that is our own network")
	var asked []string
	r := sched.Get("http://a.example/")
	r.MaxRedirects = 5
	r.AllowAddr = func(a netip.Addr) error {
		asked = append(asked, a.String())
		if a == netip.MustParseAddr("10.0.0.2") {
			return refusal
		}
		return nil
	}
	o := v.do(r)
	v.run()
	v.wantKind(o, sched.Connect, sched.PhaseConnect)
	if want := []string{"10.0.0.1", "10.0.0.2"}; !errors.Is(o.err, refusal) || inside.Accepted() != 0 || !slices.Equal(asked, want) {
		t.Errorf("got %v, asked about %q, %d connections; want a refusal, %q, 0", o.err, asked, inside.Accepted(), want)
	}
}

// The body of a redirect is read, so that the connection can be kept, and
// bounded like any other.
func TestRedirectBody(t *testing.T) {
	for _, c := range []struct {
		name string
		wire string
		kind sched.Kind
	}{
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n" + "3e8\r\n" + strings.Repeat("x", 1000) + "\r\n0\r\n\r\n", ""},
		{"at the bound", "Content-Length: 1000\r\n\r\n" + strings.Repeat("x", 1000), ""},
		{"beyond it", "Content-Length: 1001\r\n\r\n" + strings.Repeat("x", 1001), sched.BodyTooLarge},
		{"empty", "Content-Length: 0\r\n\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			l := v.http(func(x *sim.Exchange) {
				if x.Request.URL.Path == "/new" {
					x.Reply(200, nil, []byte("here"))
					return
				}
				x.Raw([]byte("HTTP/1.1 301 Moved\r\nLocation: /new\r\n" + c.wire))
			})
			r := sched.Get("http://a.example/")
			r.MaxRedirects, r.MaxBody = 1, 1000
			o := v.do(r)
			v.run()
			if c.kind != "" {
				v.wantKind(o, c.kind, sched.PhaseBody)
				return
			}
			v.wantBody(o, "here")
			if !o.info.Reused || l.Accepted() != 1 {
				t.Errorf("reused %v over %d connections; want true, 1", o.info.Reused, l.Accepted())
			}
		})
	}
}

// A chain that is called off between two hops goes no further.
func TestRedirectCancelled(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	requests := 0
	v.http(func(x *sim.Exchange) {
		requests++
		v.w.After(ms(100), func() { x.Raw(to(302, fmt.Sprint("/", requests))) })
	})
	r := sched.Get("http://a.example/")
	r.MaxRedirects = -1
	o := &outcome{}
	chain := v.s.Add(r, v.note(o))
	v.at(ms(500), chain.Cancel)
	v.run()
	v.wantKind(o, sched.Cancelled, sched.PhaseFirstByte)
	if o.at != ms(500) || requests != 5 {
		t.Errorf("ended at %v after %d requests; want 500ms after 5", o.at, requests)
	}
}
