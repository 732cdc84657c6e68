package sched_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/internal/freeaddr"
	"github.com/qqloop/qqloop/sched"
)

// startMicrosocks starts a SOCKS5 proxy that ends with the test.
func startMicrosocks(t *testing.T, args ...string) *peer {
	t.Helper()
	at := freeaddr.Get(t)
	return startPeer(t, at, t.TempDir(), "microsocks", append([]string{"-i", "127.0.0.1", "-p", port(at)[1:]}, args...)...)
}

// Through microsocks to nginx, plain and with TLS, by address and by name: each
// tunnel is kept for its host, as any other connection is, and one that the
// origin closes is noticed.
func TestMicrosocks(t *testing.T) {
	plain := newNginx(t, counted+`keepalive_requests 5; server { listen ADDR; location / { return 200 "hello"; } }`)
	secure := startNginxTLS(t, "TLSv1.2 TLSv1.3")
	socks := startMicrosocks(t)
	requests := 0
	for _, scheme := range []string{"socks5", "socks5h"} {
		t.Run(scheme, func(t *testing.T) {
			v := newReal(t, trusting(through(scheme+"://"+socks.at)))
			for _, c := range []struct {
				url   string
				fresh int // of twelve
			}{
				{"http://localhost" + port(plain.at) + "/", 3},
				{"http://" + plain.at + "/", 3},
				{"https://localhost" + port(secure) + "/", 1},
				{"https://" + secure + "/", 1},
			} {
				for _, method := range []string{"GET", "POST"} {
					v.s.Close()
					v.s = sched.New(v.l, trusting(through(scheme+"://"+socks.at)))
					r := sched.Get(c.url)
					r.Method = method
					fresh := 0
					for _, o := range v.chain(r, 12) {
						if o.err != nil || o.body != "hello" || o.info.Attempts != 1 {
							t.Errorf("%s %s: got %v in %d attempts; want hello in one", method, c.url, o, o.info.Attempts)
						}
						if !o.info.Reused {
							fresh++
						}
					}
					if fresh != c.fresh {
						t.Errorf("%s %s: %d tunnels; want %d", method, c.url, fresh, c.fresh)
					}
					if strings.HasPrefix(c.url, "http:") {
						requests += 12
					}
				}
			}
			// At once, and long ones.
			body := strings.Repeat("0123456789abcdef", 1<<16)
			put := sched.Get("https://" + secure + "/files/x")
			put.Method, put.Body = "PUT", []byte(body)
			if o := v.fetch(put); o.err != nil || o.status != 201 && o.status != 204 {
				t.Fatalf("PUT: got %v; want 201 or 204", o)
			}
			var all []*outcome
			for range 40 {
				o := &outcome{}
				all = append(all, o)
				v.s.Add(sched.Get("https://"+secure+"/files/x"), v.see(o))
			}
			v.wait()
			for _, o := range all {
				if o.calls != 1 || o.err != nil || o.body != body {
					t.Errorf("got %d calls, %v, %d bytes; want one, %d", o.calls, o.err, len(o.body), len(body))
				}
			}
		})
	}
	if _, n := plain.served(t); n != requests {
		t.Errorf("the origin served %d requests; want %d", n, requests)
	}
}

// Who is let in, and what cannot be reached: before a byte of the request.
func TestMicrosocksRefuses(t *testing.T) {
	nobody := freeaddr.Get(t)
	origin := startNginx(t, `server { listen ADDR; location / { return 200 "hello"; } }`)
	open := startMicrosocks(t).at
	closed := startMicrosocks(t, "-u", "me", "-P", "p@ss:word").at
	me := url.UserPassword("me", "p@ss:word")
	for _, c := range []struct {
		name, at string
		user     *url.Userinfo
		url      string
		want     string // "" lets in
	}{
		{"nobody is asked", open, nil, "http://" + origin + "/", ""},
		{"credentials that nobody asked for", open, me, "http://" + origin + "/", ""},
		{"the right ones", closed, me, "http://" + origin + "/", ""},
		{"none", closed, nil, "http://" + origin + "/", "the proxy wants credentials"},
		{"a wrong password", closed, url.UserPassword("me", "guess"), "http://" + origin + "/", "the proxy does not accept the credentials (status 2)"},
		{"a wrong user", closed, url.UserPassword("you", "p@ss:word"), "http://" + origin + "/", "the proxy does not accept the credentials (status 2)"},
		{"a target that refuses", open, nil, "http://" + nobody + "/", "the target refused the proxy's connection (reply 5)"},
		{"a target that refuses TLS", open, nil, "https://" + nobody + "/", "the target refused the proxy's connection (reply 5)"},
	} {
		for _, scheme := range []string{"socks5", "socks5h"} {
			t.Run(c.name+"/"+scheme, func(t *testing.T) {
				u := &url.URL{Scheme: scheme, User: c.user, Host: c.at}
				v := newReal(t, trusting(sched.Options{Proxy: func(*url.URL) (*url.URL, error) { return u, nil }}))
				o := v.fetch(sched.Get(c.url))
				if c.want == "" {
					if o.err != nil || o.body != "hello" {
						t.Errorf("got %v; want hello", o)
					}
					return
				}
				if o.kind != sched.Proxy || o.phase != sched.PhaseProxy || !strings.HasSuffix(o.err.Error(), c.want) {
					t.Errorf("got %v; want proxy: %s", o, c.want)
				}
				if o.err != nil && (o.err.Sent || o.info.Attempts != 0 || strings.Contains(o.err.Error(), "p@ss")) {
					t.Errorf("got %v, sent %v, %d attempts; want nothing sent, and no password shown", o, o.err.Sent, o.info.Attempts)
				}
				if got := v.s.Stats().Open; got != 0 {
					t.Errorf("%d connections are open; want none", got)
				}
			})
		}
	}
}

// A proxy that is taken for one of the other kind is told by its first byte. An
// http proxy that is greeted in SOCKS waits for the rest of a request.
func TestProxiesOfAnotherKind(t *testing.T) {
	socks, squid := startMicrosocks(t).at, startSquid(t, "").at
	for _, c := range []struct {
		via, url string
		kind     sched.Kind
		want     string
	}{
		{"http://" + socks, "https://127.0.0.1:1/", sched.Proxy, "that is no HTTP proxy, but a SOCKS5 proxy: use socks5h://"},
		{"http://" + socks, "http://127.0.0.1:1/", sched.MalformedHead, "the server speaks SOCKS5 on this port"},
		{"socks5h://" + squid, "http://127.0.0.1:1/", sched.ConnectTimeout, "no way through the proxy within "},
	} {
		v := newReal(t, trusting(through(c.via)))
		r := sched.Get(c.url)
		if c.kind == sched.ConnectTimeout {
			r.Timeouts.Connect = ms(200)
		}
		got := v.fetch(r)
		if got.kind != c.kind || !strings.Contains(got.err.Error(), c.want) {
			t.Errorf("%s through %s: got %v; want %s: %s", c.url, c.via, got, c.kind, c.want)
		}
	}
}
