package sched_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// Which connections are used again, how many there are, and what is sent twice.
func TestTransportReuse(t *testing.T) { playRows(t, reuseRows()) }

// twice is a row that gets two responses and counts connections.
func twice(name string, serve func(*wire), want string) row {
	return row{
		name:  name,
		serve: serve,
		do:    func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
		want:  want,
	}
}

// race is r as one that http.Transport may win or lose: what lies behind a
// response reaches its next request if that is quick.
func (r row) race() row {
	r.racy = true
	return r
}

// holding is a server whose connections all wait for the client's word before
// the first answer on them.
func holding(w *wire) {
	for first := true; w.read() != nil; first = false {
		if first {
			w.tell("asked")
			w.await()
		}
		w.say(whole("hello"))
	}
	w.tell("closed")
}

// together makes n requests at the same time, on n connections.
func (p *play) together(n int) {
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			resp, err := p.rt.RoundTrip(p.request("GET", "/", nil))
			if err != nil {
				p.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		})
	}
	for range n {
		<-p.told
	}
	for range n {
		p.go_on <- struct{}{}
	}
	all.Wait()
}

// losing answers the first request of its first connection, and reads the
// second without an answer; later connections are served.
func losing(end func(*wire)) func(*wire) {
	return func(w *wire) {
		for i := 0; ; i++ {
			req := w.read()
			switch {
			case req == nil:
				return
			case w.n == 1 && i == 1:
				end(w)
				return
			}
			body, _ := io.ReadAll(req.Body)
			w.say(whole("hello" + string(body)))
		}
	}
}

func fin(*wire) {}

// lost is a row whose second request is read and not answered.
func lost(name string, end func(*wire), second func(*play), want string) row {
	return row{
		name:  name,
		serve: losing(end),
		do:    func(p *play) { p.get("/"); second(p); p.seeRequests(); p.seeConns() },
		want:  want,
	}
}

// keyed is a POST with an Idempotency-Key.
func keyed(body func(string) io.Reader) func(*play) {
	return func(p *play) {
		req := p.request("POST", "/", body("x"))
		req.Header.Set("Idempotency-Key", "1")
		p.do(req)
	}
}

func reuseRows() []row {
	return []row{
		twice("a connection is used again", saying(whole("hello")), `200 hello; 200 hello; 1 conns`),
		twice("after chunks", saying(chunkedHead+"5\r\nhello\r\n0\r\n\r\n"), `200 hello; 200 hello; 1 conns`),
		twice("not when the server says close", saying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"),
			`200 hello; 200 hello; 2 conns`),
		twice("not in HTTP/1.0", saying("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
			`200 hello; 200 hello; 2 conns`),
		twice("in HTTP/1.0 by agreement", saying("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"),
			`200 hello; 200 hello; 1 conns`),
		twice("not behind a body that ends with it", closing("HTTP/1.1 200 OK\r\n\r\nhello"),
			`200 hello; 200 hello; 2 conns`),
		twice("not when more was said than the length", saying(whole("hello")+"and more"),
			`200 hello; 200 hello; 2 conns`).race(),
		twice("never hand an unasked answer to the next request",
			func(w *wire) {
				w.read()
				w.say(whole("hello") + whole("evil!"))
				w.untilClosed()
			}, `200 hello; 200 hello; 2 conns`).race(),
		twice("a 408 on an idle connection is not an answer",
			func(w *wire) {
				w.read()
				w.say(whole("hello") + "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			}, `200 hello; 200 hello; 2 conns`).race(),
		twice("closed while idle", closing(whole("hello")), `200 hello; 200 hello; 2 conns`),
		{
			name: "a HEAD leaves its connection behind", serve: saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
			do:   func(p *play) { p.do(p.request("HEAD", "/", nil)); p.do(p.request("HEAD", "/", nil)); p.seeConns() },
			want: `200 ; 200 ; 1 conns`,
		},
		{
			name: "not when the request says close", serve: saying(whole("hello")),
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.Close = true
				p.do(req)
				p.get("/")
				p.seeConns()
			},
			want: `200 hello; 200 hello; 2 conns`,
		},
		{
			name: "not when the request says close in a field", serve: saying(whole("hello")),
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.Header.Set("Connection", "close")
				p.do(req)
				p.get("/")
				p.seeConns()
			},
			want:    `200 hello; 200 hello; 1 conns`,
			differs: `200 hello; 200 hello; 2 conns`,
		},
		{
			name: "not while its body is unread",
			serve: func(w *wire) {
				for w.read() != nil {
					w.say(begun(20_000, strings.Repeat("x", 20_000)))
				}
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.get("/")
				p.seeConns()
				p.read(resp)
			},
			want: `200 20000 bytes; 2 conns; 200 20000 bytes`,
		},
		{
			name: "two idle ones are kept for a host, by default", serve: holding,
			do: func(p *play) {
				p.together(4)
				p.hear()
				p.hear()
				p.get("/")
				p.get("/")
				p.seeConns()
			},
			want: `closed; closed; 200 hello; 200 hello; 4 conns`,
		},
		{
			name: "or so many as one likes", serve: holding, o: sched.TransportOptions{MaxIdleConnsPerHost: 3},
			do:   func(p *play) { p.together(4); p.hear(); p.get("/"); p.seeConns() },
			want: `closed; 200 hello; 4 conns`,
		},
		{
			name: "or none", serve: holding, o: sched.TransportOptions{MaxIdleConnsPerHost: -1},
			do:   func(p *play) { p.together(2); p.hear(); p.hear(); p.seeConns() },
			want: `closed; closed; 2 conns`,
		},
		{
			name: "or so many of all hosts", serve: holding, o: sched.TransportOptions{MaxIdleConnsPerHost: 9, MaxIdleConns: 1},
			do:   func(p *play) { p.together(3); p.hear(); p.hear(); p.get("/"); p.seeConns() },
			want: `closed; closed; 200 hello; 3 conns`,
		},
		{
			name: "an idle one is closed in time", serve: holding, o: sched.TransportOptions{IdleConnTimeout: 20 * time.Millisecond},
			do:   func(p *play) { p.together(1); p.hear(); p.seeConns() },
			want: `closed; 1 conns`,
		},
		{
			name: "CloseIdleConnections", serve: holding,
			do:   func(p *play) { p.together(2); p.rt.CloseIdleConnections(); p.hear(); p.hear(); p.seeConns() },
			want: `closed; closed; 2 conns`,
		},
		{
			name: "CloseIdleConnections leaves those that work",
			serve: func(w *wire) {
				w.read()
				w.say(begun(10, "hello"))
				w.await()
				w.say("hello")
				w.untilClosed()
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.rt.CloseIdleConnections()
				p.go_on <- struct{}{}
				p.read(resp)
			},
			want: `200 hellohello`,
		},
		{
			name: "a request after CloseIdleConnections", serve: saying(whole("hello")),
			do: func(p *play) {
				p.get("/")
				p.rt.CloseIdleConnections()
				p.get("/")
				p.get("/")
				p.seeConns()
			},
			want: `200 hello; 200 hello; 200 hello; 2 conns`,
		},
		{
			name: "DisableKeepAlives", serve: saying(whole("hello")), o: sched.TransportOptions{DisableKeepAlives: true},
			do:   func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want: `200 hello; 200 hello; 2 conns`,
		},
		{
			name: "at most so many for a host; the others wait",
			o:    sched.TransportOptions{MaxConnsPerHost: 2, MaxIdleConnsPerHost: 2},
			handle: func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "hello")
			},
			do: func(p *play) {
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						resp, err := p.rt.RoundTrip(p.request("GET", "/", nil))
						if err != nil {
							p.Error(err)
							return
						}
						io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					})
				}
				all.Wait()
				p.seeRequests()
				p.see("at most two: %v", p.accepted.Load() <= 2)
			},
			want: `20 requests; at most two: true`,
		},
		{
			name: "the place of a failed one is free again",
			o:    sched.TransportOptions{MaxConnsPerHost: 1},
			serve: func(w *wire) {
				if w.read(); w.n < 3 {
					return
				}
				w.say(whole("hello"))
			},
			do:   func(p *play) { p.get("/"); p.get("/"); p.get("/"); p.seeConns() },
			want: `error: EOF; error: EOF; 200 hello; 3 conns`,
		},
		{
			name: "the place of a body that was closed early is free again",
			o:    sched.TransportOptions{MaxConnsPerHost: 1},
			serve: func(w *wire) {
				w.read()
				w.say(begun(1_000_000, "hello"))
				w.untilClosed()
			},
			do: func(p *play) {
				for range 3 {
					resp := p.send(p.request("GET", "/", nil))
					p.see("%d", resp.StatusCode)
					resp.Body.Close()
				}
				p.seeConns()
			},
			want: `200; 200; 200; 3 conns`,
		},
		lost("a GET that was lost is sent again", fin, func(p *play) { p.get("/") },
			`200 hello; 200 hello; 3 requests; 2 conns`),
		lost("a GET that was lost by a reset is sent again", (*wire).reset, func(p *play) { p.get("/") },
			`200 hello; 200 hello; 3 requests; 2 conns`),
		lost("a POST that was lost is not", fin, func(p *play) { p.post("x") },
			`200 hello; error: EOF; 2 requests; 1 conns`),
		lost("a POST that was lost by a reset is not", (*wire).reset, func(p *play) { p.post("x") },
			`200 hello; error: read, reset; 2 requests; 1 conns`),
		lost("a PUT that was lost is not", fin, func(p *play) { p.do(p.request("PUT", "/", strings.NewReader("x"))) },
			`200 hello; error: EOF; 2 requests; 1 conns`),
		lost("a POST with a key is sent again, its body anew", fin, keyed(func(s string) io.Reader { return strings.NewReader(s) }),
			`200 hello; 200 hellox; 3 requests; 2 conns`),
		lost("a POST with a key whose body cannot be had anew is not", fin, keyed(func(s string) io.Reader { return watch(s) }),
			`200 hello; error: EOF; 2 requests; 1 conns`),
		lost("a POST with a key of no value is sent again",
			fin, func(p *play) {
				req := p.request("POST", "/", bytes.NewReader([]byte("x")))
				req.Header["Idempotency-Key"] = []string{}
				p.do(req)
			},
			`200 hello; 200 hellox; 3 requests; 2 conns`),
		lost("not once a byte of the answer came", func(w *wire) { w.say("HTTP") }, func(p *play) { p.get("/") },
			`200 hello; error: malformed; 2 requests; 1 conns`).but(`200 hello; error: unexpected EOF; 2 requests; 1 conns`),
		{
			name:  "GetBody that fails",
			serve: losing(fin),
			do: func(p *play) {
				p.get("/")
				req := p.request("POST", "/", watch("x"))
				req.Header.Set("Idempotency-Key", "1")
				req.GetBody = func() (io.ReadCloser, error) { return nil, errOwn }
				p.do(req)
			},
			want: `200 hello; error: our own`,
		},
		{
			name:  "not on a fresh connection",
			serve: func(w *wire) { w.read() },
			do:    func(p *play) { p.get("/"); p.seeRequests() },
			want:  `error: EOF; 1 requests`,
		},
	}
}
