package sched_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// What stands on the wire for a request, byte for byte.
func TestTransportRequests(t *testing.T) { playRows(t, requestRows()) }

// changed is a row that sends a request which edit has changed, and sees the
// head that the server read.
func changed(name string, edit func(*http.Request), want string) row {
	return row{
		name:  name,
		serve: echoHeads,
		do: func(p *play) {
			req := p.request("GET", "/", nil)
			edit(req)
			p.do(req)
		},
		want: want,
	}
}

// withHeader sets fields of a request.
func withHeader(pairs ...string) func(*http.Request) {
	return func(req *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			req.Header[pairs[i]] = append(req.Header[pairs[i]], pairs[i+1])
		}
	}
}

const plainFields = "Host: HOST|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"

func requestRows() []row {
	return []row{
		changed("a GET", func(*http.Request) {},
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("no method means GET", func(req *http.Request) { req.Method = "" },
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("a method is sent as it is written", func(req *http.Request) { req.Method = "gEt" },
			`200 "gEt / HTTP/1.1|`+plainFields+`"`),
		changed("path and query", func(req *http.Request) { req.URL = req.URL.JoinPath("a%2Fb", "c"); req.URL.RawQuery = "q=1&&%zz" },
			`200 "GET /a%2Fb/c?q=1&&%zz HTTP/1.1|`+plainFields+`"`),
		changed("a bare question mark", func(req *http.Request) { req.URL.ForceQuery = true },
			`200 "GET /? HTTP/1.1|`+plainFields+`"`),
		changed("no path means the root", func(req *http.Request) { req.URL.Path = "" },
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("a fragment stays here", func(req *http.Request) { req.URL.Fragment = "there" },
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("a user in the URL stays here", func(req *http.Request) { req.URL.User = url.UserPassword("u", "p") },
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("an opaque URL", func(req *http.Request) { req.URL.Opaque = "/%2f/x" },
			`200 "GET /%2f/x HTTP/1.1|`+plainFields+`"`),
		changed("an opaque URL with a host", func(req *http.Request) { req.URL.Opaque = "//other.example/x" },
			`200 "GET http://other.example/x HTTP/1.1|`+plainFields+`"`),
		changed("OPTIONS of the server", func(req *http.Request) { req.Method = "OPTIONS"; req.URL.Opaque = "*" },
			`200 "OPTIONS * HTTP/1.1|`+plainFields+`"`),
		changed("fields are sorted and spelled as given", withHeader("x-low", "1", "B", "2", "B", "3", "A", ""),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|A: |B: 2|B: 3|x-low: 1|Accept-Encoding: gzip||"`).
			but(`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|A:|B: 2|B: 3|x-low: 1|Accept-Encoding: gzip||"`),
		changed("white space around a value is cut off", withHeader("A", " \t1 2\t "),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|A: 1 2|Accept-Encoding: gzip||"`),
		changed("a value may be Latin-1", withHeader("A", "caf\xe9"),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|A: caf\xe9|Accept-Encoding: gzip||"`),
		changed("a User-Agent of the caller's", withHeader("User-Agent", "me/1"),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: me/1|Accept-Encoding: gzip||"`),
		changed("an empty User-Agent is not sent", withHeader("User-Agent", ""),
			`200 "GET / HTTP/1.1|Host: HOST|Accept-Encoding: gzip||"`),
		changed("a Host of the caller's", func(req *http.Request) { req.Host = "other.example:81" },
			`200 "GET / HTTP/1.1|Host: other.example:81|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"`),
		changed("a Host that cannot be one is sent empty", func(req *http.Request) { req.Host = "/var/run/a b" },
			`200 "GET / HTTP/1.1|Host: |User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"`).
			but(`200 "GET / HTTP/1.1|Host:|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"`),
		changed("a Host in another script is sent as it is looked up", func(req *http.Request) { req.Host = "bücher.example" },
			`200 "GET / HTTP/1.1|Host: xn--bcher-kva.example|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"`),
		changed("the zone of an address stays here", func(req *http.Request) { req.Host = "[fe80::1%25eth0]:80" },
			`200 "GET / HTTP/1.1|Host: [fe80::1]:80|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip||"`),
		changed("what frames the message is not the caller's to say",
			withHeader("Content-Length", "7", "Transfer-Encoding", "chunked", "Trailer", "X", "Host", "evil.example"),
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		changed("an Accept-Encoding of the caller's", withHeader("Accept-Encoding", "br"),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Accept-Encoding: br||"`),
		changed("no coding is asked for a part", withHeader("Range", "bytes=1-2"),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Range: bytes=1-2||"`),
		changed("Connection fields are sent", withHeader("Connection", "keep-alive, X-Hop"),
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Connection: keep-alive, X-Hop|Accept-Encoding: gzip||"`),
		changed("a request that closes says so", func(req *http.Request) { req.Close = true },
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Connection: close|Accept-Encoding: gzip||"`),
		changed("a request that closes and says so itself", func(req *http.Request) { req.Close = true; req.Header.Set("Connection", "close") },
			`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Connection: close|Accept-Encoding: gzip||"`),
		changed("a POST of nothing has a length", func(req *http.Request) { req.Method = "POST" },
			`200 "POST / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Content-Length: 0|Accept-Encoding: gzip||"`),
		changed("a POST of NoBody has a length", func(req *http.Request) { req.Method, req.Body = "POST", http.NoBody },
			`200 "POST / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Content-Length: 0|Accept-Encoding: gzip||"`),
		changed("a DELETE of nothing has none", func(req *http.Request) { req.Method = "DELETE" },
			`200 "DELETE / HTTP/1.1|`+plainFields+`"`),
		changed("an Idempotency-Key without value is a mark, and not sent", func(req *http.Request) { req.Header["Idempotency-Key"] = []string{} },
			`200 "GET / HTTP/1.1|`+plainFields+`"`),
		{
			name:  "no coding is asked for a HEAD",
			serve: func(w *wire) { w.tell("%s", w.head()); w.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") },
			do:    func(p *play) { p.do(p.request("HEAD", "/", nil)); p.hear() },
			want:  `200 ; HEAD / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1||`,
		},
		{
			name:  "DisableKeepAlives says close",
			o:     sched.TransportOptions{DisableKeepAlives: true},
			serve: echoHeads,
			do:    func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want: `200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip|Connection: close||"; ` +
				`200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Accept-Encoding: gzip|Connection: close||"; 2 conns`,
		},
		{
			name:  "DisableCompression asks for no coding",
			o:     sched.TransportOptions{DisableCompression: true},
			serve: echoHeads,
			do:    func(p *play) { p.get("/") },
			want:  `200 "GET / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1||"`,
		},
		{
			name: "a body has its length, a body of unknown length is chunked",
			serve: func(w *wire) {
				for {
					head := w.head()
					if head == "" {
						return
					}
					body := make([]byte, 5)
					if strings.Contains(head, "chunked") {
						body = make([]byte, len("5\r\nhello\r\n0\r\n\r\n"))
					}
					io.ReadFull(w.in, body)
					w.say(whole(head + string(body)))
				}
			},
			do: func(p *play) {
				p.post("hello")
				p.do(p.request("POST", "/", watch("hello")))
			},
			want: `200 "POST / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Content-Length: 5|Accept-Encoding: gzip||hello"; ` +
				`200 "POST / HTTP/1.1|Host: HOST|User-Agent: Go-http-client/1.1|Transfer-Encoding: chunked|Accept-Encoding: gzip||5|hello|0||"`,
		},
		{
			name:  "the request is left as it was",
			serve: echoHeads,
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.Header.Set("B", "1")
				before, header := *req, maps.Clone(req.Header)
				p.read(p.send(req))
				p.seen = nil
				p.see("%v %v", reflect.DeepEqual(before.URL, req.URL), reflect.DeepEqual(header, req.Header))
			},
			want: `true true`,
		},
	}
}
