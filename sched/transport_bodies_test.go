package sched_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// What comes out of a Response.Body, and what becomes of the connection.
func TestTransportBodies(t *testing.T) { playRows(t, bodyRows()) }

// begun is the head and the beginning of a response that says n bytes.
func begun(n int, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body)
}

const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// zipped is a response of these bytes that are said to be gzip.
func zipped(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// seeBody notes what there is to see of a response besides its body.
func (p *play) seeBody(resp *http.Response) {
	if resp != nil {
		p.see("length %d uncompressed %v {%s}", resp.ContentLength, resp.Uncompressed, headerText(resp.Header))
	}
}

func bodyRows() []row {
	return []row{
		{
			name:  "a small one",
			serve: saying(whole("hello")),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello`,
		},
		{
			name: "a large one",
			handle: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "3000000")
				io.CopyN(w, endless{}, 3_000_000)
			},
			do:   func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want: `200 3000000 bytes; 200 3000000 bytes; 1 conns`,
		},
		{
			name:   "a large one in chunks",
			handle: func(w http.ResponseWriter, _ *http.Request) { io.CopyN(w, endless{}, 3_000_000) },
			do:     func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want:   `200 3000000 bytes; 200 3000000 bytes; 1 conns`,
		},
		{
			name: "a large one, a byte at a time",
			handle: func(w http.ResponseWriter, _ *http.Request) {
				io.CopyN(w, endless{}, 100_000)
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				n, one := 0, make([]byte, 1)
				for {
					m, err := resp.Body.Read(one)
					n += m
					if err != nil {
						p.see("%d bytes %v", n, err)
						break
					}
				}
				resp.Body.Close()
			},
			want: `100000 bytes EOF`,
		},
		{
			name: "RoundTrip returns at the head, the body comes later",
			serve: func(w *wire) {
				w.read()
				w.say(begun(5, ""))
				w.await()
				w.say("he")
				w.await()
				w.say("llo")
				w.untilClosed()
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.see("%d", resp.StatusCode)
				p.go_on <- struct{}{}
				two := make([]byte, 2)
				n, err := io.ReadFull(resp.Body, two)
				p.see("%s %v", two[:n], err)
				p.go_on <- struct{}{}
				p.read(resp)
			},
			want: `200; he <nil>; 200 llo`,
		},
		{
			name: "each chunk can be read when it is there",
			serve: func(w *wire) {
				w.read()
				w.say(chunkedHead + "3\r\none\r\n")
				w.await()
				w.say("3\r\ntwo\r\n")
				w.await()
				w.say("0\r\n\r\n")
				w.untilClosed()
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				for range 2 {
					buf := make([]byte, 100)
					n, err := resp.Body.Read(buf)
					p.see("%s %v", buf[:n], err)
					p.go_on <- struct{}{}
				}
				p.read(resp)
			},
			want: `one <nil>; two <nil>; 200 `,
		},
		{
			name:  "cut short of its length",
			serve: closing(begun(10, "hello")),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello and error: unexpected EOF`,
		},
		{
			name:  "cut in a chunk",
			serve: closing(chunkedHead + "a\r\nhello"),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello and error: unexpected EOF`,
		},
		{
			name:  "cut between chunks",
			serve: closing(chunkedHead + "5\r\nhello\r\n"),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello and error: unexpected EOF`,
		},
		{
			name:  "chunks that are none",
			serve: closing(chunkedHead + "5\r\nhello\r\nxyz\r\n"),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello and error: malformed`,
		},
		{
			name: "reset in the middle",
			serve: func(w *wire) {
				w.read()
				w.say(begun(10, "hello"))
				w.await()
				w.reset()
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				half := make([]byte, 5)
				io.ReadFull(resp.Body, half)
				p.go_on <- struct{}{}
				p.read(resp)
			},
			want: `200  and error: read, reset`,
		},
		{
			name:  "an error stays",
			serve: closing(begun(10, "hello")),
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				io.ReadAll(resp.Body)
				for range 2 {
					n, err := resp.Body.Read(make([]byte, 1))
					p.see("%d %s", n, classOf(err))
				}
				p.see("%v", resp.Body.Close())
			},
			want: `0 error: unexpected EOF; 0 error: unexpected EOF; <nil>`,
		},
		{
			name:  "its end stays",
			serve: saying(whole("hello")),
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				io.ReadAll(resp.Body)
				for range 2 {
					n, err := resp.Body.Read(make([]byte, 1))
					p.see("%d %v", n, err)
				}
				p.see("%v %v", resp.Body.Close(), resp.Body.Close())
			},
			want: `0 EOF; 0 EOF; <nil> <nil>`,
		},
		{
			name:  "not to be read after Close",
			serve: saying(whole("hello")),
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				resp.Body.Close()
				n, err := resp.Body.Read(make([]byte, 1))
				p.see("%d %s", n, classOf(err))
			},
			want: `0 error: other`,
		},
		{
			name:  "NoBody may be closed and read",
			serve: saying("HTTP/1.1 204 No\r\n\r\n"),
			do:    func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want:  `204 ; 204 ; 1 conns`,
		},
		{
			name: "Close ends a Read that waits",
			serve: func(w *wire) {
				w.read()
				w.say(begun(10, "hello"))
				w.untilClosed()
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				io.ReadFull(resp.Body, make([]byte, 5))
				ended := make(chan error)
				go func() {
					_, err := resp.Body.Read(make([]byte, 5))
					ended <- err
				}()
				resp.Body.Close()
				p.see("%v", <-ended != nil)
			},
			want: `true`,
		},
		{
			name: "closed in the middle, the connection is dropped",
			serve: func(w *wire) {
				w.read()
				w.say(begun(1_000_000, "hello"))
				w.untilClosed()
				w.tell("closed")
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				resp.Body.Close()
				p.hear()
			},
			want: `closed`,
		},
		{
			name:  "closed before it was read, though all of it is here",
			serve: saying(whole("hello")),
			do: func(p *play) {
				p.send(p.request("GET", "/", nil)).Body.Close()
				p.get("/")
				p.seeConns()
			},
			want:    `200 hello; 2 conns`,
			differs: `200 hello; 1 conns`,
		},
		{
			name: "closed when the rest has arrived behind its back",
			serve: func(w *wire) {
				for w.read() != nil {
					w.say(begun(20_000, strings.Repeat("x", 20_000)))
					w.tell("all said")
				}
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.hear()
				resp.Body.Close()
				p.get("/") // by a loop that read the rest while it was at the callers' jobs
			},
			want: `all said; 200 20000 bytes`,
		},
		{
			name:   "one that is not read does not hold up others",
			handle: func(w http.ResponseWriter, r *http.Request) { io.CopyN(w, endless{}, r.ContentLength*3_000_000+10) },
			do: func(p *play) {
				req := p.request("POST", "/", strings.NewReader("x"))
				resp := p.send(req)
				p.get("/")
				p.see("%d", resp.StatusCode)
				resp.Body.Close()
			},
			want: "200 " + strings.Repeat("\x00", 10) + `; 200`,
		},
		{
			name: "gzip is taken off if we asked for it",
			handle: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
				io.WriteString(w, inGzip("hello"))
			},
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				resp.Header.Del("Content-Type")
				p.seeBody(resp)
				p.read(resp)
				p.get("/")
				p.seeConns()
			},
			want: `length -1 uncompressed true {}; 200 hello; 200 hello; 1 conns`,
		},
		{
			name:  "gzip in capitals is gzip",
			serve: saying(strings.Replace(zipped(inGzip("hello")), "gzip", "GZIP", 1)),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello`,
		},
		{
			name:  "gzip of many megabytes",
			serve: func(w *wire) { saying(zipped(inGzip(strings.Repeat("0123456789", 500_000))))(w) },
			do:    func(p *play) { p.get("/"); p.get("/"); p.seeConns() },
			want:  `200 5000000 bytes; 200 5000000 bytes; 1 conns`,
		},
		{
			name:  "gzip that the caller asked for is left on",
			serve: saying(zipped("hello")),
			do: func(p *play) {
				req := p.request("GET", "/", nil)
				req.Header.Set("Accept-Encoding", "gzip")
				resp := p.send(req)
				p.seeBody(resp)
				p.read(resp)
			},
			want: `length 5 uncompressed false {Content-Encoding=gzip Content-Length=5}; 200 hello`,
		},
		{
			name:  "gzip without being asked is left on",
			o:     sched.TransportOptions{DisableCompression: true},
			serve: saying(zipped("hello")),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello`,
		},
		{
			name:  "another coding is left on",
			serve: saying(strings.Replace(zipped("hello"), "gzip", "br", 1)),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello`,
		},
		{
			name:  "no gzip, though it says so",
			serve: saying(zipped("this is not gzip at all")),
			do:    func(p *play) { p.get("/"); p.get("/"); p.seeRequests() },
			want:  `200  and error: no gzip; 200  and error: no gzip; 2 requests`,
		},
		{
			name:  "gzip with a wrong checksum",
			serve: saying(zipped(inGzip("hello")[:len(inGzip("hello"))-8] + "xxxx\x05\x00\x00\x00")),
			do:    func(p *play) { p.get("/") },
			want:  `200 hello and error: bad checksum`,
		},
		{
			name:  "gzip that ends too early",
			serve: saying(zipped(inGzip("hello")[:15])),
			do:    func(p *play) { p.get("/") },
			want:  `200 hell and error: unexpected EOF`,
		},
		{
			name:  "gzip of which the connection is cut",
			serve: closing(begunZip(inGzip(strings.Repeat("hello", 10)))),
			do:    func(p *play) { p.get("/") },
			want:  "200 hellohellohellohellohellohellohellohellohellohello and error: unexpected EOF",
		},
		{
			name:  "nothing, said to be gzip",
			serve: saying(zipped("")),
			do:    func(p *play) { p.seeBody(p.send(p.request("GET", "/", nil))) },
			want:  `length 0 uncompressed false {Content-Encoding=gzip Content-Length=0}`,
		},
		{
			name:  "HEAD of gzip",
			serve: saying("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"),
			do:    func(p *play) { p.seeBody(p.send(p.request("HEAD", "/", nil))) },
			want:  `length 99 uncompressed false {Content-Encoding=gzip Content-Length=99}`,
		},
		{
			name:  "a Read of nothing",
			serve: saying(whole("hello")),
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				n, err := resp.Body.Read(nil)
				p.see("%d %v", n, err)
				p.read(resp)
			},
			want: `0 <nil>; 200 hello`,
		},
		{
			name:  "the trailer is there at the end and not before",
			serve: saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n5\r\nhello\r\n0\r\nSum: 1\r\n\r\n"),
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				p.see("%q", resp.Trailer)
				p.read(resp)
				p.see("%q", resp.Trailer)
			},
			want: `map["Sum":[]]; 200 hello; map["Sum":["1"]]`,
		},
	}
}

// begunZip says one byte more than there is.
func begunZip(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(body)+1, body)
}

// endless is an endless body.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }
