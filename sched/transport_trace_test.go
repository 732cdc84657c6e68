package sched_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// Which hooks of a httptrace.ClientTrace are called, and in which order.
func TestTransportTrace(t *testing.T) { playRows(t, traceRows()) }

// A recorder is a trace that writes down what it is called with.
type recorder struct {
	mu    sync.Mutex
	lines []string
	fail  error // what Got1xxResponse returns
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// has reports whether a line that begins so was written down.
func (r *recorder) has(prefix string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		if strings.HasPrefix(l, prefix) {
			return true
		}
	}
	return false
}

// take returns what was written down so far, and forgets it.
func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.lines, ", ")
	r.lines = nil
	return text
}

// hooks returns the trace. Fields are noted only if asked for: there are many.
func (r *recorder) hooks(fields bool) *httptrace.ClientTrace {
	t := &httptrace.ClientTrace{
		GetConn: func(hostPort string) { r.note("GetConn %s", hostPort) },
		GotConn: func(i httptrace.GotConnInfo) {
			where := "nowhere"
			if i.Conn != nil {
				where = i.Conn.RemoteAddr().String()
			}
			r.note("GotConn %s reused %v idle %v %v", where, i.Reused, i.WasIdle, i.IdleTime > 0)
		},
		PutIdleConn:          func(err error) { r.note("PutIdleConn %v", err == nil) },
		GotFirstResponseByte: func() { r.note("GotFirstResponseByte") },
		Got100Continue:       func() { r.note("Got100Continue") },
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			r.note("Got1xxResponse %d {%s}", code, headerText(http.Header(h)))
			return r.fail
		},
		DNSStart:          func(i httptrace.DNSStartInfo) { r.note("DNSStart %s", i.Host) },
		DNSDone:           func(i httptrace.DNSDoneInfo) { r.note("DNSDone %v %v", len(i.Addrs) > 0, i.Err == nil) },
		ConnectStart:      func(network, addr string) { r.note("ConnectStart %s %s", network, addr) },
		ConnectDone:       func(network, addr string, err error) { r.note("ConnectDone %s %s %v", network, addr, err == nil) },
		TLSHandshakeStart: func() { r.note("TLSHandshakeStart") },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			r.note("TLSHandshakeDone %v %v", s.HandshakeComplete, err == nil)
		},
		WroteHeaders:    func() { r.note("WroteHeaders") },
		Wait100Continue: func() { r.note("Wait100Continue") },
		WroteRequest:    func(i httptrace.WroteRequestInfo) { r.note("WroteRequest %v", i.Err == nil) },
	}
	if fields {
		t.WroteHeaderField = func(name string, values []string) { r.note("%s=%s", name, strings.Join(values, "&")) }
	}
	return t
}

// traced returns req with a trace, and what that writes down.
func traced(req *http.Request) (*http.Request, *recorder) {
	r := &recorder{}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), r.hooks(false))), r
}

// follow sends a traced request, reads the response, and sees the trace.
func (p *play) follow(req *http.Request) {
	req, r := traced(req)
	p.do(req)
	p.see("%s", r.take())
}

const (
	connecting  = "GetConn HOST, ConnectStart tcp HOST, ConnectDone tcp HOST true, "
	fresh       = "GotConn HOST reused false idle false false, "
	again       = "GetConn HOST, GotConn HOST reused true idle true true, "
	exchanged   = "WroteHeaders, WroteRequest true, GotFirstResponseByte"
	keptForNext = ", PutIdleConn true"
)

func traceRows() []row {
	return []row{
		{
			name:  "a fresh connection, and a kept one",
			serve: saying(whole("hello")),
			do: func(p *play) {
				p.follow(p.request("GET", "/", nil))
				p.follow(p.request("GET", "/", nil))
			},
			want: `200 hello; ` + connecting + fresh + exchanged + keptForNext + `; ` +
				`200 hello; ` + again + exchanged + keptForNext,
		},
		{
			name:  "a body is part of the request",
			serve: saying(whole("hello")),
			do:    func(p *play) { p.follow(p.request("POST", "/", watch("hello"))) },
			want:  `200 hello; ` + connecting + fresh + exchanged + keptForNext,
		},
		{
			name:  "each field that is written",
			serve: saying(whole("hello")),
			do: func(p *play) {
				r := &recorder{}
				trace := r.hooks(true)
				*trace = httptrace.ClientTrace{WroteHeaderField: trace.WroteHeaderField, WroteHeaders: trace.WroteHeaders}
				req := p.request("POST", "/", strings.NewReader("x"))
				req.Header["B"] = []string{"1", " 2"}
				p.do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
				p.see("%s", r.take())
			},
			want: `200 hello; Host=HOST, User-Agent=Go-http-client/1.1, Content-Length=1, B=1&2, Accept-Encoding=gzip, WroteHeaders`,
		},
		{
			name:  "a name of this machine is looked up",
			serve: saying(whole("hello")),
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = strings.Replace(p.addr, "127.0.0.1", "localhost", 1)
				req, r := traced(req)
				p.do(req)
				for _, line := range strings.Split(r.take(), ", ") {
					if strings.HasPrefix(line, "DNS") {
						p.see("%s", line)
					}
				}
			},
			want:    `200 hello; DNSStart localhost; DNSDone true true`,
			differs: `200 hello`,
		},
		{
			name:  "a name that cannot be one",
			serve: nothing,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = "a..b"
				p.follow(req)
			},
			want: `error: dial, no such host; GetConn a..b:80, DNSStart a..b, DNSDone false false`,
		},
		{
			name:  "nobody listens",
			serve: nothing,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = closedPort
				p.follow(req)
			},
			want: `error: dial, refused; GetConn 127.0.0.1:1, ConnectStart tcp 127.0.0.1:1, ConnectDone tcp 127.0.0.1:1 false`,
		},
		{
			name:   "TLS",
			tls:    true,
			handle: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
			do: func(p *play) {
				p.follow(p.request("GET", "/", nil))
				p.follow(p.request("GET", "/", nil))
			},
			want: `200 hello; ` + connecting + `TLSHandshakeStart, TLSHandshakeDone true true, ` + fresh + exchanged + keptForNext + `; ` +
				`200 hello; ` + again + exchanged + keptForNext,
		},
		{
			name:   "TLS without trust",
			tls:    true,
			o:      sched.TransportOptions{TLSClientConfig: &tls.Config{}},
			handle: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
			do:     func(p *play) { p.follow(p.request("GET", "/", nil)) },
			want: `error: bad certificate, of an unknown authority; ` + connecting +
				`TLSHandshakeStart, TLSHandshakeDone false false`,
		},
		{
			name: "the interim responses",
			serve: func(w *wire) {
				w.read()
				w.say("HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 103 Early\r\nLink: b\r\n\r\n" + whole("hello"))
				w.untilClosed()
			},
			do: func(p *play) { p.follow(p.request("GET", "/", nil)) },
			want: `200 hello; ` + connecting + fresh + exchanged +
				`, Got1xxResponse 103 {Link=a}, Got1xxResponse 103 {Link=b}` + keptForNext,
		},
		{
			name: "the hook for interim responses may end it",
			serve: func(w *wire) {
				w.read()
				w.say("HTTP/1.1 103 Early\r\n\r\n")
				w.untilClosed()
				w.tell("closed")
			},
			do: func(p *play) {
				req, r := traced(p.request("GET", "/", nil))
				r.fail = errOwn
				p.do(req)
				p.hear()
			},
			want: `error: our own; closed`,
		},
		{
			name: "Expect", o: waitFor100,
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 100 Continue\r\n\r\n")
				io.ReadFull(w.in, make([]byte, 5))
				w.say(whole("hello"))
				w.untilClosed()
			},
			do: func(p *play) {
				req, _ := p.expecting("hello")
				req, r := traced(req)
				p.do(req)
				// The two directions meet in no certain order.
				for _, hook := range []string{"WroteHeaders", "Wait100Continue", "Got100Continue", "Got1xxResponse 100", "WroteRequest true"} {
					p.see("%s %v", hook, r.has(hook))
				}
			},
			want: `200 hello; WroteHeaders true; Wait100Continue true; Got100Continue true; Got1xxResponse 100 true; WroteRequest true true`,
		},
		{
			name:  "a request that is sent again",
			serve: losing(fin),
			do: func(p *play) {
				p.get("/")
				req, r := traced(p.request("GET", "/", nil))
				p.do(req)
				p.see("%s", strings.ReplaceAll(r.take(), "WroteRequest true, GetConn", "WroteRequest true; GetConn"))
			},
			want: `200 hello; 200 hello; ` + again + `WroteHeaders, WroteRequest true; ` + connecting + fresh + exchanged + keptForNext,
		},
		{
			name:  "a connection that is not kept",
			serve: saying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"),
			do:    func(p *play) { p.follow(p.request("GET", "/", nil)) },
			want:  `200 hello; ` + connecting + fresh + exchanged,
		},
		{
			name:  "a connection that nobody wants",
			o:     sched.TransportOptions{DisableKeepAlives: true},
			serve: saying(whole("hello")),
			do:    func(p *play) { p.follow(p.request("GET", "/", nil)) },
			want:  `200 hello; ` + connecting + fresh + exchanged,
		},
		{
			name:  "a body that fails",
			serve: func(w *wire) { w.head(); w.untilClosed() },
			do:    func(p *play) { p.follow(p.request("POST", "/", &watched{Reader: failing("hello", errOwn)})) },
			want:  `error: our own; ` + connecting + fresh + `WroteHeaders, WroteRequest false`,
		},
		{
			name:  "hooks of two traces, the newer first",
			serve: saying(whole("hello")),
			do: func(p *play) {
				r := &recorder{}
				say := func(who string) *httptrace.ClientTrace {
					return &httptrace.ClientTrace{WroteHeaders: func() { r.note("%s", who) }}
				}
				ctx := httptrace.WithClientTrace(context.Background(), say("outer"))
				p.do(p.with(httptrace.WithClientTrace(ctx, say("inner"))))
				p.see("%s", r.take())
			},
			want: `200 hello; inner, outer`,
		},
	}
}
