package sched_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// 101 and CONNECT: the connection becomes the caller's.
func TestTransportUpgrade(t *testing.T) { playRows(t, upgradeRows()) }

const switching101 = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// echoes switches to a protocol that sends lines back, and begins with a line.
func echoes(w *wire) {
	w.tell("%v", !strings.Contains(w.head(), "Connection: close"))
	w.say(switching101 + "welcome\n")
	for {
		line, err := w.in.ReadString('\n')
		if err != nil {
			w.tell("closed")
			return
		}
		w.say(line)
	}
}

// upgrading is a request for another protocol.
func (p *play) upgrading() *http.Request {
	req := p.request("GET", "/", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	return req
}

// converse speaks two lines over the body of a response.
func (p *play) converse(body io.ReadWriter) {
	in := bufio.NewReader(body)
	for _, line := range []string{"", "one\n", "two\n"} {
		io.WriteString(body, line)
		answer, err := in.ReadString('\n')
		p.see("%s %v", strings.TrimSpace(answer), err)
	}
}

func upgradeRows() []row {
	return []row{
		{
			name: "101 makes the body writable", serve: echoes,
			do: func(p *play) {
				resp := p.send(p.upgrading())
				p.see("%d %s {%s}", resp.StatusCode, resp.Status, headerText(resp.Header))
				p.hear()
				body := resp.Body.(io.ReadWriteCloser)
				p.converse(body)
				p.see("%v", body.Close())
				p.hear()
			},
			want: `101 101 Switching Protocols {Connection=Upgrade Upgrade=echo}; true; ` +
				`welcome <nil>; one <nil>; two <nil>; <nil>; closed`,
		},
		{
			name: "DisableKeepAlives does not forbid it", serve: echoes,
			o: sched.TransportOptions{DisableKeepAlives: true},
			do: func(p *play) {
				resp := p.send(p.upgrading())
				p.hear()
				p.converse(resp.Body.(io.ReadWriter))
				resp.Body.Close()
			},
			want: `true; welcome <nil>; one <nil>; two <nil>`,
		},
		{
			name: "one direction may be closed", serve: func(w *wire) {
				w.head()
				w.say(switching101)
				all, _ := io.ReadAll(w.in)
				w.say("got " + string(all))
			},
			do: func(p *play) {
				resp := p.send(p.upgrading())
				io.WriteString(resp.Body.(io.Writer), "bye")
				p.see("%v", resp.Body.(interface{ CloseWrite() error }).CloseWrite())
				rest, err := io.ReadAll(resp.Body)
				p.see("%s %v", rest, err)
				resp.Body.Close()
			},
			want: `<nil>; got bye <nil>`,
		},
		{
			name: "the connection counts no more", serve: func(w *wire) {
				for head := w.head(); head != ""; head = w.head() {
					if strings.Contains(head, "Upgrade") {
						w.say(switching101)
						w.untilClosed()
						return
					}
					w.say(whole("hello"))
				}
			},
			o: sched.TransportOptions{MaxConnsPerHost: 1},
			do: func(p *play) {
				resp := p.send(p.upgrading())
				p.get("/")
				p.seeConns()
				resp.Body.Close()
			},
			want: `200 hello; 2 conns`,
		},
		{
			name: "the request's context ends it not, once it is ours", serve: echoes,
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				resp := p.send(p.upgrading().WithContext(ctx))
				p.hear()
				cancel()
				p.converse(resp.Body.(io.ReadWriter))
				resp.Body.Close()
			},
			want: `true; welcome <nil>; one <nil>; two <nil>`,
		},
		{
			name: "a server that does not switch", serve: saying(whole("hello")),
			do:   func(p *play) { p.do(p.upgrading()); p.get("/"); p.seeConns() },
			want: `200 hello; 200 hello; 1 conns`,
		},
		{
			name: "a 101 that nobody asked for",
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
				w.untilClosed()
			},
			do: func(p *play) {
				if resp := p.send(p.request("GET", "/", nil)); resp != nil {
					p.see("%d", resp.StatusCode)
					resp.Body.Close()
				}
			},
			want: `101`, differs: `error: malformed`,
		},
		{
			name: "CONNECT: the request's body goes one way, the response's the other",
			serve: func(w *wire) {
				w.tell("%s", w.head())
				w.say("HTTP/1.1 200 OK\r\n\r\n")
				line, _ := w.in.ReadString('\n')
				w.say("got " + line)
			},
			do: func(p *play) {
				r, w := io.Pipe()
				req := p.request("CONNECT", "", r)
				req.URL.Opaque = "a.example:443"
				resp := p.send(req)
				p.hear()
				io.WriteString(w, "this\n")
				p.read(resp)
				w.Close()
			},
			want: `CONNECT a.example:443 HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||; 200 "got this\n"`,
		},
		{
			name: "CONNECT that is refused", serve: saying("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
			do: func(p *play) {
				req := p.request("CONNECT", "", nil)
				req.URL.Opaque = "a.example:443"
				p.do(req)
			},
			want: `403 no`,
		},
		{
			name: "under httputil.ReverseProxy", serve: echoes,
			do: func(p *play) {
				to, _ := url.Parse(p.url)
				front := &play{T: p.T, origin: startOrigin(p.T, row{handle: (&httputil.ReverseProxy{
					Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
					Transport: p.rt,
					ErrorLog:  quiet,
				}).ServeHTTP})}
				defer front.stop()
				client, end := newStandard(sched.TransportOptions{})
				defer end()
				front.rt = client
				resp := front.send(front.upgrading())
				p.hear()
				p.converse(resp.Body.(io.ReadWriter))
				resp.Body.Close()
			},
			want: `true; welcome <nil>; one <nil>; two <nil>`,
		},
	}
}
