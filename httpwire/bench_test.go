package httpwire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A head as servers send it: 12 fields, some 400 bytes.
const head12 = "HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 22 Nov 2026 01:00:00 GMT\r\n" +
	"Server: nginx/1.27.3\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Connection: keep-alive\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"Cache-Control: private, max-age=0, no-cache\r\n" +
	"X-Request-Id: 7c9e6679-7425-40de-944b-e07fc1f90ae7\r\n" +
	"Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n" +
	"ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n" +
	"X-Frame-Options: DENY\r\n" +
	"X-Content-Type-Options: nosniff\r\n"

func lengthResponse(n int) []byte {
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head12, n, strings.Repeat("x", n))
}

func chunkedResponse(n, size int) []byte {
	b := []byte(head12 + "Transfer-Encoding: chunked\r\n\r\n")
	for ; n > 0; n -= size {
		b = fmt.Appendf(b, "%x\r\n%s\r\n", min(n, size), strings.Repeat("x", min(n, size)))
	}
	return append(b, "0\r\n\r\n"...)
}

// readAll drives p over one response that is cut into pieces of size bytes.
func readAll(p *Parser, response []byte, size int) (body int, err error) {
	p.Expect("GET")
	for {
		ev, err := p.NextEvent()
		if err != nil {
			return body, err
		}
		switch ev.Kind {
		case NeedData:
			n := min(size, len(response))
			p.Feed(response[:n])
			response = response[n:]
		case GotData:
			body += len(ev.Data)
		case GotEnd:
			return body, nil
		}
	}
}

var benchResponses = []struct {
	name     string
	response []byte
	body     int
}{
	{"body=length/13B", lengthResponse(13), 13},
	{"body=length/64KiB", lengthResponse(64 << 10), 64 << 10},
	{"body=chunked/13B", chunkedResponse(13, 13), 13},
	{"body=chunked/64KiBby4KiB", chunkedResponse(64<<10, 4<<10), 64 << 10},
	{"body=chunked/4KiBby16B", chunkedResponse(4<<10, 16), 4 << 10},
}

// BenchmarkParser reads a response that comes in reads of 64 KiB, or of 1,460
// bytes as from a network.
func BenchmarkParser(b *testing.B) {
	for _, r := range benchResponses {
		for _, read := range []int{64 << 10, 1460} {
			b.Run(fmt.Sprintf("%s/read=%d", r.name, read), func(b *testing.B) {
				var p Parser
				b.SetBytes(int64(len(r.response)))
				b.ReportAllocs()
				for b.Loop() {
					if n, err := readAll(&p, r.response, read); n != r.body || err != nil {
						b.Fatalf("got %d bytes, %v; want %d", n, err, r.body)
					}
				}
			})
		}
	}
}

// BenchmarkNetHTTP is the baseline: the same responses, read by net/http.
func BenchmarkNetHTTP(b *testing.B) {
	for _, r := range benchResponses {
		b.Run(r.name, func(b *testing.B) {
			source := bytes.NewReader(nil)
			br := bufio.NewReaderSize(source, 64<<10)
			req := &http.Request{Method: "GET"}
			b.SetBytes(int64(len(r.response)))
			b.ReportAllocs()
			for b.Loop() {
				source.Reset(r.response)
				br.Reset(source)
				resp, err := http.ReadResponse(br, req)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); n != int64(r.body) || err != nil {
					b.Fatalf("got %d bytes, %v; want %d", n, err, r.body)
				}
			}
		})
	}
}

func BenchmarkRequest_AppendTo(b *testing.B) {
	r := &Request{
		Target: "/channel/poll2?clientid=53999199&t=1364214535",
		Host:   "d.web2.qq.com",
		Header: Header{
			{"User-Agent", "qqloop/1.0"}, {"Accept", "*/*"}, {"Referer", "http://d.web2.qq.com/proxy.html"},
			{"Cookie", "ptwebqq=0123456789abcdef0123456789abcdef; skey=@abcdefghi; uin=o0010001"},
		},
	}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.AppendTo(dst); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEventStream reads streams that come in reads of 4 KiB: of comments
// alone, of events as a chat sends them, and of long lines.
func BenchmarkEventStream(b *testing.B) {
	chat := "id: 1364214535\nevent: message\ndata: {\"from\":10001,\"text\":\"hello, world\"}\n\n"
	for _, c := range []struct {
		name, event string
		events      int
	}{
		{"comment", ":\n\n", 0},
		{"chat/eol=LF", chat, 1},
		{"chat/eol=CR", strings.ReplaceAll(chat, "\n", "\r"), 1},
		{"data=64KiB", "data:" + strings.Repeat("x", 64<<10) + "\n\n", 1},
	} {
		times := 1 + 64<<10/len(c.event)
		stream := []byte(strings.Repeat(c.event, times))
		b.Run(c.name, func(b *testing.B) {
			var s EventStream
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				events := 0
				for read := range slices.Chunk(stream, 4<<10) {
					s.Feed(read)
					for {
						_, ok, err := s.Next()
						if err != nil {
							b.Fatal(err)
						}
						if !ok {
							break
						}
						events++
					}
				}
				if want := c.events * times; events != want {
					b.Fatalf("got %d events; want %d", events, want)
				}
			}
		})
	}
}

// TestAllocs holds the promise of the package: a warm parser allocates
// nothing, nor does a request that is encoded into a big enough slice.
func TestAllocs(t *testing.T) {
	trailer := []byte(strings.Replace(string(chunkedResponse(100, 10)), "0\r\n\r\n", "0\r\nX-Sum: a\r\n b\r\n\r\n", 1))
	responses := map[string][]byte{
		"length":   lengthResponse(1000),
		"chunked":  chunkedResponse(1000, 100),
		"trailer":  trailer,
		"interim":  append([]byte("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), lengthResponse(10)...),
		"obs-fold": []byte("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
	}
	for name, response := range responses {
		for _, size := range []int{len(response), 100, 1} {
			var p Parser
			n := testing.AllocsPerRun(100, func() {
				if _, err := readAll(&p, response, size); err != nil {
					t.Fatal(err)
				}
				if p.head.Fields.Peek("content-length") != nil && p.head.Fields.Has("x-none") {
					t.Fatal("a field that is not there")
				}
				p.Release()
			})
			if n != 0 {
				t.Errorf("%s in reads of %d: got %v allocations a response; want 0", name, size, n)
			}
		}
	}

	r := &Request{Method: "POST", Target: "/a?b", Host: "a.example", Header: Header{{"X-A", "b"}}, Body: []byte("hello")}
	dst := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := r.AppendTo(dst); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("AppendTo: got %v allocations; want 0", n)
	}
	withLength := &Request{Method: "POST", Host: "a", Header: Header{{"Content-Length", "1000"}}, Body: make([]byte, 1000)}
	big := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := withLength.AppendTo(big); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("AppendTo with a Content-Length: got %v allocations; want 0", n)
	}
}
