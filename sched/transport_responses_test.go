package sched_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// What is made of the head of a response, and which heads are refused.
func TestTransportResponses(t *testing.T) { playRows(t, responseRows()) }

// head is a row about one response, which the server sends before it closes.
func head(name, reply string, want string) row {
	return replied("GET", name, reply, want)
}

func replied(method, name, reply string, want string) row {
	return row{
		name:  name,
		serve: closing(reply),
		do: func(p *play) {
			req := p.request(method, "/", nil)
			resp := p.send(req)
			if resp == nil {
				return
			}
			if resp.Request != req {
				p.Error("Response.Request is another request")
			}
			text := fmt.Sprintf("%s %q %d.%d length %d", resp.Proto, resp.Status, resp.ProtoMajor, resp.ProtoMinor, resp.ContentLength)
			if len(resp.TransferEncoding) > 0 {
				text += " " + strings.Join(resp.TransferEncoding, ",")
			}
			if resp.Close {
				text += " close"
			}
			if resp.Body == http.NoBody {
				text += " NoBody"
			}
			p.see("%s", text)
			p.see("{%s}", headerText(resp.Header))
			p.read(resp)
			if resp.Trailer != nil {
				p.see("trailer {%s}", headerText(resp.Trailer))
			}
		},
		want: want,
	}
}

// but is r with what ours sees instead.
func (r row) but(differs string) row {
	r.differs = differs
	return r
}

// in is r with other options.
func (r row) in(o sched.TransportOptions) row {
	r.o = o
	return r
}

func responseRows() []row {
	return []row{
		head("a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5}; 200 hello`),
		head("no reason", "HTTP/1.1 204\r\n\r\n",
			`HTTP/1.1 "204" 1.1 length 0 NoBody; {}; 204 `),
		head("a status that nobody knows", "HTTP/1.1 799 Well Then\r\nContent-Length: 0\r\n\r\n",
			`HTTP/1.1 "799 Well Then" 1.1 length 0 NoBody; {Content-Length=0}; 799 `),
		head("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.0 "200 OK" 1.0 length 5 close; {Content-Length=5}; 200 hello`),
		head("HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.0 "200 OK" 1.0 length 5; {Connection=keep-alive Content-Length=5}; 200 hello`),
		head("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.2 "200 OK" 1.2 length 5; {Content-Length=5}; 200 hello`),
		head("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 chunked; {}; 200 hello`),
		head("to the end of the connection", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length -1 close; {A=1}; 200 hello`),
		head("Connection: close is taken out", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length 0 close NoBody; {Content-Length=0}; 200 `),
		head("other Connection fields stay", "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nContent-Length: 0\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length 0 NoBody; {Connection=X-Hop Content-Length=0}; 200 `),
		head("names are put in canonical form", "HTTP/1.1 204 No\r\nx-one: 1\r\nSET-COOKIE: a\r\nset-cookie: b\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {Set-Cookie=a&b X-One=1}; 204 `),
		head("white space around values is cut off", "HTTP/1.1 204 No\r\nA:\t 1 2 \t\r\nB:\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {A=1 2 B=}; 204 `),
		head("a folded value", "HTTP/1.1 204 No\r\nA: 1\r\n  2\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {A=1 2}; 204 `),
		head("lines that end with LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
			`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5}; 200 hello`),
		head("Pragma stands for Cache-Control", "HTTP/1.1 204 No\r\nPragma: no-cache\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {Cache-Control=no-cache Pragma=no-cache}; 204 `),
		head("a length said twice", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5}; 200 hello`),
		head("a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 chunked; {}; 200 hello`),
		replied("HEAD", "HEAD with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length 5 NoBody; {Content-Length=5}; 200 `),
		replied("HEAD", "HEAD without a length", "HTTP/1.1 200 OK\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 NoBody; {}; 200 `),
		replied("HEAD", "HEAD of chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 chunked NoBody; {}; 200 `),
		head("304 with the length of what is not sent", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
			`HTTP/1.1 "304 Not Modified" 1.1 length 0 NoBody; {Content-Length=5}; 304 `),
		head("204 with a length", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {Content-Length=5}; 204 `),
		head("205 with a body", "HTTP/1.1 205 Reset\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.1 "205 Reset" 1.1 length 5; {Content-Length=5}; 205 hello`),
		head("interim responses are passed over", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5}; 200 hello`),
		head("a trailer that was announced", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: sum, Other\r\n\r\n5\r\nhello\r\n0\r\nSum: 1\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 chunked; {}; 200 hello; trailer {Other= Sum=1}`),
		head("a trailer that was not", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSum: 1\r\n\r\n",
			`HTTP/1.1 "200 OK" 1.1 length -1 chunked; {}; 200 hello; trailer {Sum=1}`),
		head("a Trailer field of a body with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTrailer: Sum\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5 Trailer=Sum}; 200 hello`),

		// Refused by both.
		head("no HTTP", "220 mail.example ESMTP\r\n", `error: malformed`),
		head("an empty line first", "\r\nHTTP/1.1 204 No\r\n\r\n", `error: malformed`),
		head("a version in lower case", "http/1.1 204 No\r\n\r\n", `error: malformed`),
		head("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", `error: malformed`),
		head("a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n", `error: malformed`),
		head("a line without colon", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", `error: malformed`),
		head("a field without name", "HTTP/1.1 200 OK\r\n: 1\r\n\r\n", `error: malformed`),
		head("a first field that is folded", "HTTP/1.1 200 OK\r\n A: 1\r\n\r\n", `error: malformed`),
		head("a NUL in a value", "HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n", `error: malformed`),
		head("a head over the limit", "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 5000)+"\r\n\r\n", `error: head too large`).
			in(sched.TransportOptions{MaxResponseHeaderBytes: 4000}),
		head("a head below the limit", "HTTP/1.1 204 No\r\nA: aaaaaaaa\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {A=aaaaaaaa}; 204 `).
			in(sched.TransportOptions{MaxResponseHeaderBytes: 4000}),
		head("a head of a hundred thousand bytes", "HTTP/1.1 204 No\r\nA: "+strings.Repeat("a", 100_000)+"\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {A=`+strings.Repeat("a", 100_000)+`}; 204 `),

		head("two spaces before the status", "HTTP/1.1  204 No\r\n\r\n",
			`HTTP/1.1 "204 No" 1.1 length 0 NoBody; {}; 204 `).but(`error: malformed`),
		head("HTTP/2.0 in words", "HTTP/2.0 204 No\r\n\r\n",
			`HTTP/2.0 "204 No" 2.0 length 0 NoBody; {}; 204 `).but(`error: malformed`),
		head("status 000", "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n",
			`HTTP/1.1 "000 Zero" 1.1 length 0 NoBody; {Content-Length=0}; 0 `).but(`error: malformed`),
		head("a NUL in the reason", "HTTP/1.1 204 N\x00\r\n\r\n",
			`HTTP/1.1 "204 N\x00" 1.1 length 0 NoBody; {}; 204 `).but(`error: malformed`),
		head("a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhello",
			`HTTP/1.1 "200 OK" 1.1 length -1 close; {Content-Length =2}; 200 hello`).but(`error: malformed`),
		head("a length that is a list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
			`error: malformed`).but(`HTTP/1.1 "200 OK" 1.1 length 5; {Content-Length=5}; 200 hello`),
		head("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
			`error: malformed`),
		head("a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
			`error: malformed`),
		head("a transfer coding that nobody asked for", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
			`error: malformed`),
		head("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
			`HTTP/1.0 "200 OK" 1.0 length -1 close; {}; 200 5|hello|0||`).
			but(`HTTP/1.0 "200 OK" 1.0 length -1 chunked close; {}; 200 hello`),
	}
}
