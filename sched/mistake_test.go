package sched_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// zeroBomb is so many zero bytes, by gzip.
func zeroBomb(t *testing.T, length int64) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, length); err != nil {
		t.Fatal(err)
	}
	z.Close()
	return b.String()
}

// What goes wrong because somebody has made a mistake, here or there: each has a
// kind of its own, names the phase, and says in its last words what is the
// matter, or is likely to be; at once, but for a silence, which only a deadline
// can tell.
func TestMistakes(t *testing.T) {
	const (
		h2     = "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00\x00\x05\x00\xff\xff\xff"
		ssh    = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
		smtp   = "220 mx.example ESMTP Postfix\r\n"
		alert  = "\x15\x03\x01\x00\x02\x02\x46"
		plain  = "http://a.example/"
		secure = "https://a.example/"
	)
	// says is a server of the plain and the TLS port that greets, or answers the
	// first bytes that it gets, and keeps the connection open.
	says := func(greets bool, what string) func(v *life) {
		serve := func(p *sim.Peer) {
			if greets {
				p.Write([]byte(what))
				return
			}
			p.OnData = func([]byte) { p.OnData = nil; p.Write([]byte(what)) }
		}
		return func(v *life) {
			v.w.Listen(addr, serve)
			v.w.Listen(addrOf("10.0.0.1:443"), serve)
		}
	}
	answers := func(what string) func(v *life) { return says(false, what) }
	closes := func(what string) func(v *life) {
		return func(v *life) { v.http(raw(what)) }
	}
	for _, c := range []struct {
		name  string
		serve func(v *life)
		url   string
		via   string
		kind  sched.Kind
		phase sched.Phase
		want  string // ends the error
	}{
		{"a redirect to itself", func(v *life) { v.http(func(x *sim.Exchange) { x.Raw(to(302, "/")) }) }, plain, "",
			sched.Redirect, sched.PhaseBody, "the redirects go in a circle: http://a.example/ again"},
		{"a redirect in a circle", func(v *life) {
			v.http(func(x *sim.Exchange) {
				x.Raw(to(302, map[string]string{"/": "/a", "/a": "/b", "/b": "/a"}[x.Request.URL.Path]))
			})
		}, plain, "", sched.Redirect, sched.PhaseBody, "the redirects go in a circle: http://a.example/a again"},
		{"redirects without end", func(v *life) {
			v.http(func(x *sim.Exchange) { x.Raw(to(302, x.Request.URL.Path+"x")) })
		}, plain, "", sched.Redirect, sched.PhaseBody, "more than 20 redirects; the next would be to http://a.example/xxxxxxxxxxxxxxxxxxxxx"},

		{"a length that is too long", closes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbody"), plain, "",
			sched.TruncatedBody, sched.PhaseBody, "the peer closed when 96 of 100 bytes were still to come at offset 44"},
		{"two lengths", answers("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody"), plain, "",
			sched.MalformedHead, sched.PhaseBody, `a different second Content-Length "5" at offset 36`},
		{"a length below zero", answers("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), plain, "",
			sched.MalformedHead, sched.PhaseBody, `invalid Content-Length "-1" at offset 17`},
		{"a length of nine megabytes", answers("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"), plain, "",
			sched.BodyTooLarge, sched.PhaseBody, "the body is longer than 8388608 bytes"},
		{"a bomb", answers("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zeroBomb(t, 64<<20)), plain, "",
			sched.BadEncoding, sched.PhaseBody, "content coding gzip: the content is longer than 8388608 bytes when decoded"},
		{"a bomb in a bomb", answers("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n" + func() string {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			io.WriteString(z, zeroBomb(t, 64<<20))
			z.Close()
			return b.String()
		}()), plain, "", sched.BadEncoding, sched.PhaseBody, "content coding gzip: the content is longer than 8388608 bytes when decoded"},
		{"no gzip", answers("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"), plain, "",
			sched.BadEncoding, sched.PhaseBody, `content coding gzip: the content begins with "plain", which is not gzip`},
		{"a head without end", answers("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 70_000)), plain, "",
			sched.HeadTooLarge, sched.PhaseBody, "over Limits.Head of 65536 at offset 65536"},
		{"interim responses without end", answers(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 101)), plain, "",
			sched.HeadTooLarge, sched.PhaseBody, "over Limits.Interim of 100 at offset 2500"},
		{"a chunk line without end", answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 5000)), plain, "",
			sched.MalformedBody, sched.PhaseBody, "over Limits.ChunkLine of 4096 at offset 4143"},
		{"nothing at all", closes(""), plain, "", sched.EmptyReply, sched.PhaseFirstByte, "without a reply"},

		{"HTTP/2 on the plain port", answers(h2), plain, "", sched.MalformedHead, sched.PhaseBody, "the server speaks HTTP/2 on this port without being asked"},
		{"TLS on the plain port", answers(alert), plain, "", sched.MalformedHead, sched.PhaseBody, "the server speaks TLS on this port: use https"},
		{"SSH on the plain port", says(true, ssh), plain, "", sched.MalformedHead, sched.PhaseBody, "the server speaks SSH on this port"},
		{"SMTP on the plain port", says(true, smtp), plain, "", sched.MalformedHead, sched.PhaseBody, "the server speaks FTP or SMTP on this port"},
		{"a page without a head", answers("<html>"), plain, "", sched.MalformedHead, sched.PhaseBody, "the server speaks HTTP/0.9, or is out of step with its responses"},
		{"plain HTTP on the TLS port", answers("HTTP/1.1 400 Bad Request\r\n\r\n"), secure, "", sched.TLS, sched.PhaseTLS, "the server speaks plain HTTP on this port: use http"},
		{"HTTP/2 on the TLS port", answers(h2), secure, "", sched.TLS, sched.PhaseTLS, "the server speaks HTTP/2 without TLS on this port"},
		{"SSH on the TLS port", says(true, ssh), secure, "", sched.TLS, sched.PhaseTLS, "the server speaks SSH on this port"},
		{"SMTP on the TLS port", says(true, smtp), secure, "", sched.TLS, sched.PhaseTLS, "the server speaks FTP or SMTP on this port"},
		{"HTTP/2 over TLS, unasked", func(v *life) {
			v.https(nil, func(p *tlsPeer) { p.request(); io.WriteString(p, h2) })
		}, secure, "", sched.MalformedHead, sched.PhaseBody, "the server speaks HTTP/2 on this port without being asked"},
		{"a certificate for another name", func(v *life) {
			v.w.Host("c.example", addr.Addr())
			v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
		}, "https://c.example/", "", sched.TLS, sched.PhaseTLS, "not for c.example"},

		{"a proxy that refuses", func(v *life) {
			v.w.Listen(proxyAddr, sim.HTTP(func(x *sim.Exchange) { x.Reply(403, nil, nil) }))
		}, secure, "http://10.0.0.9:3128", sched.Proxy, sched.PhaseProxy, `the proxy refused with 403 "Forbidden"`},
		{"a proxy that is a server", func(v *life) {
			v.w.Listen(proxyAddr, sim.HTTP(func(x *sim.Exchange) { x.Reply(405, nil, nil) }))
		}, secure, "http://10.0.0.9:3128", sched.Proxy, sched.PhaseProxy, `the proxy refused with 405 "Method Not Allowed"`},
		{"a proxy that is SSH", func(v *life) {
			v.w.Listen(proxyAddr, func(p *sim.Peer) { p.Write([]byte(ssh)) })
		}, secure, "http://10.0.0.9:3128", sched.Proxy, sched.PhaseProxy, "that is no HTTP proxy, but an SSH server"},
		{"a proxy that is SOCKS", func(v *life) {
			v.w.Listen(proxyAddr, func(p *sim.Peer) { p.OnData = func([]byte) { p.Write([]byte("\x05\xff")) } })
		}, secure, "http://10.0.0.9:3128", sched.Proxy, sched.PhaseProxy, "that is no HTTP proxy, but a SOCKS5 proxy: use socks5h://"},
		{"a proxy that is not there", func(v *life) {}, plain, "http://10.0.0.9:3128", sched.Connect, sched.PhaseConnect, "connection refused"},

		{"nobody listens", func(v *life) {}, plain, "", sched.Connect, sched.PhaseConnect, "connection refused"},
		{"no such name", func(v *life) {}, "http://nobody.example/", "", sched.Resolve, sched.PhaseResolve, "no such host"},
		{"a name server that is silent", func(v *life) { v.w.Name("b.example", sim.NameAnswer{Never: true}) }, "http://b.example/", "",
			sched.ResolveTimeout, sched.PhaseResolve, "no address within 2s"},
		{"a network that is silent", func(v *life) { v.w.Listen(addr, nil).Silent(true) }, plain, "",
			sched.ConnectTimeout, sched.PhaseConnect, "not connected within 1.998s"},
		{"a server that is silent", answers(""), plain, "", sched.FirstByteTimeout, sched.PhaseFirstByte, "no byte of the response within 2s"},
		{"a server that is silent in its handshake", answers(""), secure, "", sched.TLSTimeout, sched.PhaseTLS, "no TLS handshake within 1.996s"},
		{"a server that falls silent", answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"), plain, "",
			sched.StallTimeout, sched.PhaseBody, "no further byte of the response for 2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := sched.Options{}
			if c.via != "" {
				o = through(c.via)
			}
			o.Timeouts = sched.Timeouts{Connect: 2 * time.Second, FirstByte: 2 * time.Second, Stall: 2 * time.Second}
			v := newLife(t, sim.Options{Window: 1 << 20}, trusting(o))
			c.serve(v)
			r := sched.Get(c.url)
			r.MaxRedirects, r.Decode = 20, true
			out := v.do(r)
			v.run()
			v.wantKind(out, c.kind, c.phase)
			if out.err == nil {
				return
			}
			text := out.err.Error()
			if start := fmt.Sprintf("GET %s", c.url); !strings.HasPrefix(text, start) || !strings.HasSuffix(text, c.want) {
				t.Errorf("got %q; want it to end in %q", text, c.want)
			}
			if !strings.Contains(text, ": "+string(c.phase)+" ") {
				t.Errorf("got %q; want it to name the phase, %s", text, c.phase)
			}
			most := ms(300)
			if out.err.Timeout() {
				most += 2 * time.Second
			}
			if out.at > most {
				t.Errorf("it took %v; want to hear at once, within %v", out.at, most)
			}
		})
	}
}
