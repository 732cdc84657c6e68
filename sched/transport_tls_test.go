package sched_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// https.
func TestTransportTLS(t *testing.T) { playRows(t, tlsRows()) }

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

func tlsRows() []row {
	return []row{
		{
			name: "a server that is trusted", tls: true, handle: hello,
			do:   func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want: `200 hello; 200 hello; 1 conns`,
		},
		{
			name: "Response.TLS", tls: true, handle: hello,
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				s := resp.TLS
				p.see("%v %s %d chains", s.HandshakeComplete, tls.VersionName(s.Version), len(s.VerifiedChains))
				p.read(resp)
				again := p.send(p.request("GET", "/", nil))
				p.see("the same %v", again.TLS == s)
				p.read(again)
			},
			want: `true TLS 1.3 1 chains; 200 hello; the same true; 200 hello`,
		},
		{
			name: "no Response.TLS on http", handle: hello,
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.see("%v", resp.TLS)
				p.read(resp)
			},
			want: `<nil>; 200 hello`,
		},
		{
			name: "a large body", tls: true,
			handle: func(w http.ResponseWriter, _ *http.Request) { io.CopyN(w, endless{}, 2_000_000) },
			do:     func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want:   `200 2000000 bytes; 200 2000000 bytes; 1 conns`,
		},
		{
			name: "a large upload", tls: true, handle: told,
			do: func(p *play) {
				p.do(p.request("POST", "/", io.LimitReader(endless{}, 2_000_000)))
			},
			want: `200 "POST length -1 [chunked] \"2000000 bytes\" <nil> {}"`,
		},
		{
			name: "an authority that nobody knows", tls: true, handle: hello,
			o:    sched.TransportOptions{TLSClientConfig: &tls.Config{}},
			do:   func(p *play) { p.get("/"); p.seeRequests() },
			want: `error: bad certificate, of an unknown authority; 0 requests`,
		},
		{
			name: "a certificate for somebody else", tls: true, handle: hello,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = strings.Replace(p.addr, "127.0.0.1", "localhost", 1)
				p.do(req)
			},
			want: `error: bad certificate, of another host`,
		},
		{
			name: "a certificate that is not looked at", tls: true, handle: hello,
			o:    sched.TransportOptions{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
			do:   func(p *play) { p.get("/") },
			want: `200 hello`,
		},
		{
			name: "VerifyConnection says no", tls: true, handle: hello,
			o: sched.TransportOptions{TLSClientConfig: &tls.Config{
				InsecureSkipVerify: true,
				VerifyConnection:   func(tls.ConnectionState) error { return errOwn },
			}},
			do:   func(p *play) { p.get("/") },
			want: `error: our own`,
		},
		{
			name: "a ServerName of the configuration", tls: true,
			handle: func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.TLS.ServerName) },
			o:      sched.TransportOptions{TLSClientConfig: &tls.Config{ServerName: "example.com", InsecureSkipVerify: true}},
			do:     func(p *play) { p.get("/") },
			want:   `200 example.com`,
		},
		{
			name: "the configuration is left as it was", tls: true, handle: hello,
			do: func(p *play) {
				p.get("/")
				p.see("%q %q %v", p.tls.ServerName, p.tls.NextProtos, p.tls.ClientSessionCache)
			},
			want: `200 hello; "" [] <nil>`,
		},
		{
			name: "TLSHandshakeTimeout",
			o:    sched.TransportOptions{TLSHandshakeTimeout: 30 * time.Millisecond},
			serve: func(w *wire) {
				w.untilClosed()
				w.tell("closed")
			},
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Scheme = "https"
				p.do(req)
				p.hear()
			},
			want: `error: timeout; closed`, differs: `error: deadline exceeded, timeout; closed`,
		},
		{
			name:  "a server that speaks plainly",
			serve: func(w *wire) { w.in.ReadByte(); w.say(whole("hello")); w.untilClosed() },
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Scheme = "https"
				p.do(req)
			},
			want: `error: not TLS`,
		},
		{
			name:  "a server that closes in the handshake",
			serve: func(w *wire) { io.ReadFull(w.in, make([]byte, 100)) },
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Scheme = "https"
				_, err := p.rt.RoundTrip(req)
				p.see("%v", err != nil)
			},
			want: `true`,
		},
		{
			name: "the caller goes while TLS shakes hands",
			serve: func(w *wire) {
				w.in.ReadByte()
				w.tell("begun")
				w.untilClosed()
				w.tell("closed")
			},
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				req := p.with(ctx)
				req.URL.Scheme = "https"
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					p.do(req)
				}()
				p.hear()
				cancel()
				<-ended
				p.rt.CloseIdleConnections()
				p.hear()
			},
			want: `begun; error: canceled; closed`,
		},
		{
			name: "cut without a goodbye, in a body that ends with the connection", tls: true,
			handle: func(w http.ResponseWriter, r *http.Request) {
				conn, out, _ := w.(http.Hijacker).Hijack()
				out.WriteString("HTTP/1.1 200 OK\r\n\r\nhello")
				out.Flush()
				conn.(*tls.Conn).NetConn().Close()
			},
			do:      func(p *play) { p.get("/") },
			want:    `200 hello`,
			differs: `200 hello and error: unexpected EOF`,
		},
	}
}
