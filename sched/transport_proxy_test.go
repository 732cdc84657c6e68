package sched_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// Requests that go through a proxy: the server of these rows is the proxy.
func TestTransportProxy(t *testing.T) { playRows(t, proxyRows()) }

// through sends a request for rawURL through the server as a proxy of that
// scheme and user.
func (p *play) through(rawURL string) {
	req, err := http.NewRequest("GET", rawURL, nil)
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("X-Proxy", p.addr) // for proxyOf
	p.do(req)
}

// proxyOf names the server of the row as the proxy: the options are made
// before it has an address.
func proxyOf(before string) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		if at := req.Header.Get("X-Proxy"); at != "" {
			return url.Parse(before + at)
		}
		return nil, nil
	}
}

// tunnels answers CONNECT, and pipes to the address that it names.
func tunnels(w *wire) {
	for head := w.head(); head != ""; head = w.head() {
		w.tell("%s", head)
		target := strings.Fields(head)[1]
		to, err := net.Dial("tcp", target)
		if err != nil {
			w.say("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
			continue
		}
		w.say("HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(to, w.in); to.(*net.TCPConn).CloseWrite() }()
		io.Copy(w, to)
		to.Close()
		return
	}
}

// socks speaks SOCKS5 with a user and answers requests itself.
func socks(w *wire) {
	take := func(n int) string { b := make([]byte, n); io.ReadFull(w.in, b); return string(b) }
	take(1)
	methods := take(int(take(1)[0]))
	if strings.Contains(methods, "\x02") {
		w.say("\x05\x02")
		take(1)
		user := take(int(take(1)[0]))
		password := take(int(take(1)[0]))
		w.tell("user %s password %s", user, password)
		w.say("\x01\x00")
	} else {
		w.say("\x05\x00")
	}
	take(3)
	switch take(1) {
	case "\x01":
		w.tell("address %v", net.IP(take(4)))
	case "\x03":
		w.tell("name %s", take(int(take(1)[0])))
	}
	take(2)
	w.say("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	saying(whole("hello"))(w)
}

func proxyRows() []row {
	return []row{
		{
			name: "http goes to the proxy with its whole URL", serve: echoHeads,
			o:  sched.TransportOptions{Proxy: proxyOf("http://")},
			do: func(p *play) { p.through("http://a.example/x?y#z"); p.through("http://b.example/"); p.seeConns() },
			want: `200 "GET http://a.example/x?y HTTP/1.1|Host: a.example|User-Agent: Go-http-client/1.1|X-Proxy: HOST|Accept-Encoding: gzip||"; ` +
				`200 "GET http://b.example/ HTTP/1.1|Host: b.example|User-Agent: Go-http-client/1.1|X-Proxy: HOST|Accept-Encoding: gzip||"; 1 conns`,
		},
		{
			name: "the proxy's user", serve: echoHeads,
			o:  sched.TransportOptions{Proxy: proxyOf("http://user:pass%20word@")},
			do: func(p *play) { p.through("http://a.example/") },
			want: `200 "GET http://a.example/ HTTP/1.1|Host: a.example|User-Agent: Go-http-client/1.1|X-Proxy: HOST|Accept-Encoding: gzip|` +
				`Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=||"`,
			differs: `200 "GET http://a.example/ HTTP/1.1|Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=|` +
				`Host: a.example|User-Agent: Go-http-client/1.1|X-Proxy: HOST|Accept-Encoding: gzip||"`,
		},
		{
			name: "no proxy for some", serve: echoHeads,
			o:    sched.TransportOptions{Proxy: proxyOf("http://")},
			do:   func(p *play) { p.get("/") },
			want: `200 "GET / HTTP/1.1|` + plainFields + `"`,
		},
		{
			name: "https goes through a tunnel", serve: tunnels,
			o: sched.TransportOptions{
				Proxy:              proxyOf("http://u:p@"),
				ProxyConnectHeader: http.Header{"User-Agent": {"me"}, "A-Via": {"1"}},
			},
			do: func(p *play) {
				// Nobody speaks TLS there: it is the CONNECT that counts.
				p.through("https://" + closedPort + "/")
				p.hear()
			},
			want: `error: other; CONNECT 127.0.0.1:1 HTTP/1.1|Host: 127.0.0.1:1|User-Agent: me|` +
				`A-Via: 1|Proxy-Authorization: Basic dTpw||`,
		},
		{
			name: "the proxy refuses",
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 403 Not This One\r\nContent-Length: 0\r\n\r\n")
				w.untilClosed()
			},
			o: sched.TransportOptions{Proxy: proxyOf("http://")},
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.URL = &url.URL{Scheme: "https", Host: "a.example"}
				req.Header.Set("X-Proxy", p.addr)
				_, err := p.rt.RoundTrip(req)
				p.see("%v", strings.Contains(err.Error(), "Not This One"))
			},
			want: `true`,
		},
		{
			name: "nobody listens at the proxy", serve: nothing,
			o:    sched.TransportOptions{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://" + closedPort) }},
			do:   func(p *play) { p.get("/") },
			want: `error: proxyconnect, refused`,
		},
		{
			name: "a proxy of a scheme that nobody knows", serve: nothing,
			o: sched.TransportOptions{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("gopher://" + closedPort) }},
			do: func(p *play) {
				_, err := p.rt.RoundTrip(p.request("GET", "/", nil))
				p.see("%v", err != nil)
			},
			want: `true`,
		},
		{
			name: "socks5 is told names", serve: socks,
			o:    sched.TransportOptions{Proxy: proxyOf("socks5://user:pass@")},
			do:   func(p *play) { p.through("http://a.example/"); p.hear(); p.hear() },
			want: `200 hello; user user password pass; name a.example`,
		},
		{
			name: "socks5h is told names", serve: socks,
			o:    sched.TransportOptions{Proxy: proxyOf("socks5h://")},
			do:   func(p *play) { p.through("http://a.example/"); p.hear() },
			want: `200 hello; name a.example`,
		},
		{
			name: "socks5 is told addresses where that is what there is", serve: socks,
			o:    sched.TransportOptions{Proxy: proxyOf("socks5://")},
			do:   func(p *play) { p.through("http://192.0.2.7/"); p.hear() },
			want: `200 hello; address 192.0.2.7`,
		},
	}
}
