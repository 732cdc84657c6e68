package sched_test

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

var proxyAddr = netip.MustParseAddrPort("10.0.0.9:3128")

// through returns options that send everything through a proxy.
func through(raw string) sched.Options {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return sched.Options{Proxy: func(*url.URL) (*url.URL, error) { return u, nil }}
}

func TestForwardProxy(t *testing.T) {
	v := newLife(t, sim.Options{}, through("http://me:secret@p.example:3128"))
	v.w.Host("p.example", proxyAddr.Addr())
	l := v.w.Listen(proxyAddr, sim.HTTP(func(x *sim.Exchange) {
		if got, want := x.Request.Header.Get("Proxy-Authorization"), "Basic "+base64.StdEncoding.EncodeToString([]byte("me:secret")); got != want {
			t.Errorf("Proxy-Authorization is %q; want %q", got, want)
		}
		x.Reply(200, nil, []byte(x.Request.RequestURI+" for "+x.Request.Host))
	}))
	a := v.get("http://a.example/x?y")
	v.untilQuiet()
	b := v.get("http://nobody.example:8080/z")
	v.run()
	v.wantBody(a, "http://a.example/x?y for a.example")
	v.wantBody(b, "http://nobody.example:8080/z for nobody.example:8080")
	if l.Accepted() != 1 || !b.info.Reused {
		t.Errorf("%d connections to the proxy; want one for all hosts", l.Accepted())
	}
}

// tunnel is a SOCKS5 server that answers each question as the script says, and
// then is the target.
func tunnel(t *testing.T, replies ...string) func(*sim.Peer) {
	return func(p *sim.Peer) {
		var asked []string
		target := sim.HTTP(func(x *sim.Exchange) {
			x.Reply(200, nil, []byte(x.Request.Host+" after "+strings.Join(asked, " ")))
		})
		left := replies
		p.OnData = func(b []byte) {
			asked = append(asked, strings.ToUpper(hexOf(b)))
			p.Write([]byte(left[0]))
			if left = left[1:]; len(left) == 0 {
				target(p)
			}
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func TestSOCKS5(t *testing.T) {
	ok := "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for _, c := range []struct {
		scheme, want string
	}{
		{"socks5h", "b.example after 050100 050100030962" + "2E6578616D706C65" + "0050"},
		{"socks5", "b.example after 050100 05010001C00002010050"},
	} {
		t.Run(c.scheme, func(t *testing.T) {
			v := newLife(t, sim.Options{}, through(c.scheme+"://10.0.0.9:3128"))
			v.w.Host("b.example", netip.MustParseAddr("192.0.2.1"))
			v.w.Listen(proxyAddr, tunnel(t, "\x05\x00", ok))
			o := v.get("http://b.example/")
			v.run()
			v.wantBody(o, c.want)
		})
	}
}

func TestProxyFailures(t *testing.T) {
	for _, c := range []struct {
		name, via string
		serve     func(*sim.Peer)
		kind      sched.Kind
		phase     sched.Phase
		want      string
	}{
		{"refuses", "socks5h://10.0.0.9:3128", tunnel(t, "\x05\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"), sched.Proxy, sched.PhaseProxy, "do not allow"},
		{"is no SOCKS proxy", "socks5h://10.0.0.9:3128", tunnel(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), sched.Proxy, sched.PhaseProxy, "HTTP"},
		{"closes", "socks5h://10.0.0.9:3128", func(p *sim.Peer) { p.Close() }, sched.Proxy, sched.PhaseProxy, "closed"},
		{"is silent", "socks5h://10.0.0.9:3128", func(*sim.Peer) {}, sched.ConnectTimeout, sched.PhaseProxy, "no way through the proxy within"},
		{"speaks too early", "socks5h://10.0.0.9:3128", func(p *sim.Peer) {
			p.OnData = func([]byte) {
				p.Write([]byte("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP/1.1 200 OK\r\n\r\n"))
			}
		}, sched.Proxy, sched.PhaseProxy, ""},
		{"is not there", "http://10.0.0.8:3128", nil, sched.Connect, sched.PhaseConnect, "refused"},
		{"has no name", "http://nobody.example:3128", nil, sched.Resolve, sched.PhaseResolve, "nobody.example"},
		{"is of no kind that we speak", "ftp://10.0.0.9:3128", nil, sched.Proxy, sched.PhaseProxy, "ftp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, through(c.via))
			if c.serve != nil {
				v.w.Listen(proxyAddr, c.serve)
			}
			o := v.get("http://a.example/")
			v.run()
			v.wantKind(o, c.kind, c.phase)
			if o.err != nil && !strings.Contains(o.err.Error(), c.want) {
				t.Errorf("got %q; want something about %q", o.err, c.want)
			}
		})
	}
}

// The deadline for a connection includes the proxy's part.
func TestProxyDeadline(t *testing.T) {
	o := through("socks5h://10.0.0.9:3128")
	o.Timeouts.Connect = 2 * time.Second
	v := newLife(t, sim.Options{Latency: -1}, o)
	v.w.Listen(proxyAddr, func(*sim.Peer) {})
	out := v.get("http://a.example/")
	v.run()
	v.wantKind(out, sched.ConnectTimeout, sched.PhaseProxy)
	if out.at != 2*time.Second {
		t.Errorf("it failed after %v; want 2s", out.at)
	}
}

// A request may bring a proxy of its own.
func TestRequestProxy(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Listen(proxyAddr, sim.HTTP(func(x *sim.Exchange) { x.Reply(200, http.Header{}, []byte("proxied")) }))
	v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte("direct")) })
	req := sched.Get("http://a.example/")
	req.Proxy = &url.URL{Scheme: "http", Host: "10.0.0.9:3128"}
	proxied, direct := &outcome{}, v.get("http://a.example/")
	v.s.Add(req, v.note(proxied))
	v.run()
	v.wantBody(proxied, "proxied")
	v.wantBody(direct, "direct")
}

// A socks5 proxy is told the target's addresses one after the other, where it
// does not get to the first; not where its rules forbid it, and not longer than
// the deadline for a connection.
func TestSOCKS5NextAddress(t *testing.T) {
	const (
		fine    = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
		refused = "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"
		never   = "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	for _, c := range []struct {
		name    string
		replies []string // by the connections to the proxy; "": none
		kind    sched.Kind
		want    string // of the body or the error
		took    time.Duration
	}{
		{"the second", []string{refused, fine}, "", "b.example after 050100 05010001C00002020050", 0},
		{"the third", []string{refused, refused, fine}, "", "b.example after 050100 05010001C00002030050", 0},
		{"none", []string{refused, refused, refused}, sched.Proxy, "192.0.2.3:80: the target refused the proxy's connection (reply 5)", 0},
		{"its rules", []string{refused, never}, sched.Proxy, "192.0.2.2:80: the proxy's rules do not allow it (reply 2)", 0},
		{"too late", []string{refused, refused, ""}, sched.ConnectTimeout, "no way through the proxy within", 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := through("socks5://10.0.0.9:3128")
			o.Timeouts.Connect = 2 * time.Second
			v := newLife(t, sim.Options{}, o)
			v.w.Host("b.example", netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3"))
			n := 0
			l := v.w.Listen(proxyAddr, func(p *sim.Peer) {
				answer := c.replies[n]
				n++
				if answer == "" {
					return
				}
				v.w.After(ms(300), func() {
					tunnel(t, "\x05\x00", answer)(p)
				})
				p.OnData = func(b []byte) { // until then
					v.w.After(ms(300), func() { p.OnData(b) })
				}
			})
			out := v.get("http://b.example/")
			v.run()
			got := out.body
			if out.err != nil {
				got = out.err.Error()
			}
			if out.calls != 1 || out.kind != c.kind || !strings.Contains(got, c.want) || l.Accepted() != len(c.replies) {
				t.Errorf("got %d calls, %v over %d connections; want %q %s over %d", out.calls, out, l.Accepted(), c.kind, c.want, len(c.replies))
			}
			if c.took > 0 && (out.at < c.took || out.at > c.took+ms(50)) {
				t.Errorf("it took %v; want %v, for all of them together", out.at, c.took)
			}
		})
	}
}
