package sched_test

import (
	"crypto/tls"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A name in any script goes out as ASCII wherever it goes: to the name server,
// into the Host field, to Options.Resolve; and it is one host in all spellings.
func TestNamesInAnyScript(t *testing.T) {
	var asked []string
	v := newLife(t, sim.Options{}, sched.Options{Resolve: func(host, port string) (netip.AddrPort, bool) {
		asked = append(asked, host+" "+port)
		return netip.AddrPort{}, false
	}})
	l := v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte(x.Request.Host)) })
	for _, host := range []string{"xn--bcher-kva.example", "example.com", "xn--wgv71a119e.jp"} {
		v.w.Host(host, addr.Addr())
	}
	for _, c := range []struct {
		url, host string
		reused    bool
	}{
		{"http://bücher.example/", "xn--bcher-kva.example", false},
		{"http://BÜCHER.example:80/", "xn--bcher-kva.example:80", true},
		{"http://b%C3%BCcher.example/", "xn--bcher-kva.example", true},
		{"http://xn--bcher-kva.example/", "xn--bcher-kva.example", true},
		{"http://ｅｘａｍｐｌｅ.com/", "example.com", false},
		{"http://example.com/", "example.com", true},
		{"http://日本語。ＪＰ/", "xn--wgv71a119e.jp", false},
		{"http://１０.０.０.１/", "10.0.0.1", false}, // an address, which AllowAddr is asked about like any
	} {
		o := v.get(c.url)
		v.untilQuiet()
		v.wantBody(o, c.host)
		if o.info.Reused != c.reused {
			t.Errorf("%s: reused is %v; want %v", c.url, o.info.Reused, c.reused)
		}
	}
	v.close()
	if got, want := strings.Join(asked, ", "), "xn--bcher-kva.example 80, example.com 80, xn--wgv71a119e.jp 80, 10.0.0.1 80"; got != want {
		t.Errorf("asked for %s; want %s", got, want)
	}
	if l.Accepted() != 4 {
		t.Errorf("%d connections; want 4", l.Accepted())
	}
}

// What would become another part of the URL, or nothing, is refused before
// anything is sent; by NewRequest, and by Add.
func TestNamesThatAreNone(t *testing.T) {
	for _, c := range []struct{ host, text string }{
		{"a／b.example", "idna: disallowed rune U+FF0F"},
		{"a℀b.example", "idna: disallowed rune U+2100"},
		{"a：80", "idna: disallowed rune U+FF1A"},
		{"a＠b.example", "idna: disallowed rune U+FF20"},
		{"a%FFb.example", "it is not UTF-8"},
		{"%C2%AD", "nothing of it is left"}, // a soft hyphen
		{"。", "nothing of it is left"},
	} {
		_, err := sched.NewRequest("GET", "http://"+c.host+"/")
		if err == nil || !strings.Contains(err.Error(), "is no name: "+c.text) {
			t.Errorf("%s: got %v; want %s", c.host, err, c.text)
		}
		v := newLife(t, sim.Options{}, sched.Options{})
		o := v.get("http://" + c.host + "/")
		v.run()
		v.wantKind(o, sched.InvalidRequest, sched.PhaseQueue)
	}
}

// To the handshake, too, and to proxies of every kind.
func TestNamesInAnyScriptBehindProxies(t *testing.T) {
	for _, scheme := range []string{"http", "socks5h"} {
		v := newLife(t, sim.Options{}, sched.Options{})
		var heard strings.Builder
		v.w.Host("xn--prxy-6qa.example", addrOf("10.0.0.2:80").Addr())
		v.w.Listen(addrOf("10.0.0.2:1080"), func(p *sim.Peer) {
			p.OnData = func(b []byte) {
				heard.Write(b)
				if scheme == "socks5h" && len(b) == 3 {
					p.Write([]byte{5, 0})
				} else {
					p.Close()
				}
			}
		})
		r := sched.Get("http://bücher.example/x")
		r.Proxy, _ = url.Parse(scheme + "://pröxy.example:1080")
		v.do(r)
		v.run()
		want := map[string]string{
			"http":    "GET http://xn--bcher-kva.example/x HTTP/1.1\r\nHost: xn--bcher-kva.example\r\n",
			"socks5h": "\x15xn--bcher-kva.example\x00\x50",
		}[scheme]
		if !strings.Contains(heard.String(), want) {
			t.Errorf("the %s proxy heard %q; want %q in it", scheme, heard.String(), want)
		}
	}
}

// SNI and the certificate's name are in ASCII (RFC 6066 section 3).
func TestNamesInAnyScriptOverTLS(t *testing.T) {
	var sni string
	v := newLife(t, sim.Options{}, sched.Options{TLS: &tls.Config{InsecureSkipVerify: true}, Resolve: here})
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func(b []byte) {
			if i := strings.Index(string(b), "xn--"); i >= 0 {
				sni = string(b[i : i+len("xn--bcher-kva.example")])
			}
			p.Close()
		}
	})
	o := v.get("https://bücher.example/")
	v.run()
	v.wantKind(o, sched.TLS, sched.PhaseTLS)
	if sni != "xn--bcher-kva.example" {
		t.Errorf("the ClientHello names %q; want xn--bcher-kva.example", sni)
	}
}

// A redirect between two spellings of a name stays at home: credentials go on.
func TestRedirectToAnotherSpelling(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Resolve: here})
	var got string
	v.http(func(x *sim.Exchange) {
		if x.Request.URL.Path == "/" {
			x.Reply(302, map[string][]string{"Location": {"http://xn--bcher-kva.example/there"}}, nil)
			return
		}
		got = x.Request.Header.Get("Authorization")
		x.Reply(200, nil, nil)
	})
	r := sched.Get("http://bücher.example/")
	r.MaxRedirects = 1
	r.Header.Set("Authorization", "secret")
	v.do(r)
	v.run()
	if got != "secret" {
		t.Errorf("Authorization was %q behind the redirect; want it kept", got)
	}
}
