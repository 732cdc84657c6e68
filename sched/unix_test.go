package sched_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// atUnix returns a GET of rawURL by way of a Unix socket.
func atUnix(rawURL, path string) *sched.Request {
	r := sched.Get(rawURL)
	r.UnixSocket = path
	return r
}

// The host of the URL is what the server hears, and nothing else: no name is
// looked up, no address asked about, no proxy gone through.
func TestUnixSocket(t *testing.T) {
	proxied := func(*url.URL) (*url.URL, error) { return url.Parse("http://10.0.0.9:3128") }
	resolved := func(string, string) (netip.AddrPort, bool) { t.Error("Resolve was asked"); return addr, true }
	for _, path := range []string{"/run/server.sock", "@abstract"} {
		v := newLife(t, sim.Options{}, sched.Options{Proxy: proxied, Resolve: resolved})
		l := v.w.ListenUnix(path, sim.HTTP(func(x *sim.Exchange) { x.Reply(200, nil, []byte(x.Request.Host+x.Request.URL.Path)) }))
		var trace strings.Builder
		r := atUnix("http://nobody.example:81/one", path)
		r.AllowAddr = refuseAll
		r.Proxy, _ = url.Parse("socks5://10.0.0.9")
		r.Trace = func(tr sched.Trace) { trace.WriteString(tr.String() + "\n") }
		one := v.do(r)
		v.untilQuiet()
		v.wantBody(one, "nobody.example:81/one")
		if one.info.Remote.IsValid() || one.info.Reused || one.info.Timing.Resolve >= 0 {
			t.Errorf("got %+v; want no remote address and no time to resolve", one.info)
		}
		if got, want := trace.String(), "fd 3 connect "+path+", add_handler WRITE\nfd 3 connected to "+path+"\n"; !strings.HasPrefix(got, want) {
			t.Errorf("the trace is\n%s; want it to begin with\n%s", got, want)
		}
		r.URL = r.URL.JoinPath("two")
		two := v.do(r)
		v.run()
		v.wantBody(two, "nobody.example:81/one/two")
		if !two.info.Reused || l.Accepted() != 1 || v.w.Stats().Lookups != 0 {
			t.Errorf("reused %v, %d connections, %d look-ups; want true, 1, 0", two.info.Reused, l.Accepted(), v.w.Stats().Lookups)
		}
	}
}

// A connection is for its own path, and for its own host there: a host behind
// one socket may be served by another process than its neighbour.
func TestUnixSocketsAreKeptApart(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	for _, path := range []string{"/a.sock", "/b.sock"} {
		v.w.ListenUnix(path, sim.HTTP(reply(path)))
	}
	v.http(reply("tcp"))
	for _, c := range []struct {
		r      *sched.Request
		body   string
		reused bool
	}{
		{sched.Get("http://a.example/"), "tcp", false},
		{atUnix("http://a.example/", "/a.sock"), "/a.sock", false},
		{atUnix("http://a.example/", "/b.sock"), "/b.sock", false},
		{atUnix("http://b.example/", "/a.sock"), "/a.sock", false},
		{atUnix("http://A.example:80/", "/a.sock"), "/a.sock", true},
		{sched.Get("http://a.example/"), "tcp", true},
	} {
		o := v.do(c.r)
		v.untilQuiet()
		v.wantBody(o, c.body)
		if o.info.Reused != c.reused {
			t.Errorf("%s at %q: reused is %v; want %v", c.r.URL, c.r.UnixSocket, o.info.Reused, c.reused)
		}
	}
	v.close()
}

func TestUnixSocketFails(t *testing.T) {
	for _, c := range []struct {
		path  string
		setUp func(*life)
		kind  sched.Kind
		cause error
		text  string
	}{
		{"/none.sock", func(*life) {}, sched.Connect, syscall.ENOENT,
			"GET http://a.example/: connect /none.sock: no such file or directory"},
		{"/gone.sock", func(v *life) { v.w.ListenUnix("/gone.sock", nil).Close() }, sched.Connect, syscall.ECONNREFUSED,
			"GET http://a.example/: connect /gone.sock: connection refused"},
		{"@none", func(*life) {}, sched.Connect, syscall.ECONNREFUSED,
			"GET http://a.example/: connect @none: connection refused"},
		{"/mute.sock", func(v *life) { v.w.ListenUnix("/mute.sock", (*sim.Peer).Close) }, sched.Reset, syscall.EPIPE,
			"GET http://a.example/: write /mute.sock: broken pipe"},
		{"/full.sock", func(v *life) { v.w.ListenUnix("/full.sock", nil).Full(true) }, sched.ConnectTimeout, nil,
			"GET http://a.example/: connect /full.sock: not connected within 10s: the server did not accept those who came before"},
		{"/a\x00b", func(*life) {}, sched.InvalidRequest, nil,
			"GET http://a.example/: the path of the Unix socket holds a NUL"},
	} {
		v := newLife(t, sim.Options{}, sched.Options{})
		c.setUp(v)
		o := v.do(atUnix("http://a.example/", c.path))
		v.run()
		if o.calls != 1 || o.kind != c.kind || o.err.Error() != c.text || c.cause != nil && !errors.Is(o.err, c.cause) {
			t.Errorf("got %v; want %s, %s", o, c.kind, c.text)
		}
	}
}

// Nobody tells when a full backlog has room again, so the stream looks now and
// then, and not all the time.
func TestUnixSocketBusy(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.w.ListenUnix("/busy.sock", sim.HTTP(reply("x")))
	l.Full(true)
	v.w.After(time.Second, func() { l.Full(false) })
	o := v.do(atUnix("http://a.example/", "/busy.sock"))
	v.run()
	v.wantBody(o, "x")
	if o.at > time.Second+ms(10) || v.w.Stats().Waits > 500 {
		t.Errorf("answered at %v after %d turns; want it soon after 1s, and no spinning", o.at, v.w.Stats().Waits)
	}
}

// A redirect leads to the same socket, whatever host it names.
func TestUnixSocketRedirect(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.ListenUnix("/a.sock", sim.HTTP(func(x *sim.Exchange) {
		if x.Request.Host == "a.example" {
			x.Reply(302, map[string][]string{"Location": {"http://b.example/there"}}, nil)
			return
		}
		x.Reply(200, nil, []byte(x.Request.Host))
	}))
	r := atUnix("http://a.example/", "/a.sock")
	r.MaxRedirects = 1
	o := v.do(r)
	v.run()
	v.wantBody(o, "b.example")
}
