package sched_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// How RoundTrip fails, and that it closes the request's body all the same.
func TestTransportErrors(t *testing.T) { playRows(t, errorRows()) }

// unusable is a row about a request that cannot be sent: nobody hears of it,
// and its body is closed before RoundTrip returns.
func unusable(name string, edit func(*http.Request)) row {
	return row{
		name:  name,
		serve: nothing,
		do: func(p *play) {
			body := watch("hello")
			req := p.request("POST", "/", body)
			edit(req)
			p.send(req)
			p.see("closed %d", body.closed.Load())
			p.seeConns()
		},
		want: `error: other; closed 1; 0 conns`,
	}
}

// closedPort is where nobody listens: port 1 of loopback.
const closedPort = "127.0.0.1:1"

func errorRows() []row {
	return []row{
		unusable("no URL", func(req *http.Request) { req.URL = nil }),
		unusable("no header", func(req *http.Request) { req.Header = nil }),
		unusable("no host", func(req *http.Request) { req.URL.Host = "" }),
		unusable("another scheme", func(req *http.Request) { req.URL.Scheme = "gopher" }),
		unusable("a scheme in capitals", func(req *http.Request) { req.URL.Scheme = "HTTP" }),
		unusable("a method with a space", func(req *http.Request) { req.Method = "GET /" }),
		unusable("a field name with a space", func(req *http.Request) { req.Header["A B"] = []string{"1"} }),
		unusable("a field without name", func(req *http.Request) { req.Header[""] = []string{"1"} }),
		unusable("a value of two lines", func(req *http.Request) { req.Header["A"] = []string{"1\r\nB: 2"} }),
		unusable("a trailer name with a space", func(req *http.Request) { req.Trailer = http.Header{"A B": {"1"}} }),
		unusable("a trailer value of two lines", func(req *http.Request) { req.Trailer = http.Header{"A": {"1\n"}} }),
		{
			name:  "a control character in the URL",
			serve: nothing,
			do: func(p *play) {
				body := watch("hello")
				req := p.request("POST", "/", body)
				req.URL.Opaque = "/a\r\nb"
				p.send(req)
				p.eventually("the body to be closed", func() bool { return body.closed.Load() == 1 })
			},
			want: `error: other`, or: `error: read`, // of the socket that it closed
		},
		{
			name:  "nobody listens",
			serve: nothing,
			do: func(p *play) {
				body := watch("hello")
				req := p.request("POST", "/", body)
				req.URL.Host = closedPort
				p.send(req)
				p.see("closed %d", body.closed.Load())
			},
			want: `error: dial, refused; closed 1`,
		},
		{
			name:  "a port that is none",
			serve: nothing,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = "127.0.0.1:99999"
				p.send(req)
			},
			want: `error: dial`, differs: `error: other`,
		},
		{
			name:  "a name that cannot be one",
			serve: nothing,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL.Host = "a..b"
				p.send(req)
			},
			want: `error: dial, no such host`,
		},
		{
			name:  "an empty reply",
			serve: closing(""),
			do:    func(p *play) { p.get("/"); p.seeRequests() },
			want:  `error: EOF; 1 requests`,
		},
		{
			name:  "a reset before the reply",
			serve: func(w *wire) { w.head(); w.reset() },
			do:    func(p *play) { p.get("/"); p.seeRequests() },
			want:  `error: read, reset; 1 requests`,
		},
		{
			name:  "closed at once",
			serve: func(*wire) {},
			do: func(p *play) {
				resp, err := p.rt.RoundTrip(p.request("GET", "/", nil))
				p.see("%v %v", resp == nil, err != nil) // EOF, EPIPE or RST, as it falls out
			},
			want: `true true`,
		},
		{
			name:  "cut in the status line",
			serve: closing("HTTP/1.1 2"),
			do:    func(p *play) { p.get("/") },
			want:  `error: malformed`, differs: `error: unexpected EOF`,
		},
		{
			name:  "cut in a field",
			serve: closing("HTTP/1.1 200 OK\r\nConte"),
			do:    func(p *play) { p.get("/") },
			want:  `error: malformed`, differs: `error: unexpected EOF`,
		},
		{
			name:  "cut before the empty line",
			serve: closing("HTTP/1.1 200 OK\r\nA: 1\r\n"),
			do:    func(p *play) { p.get("/") },
			want:  `error: unexpected EOF`,
		},
		{
			name:  "cut behind an interim response",
			serve: closing("HTTP/1.1 103 Early\r\n\r\n"),
			do:    func(p *play) { p.get("/") },
			want:  `error: unexpected EOF`,
		},
		{
			name:  "no head in time",
			o:     sched.TransportOptions{ResponseHeaderTimeout: 30 * time.Millisecond},
			serve: nothing,
			do:    func(p *play) { p.get("/") },
			want:  `error: deadline exceeded, timeout`,
		},
		{
			name: "half a head in time",
			o:    sched.TransportOptions{ResponseHeaderTimeout: 30 * time.Millisecond},
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 200 OK\r\n")
				w.untilClosed()
			},
			do:   func(p *play) { p.get("/") },
			want: `error: deadline exceeded, timeout`,
		},
		{
			name: "a head in time, and a body that takes longer",
			o:    sched.TransportOptions{ResponseHeaderTimeout: 200 * time.Millisecond},
			serve: func(w *wire) {
				w.head()
				w.say(begun(5, ""))
				time.Sleep(400 * time.Millisecond)
				w.say("hello")
				w.untilClosed()
			},
			do:   func(p *play) { p.get("/") },
			want: `200 hello`,
		},
		{
			name:  "the wait for a head begins behind the body",
			o:     sched.TransportOptions{ResponseHeaderTimeout: 200 * time.Millisecond},
			serve: saying(whole("hello")),
			do: func(p *play) {
				r, w := io.Pipe()
				time.AfterFunc(400*time.Millisecond, func() { w.Close() })
				p.do(p.request("POST", "/", r))
			},
			want: `200 hello`,
		},
		{
			name:  "the proxy function fails",
			o:     sched.TransportOptions{Proxy: func(*http.Request) (*url.URL, error) { return nil, errOwn }},
			serve: nothing,
			do: func(p *play) {
				body := watch("hello")
				p.send(p.request("POST", "/", body))
				p.see("closed %d", body.closed.Load())
			},
			want: `error: our own; closed 1`,
		},
		{
			name: "the next request after each failure is served",
			serve: func(w *wire) {
				w.read()
				w.say([]string{"", "HTTP/1.1 200 OK\r\n", "what\r\n", begun(9, "hello"), whole("hello")}[w.n-1])
			},
			do: func(p *play) {
				for range 5 {
					p.get("/")
				}
			},
			want: `error: EOF; error: unexpected EOF; error: malformed; 200 hello and error: unexpected EOF; 200 hello`,
		},
		{
			name:   "http spoken to a port of TLS",
			tls:    true,
			handle: func(http.ResponseWriter, *http.Request) {},
			do: func(p *play) {
				p.url = strings.Replace(p.url, "https", "http", 1)
				resp := p.send(p.request("GET", "/", nil))
				p.see("%d", resp.StatusCode)
				resp.Body.Close()
			},
			want: `400`,
		},
	}
}
