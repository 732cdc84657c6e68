package sched_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// How a Request.Body is sent, and when it is closed.
func TestTransportUploads(t *testing.T) { playRows(t, uploadRows()) }

// told answers with what the server saw of a request.
func told(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	text := string(body)
	if len(text) > 1000 {
		text = fmt.Sprintf("%d bytes", len(text))
	}
	fmt.Fprintf(w, "%s length %d %v %q %v {%s}", r.Method, r.ContentLength, r.TransferEncoding, text, err, headerText(r.Trailer))
}

// upload returns a row that sends what make makes, whose body may be watched.
func upload(name string, change func(*http.Request) *watched, want string) row {
	return row{
		name:   name,
		handle: told,
		do: func(p *play) {
			req := p.request("POST", "/", nil)
			body := change(req)
			p.do(req)
			if body != nil {
				p.eventually("the body to be closed", func() bool { return body.closed.Load() > 0 })
			}
		},
		want: want,
	}
}

// failing is a reader that gives text and then an error.
func failing(text string, err error) io.Reader {
	return io.MultiReader(strings.NewReader(text), errReader{err})
}

type errReader struct{ error }

func (r errReader) Read([]byte) (int, error) { return 0, r.error }

// waitFor100 are options for rows about Expect.
var waitFor100 = sched.TransportOptions{ExpectContinueTimeout: patience}

// expecting is a POST of a watched body that expects a 100.
func (p *play) expecting(text string) (*http.Request, *watched) {
	body := watch(text)
	req := p.request("POST", "/", body)
	req.ContentLength = int64(len(text))
	req.Header.Set("Expect", "100-continue")
	return req, body
}

func uploadRows() []row {
	return []row{
		upload("a text", func(req *http.Request) *watched {
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader("hello")), 5
			return nil
		}, `200 "POST length 5 [] \"hello\" <nil> {}"`),
		upload("a reader of unknown length", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.ContentLength = body, -1
			return body
		}, `200 "POST length -1 [chunked] \"hello\" <nil> {}"`),
		upload("a length of 0 with a body means unknown", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body = body
			return body
		}, `200 "POST length -1 [chunked] \"hello\" <nil> {}"`),
		upload("a reader of known length", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.ContentLength = body, 5
			return body
		}, `200 "POST length 5 [] \"hello\" <nil> {}"`),
		upload("a POST of an empty reader", func(req *http.Request) *watched {
			body := watch("")
			req.Body = body
			return body
		}, `200 "POST length -1 [chunked] \"\" <nil> {}"`),
		upload("a GET of an empty reader has no body", func(req *http.Request) *watched {
			body := watch("")
			req.Method, req.Body = "GET", body
			return body
		}, `200 "GET length 0 [] \"\" <nil> {}"`),
		upload("a GET of a reader that is not empty", func(req *http.Request) *watched {
			body := watch("hello")
			req.Method, req.Body = "GET", body
			return body
		}, `200 "GET length -1 [chunked] \"hello\" <nil> {}"`),
		upload("chunks by the caller's wish", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.ContentLength, req.TransferEncoding = body, 5, []string{"chunked"}
			return body
		}, `200 "POST length -1 [chunked] \"hello\" <nil> {}"`),
		upload("a large one", func(req *http.Request) *watched {
			body := &watched{Reader: io.LimitReader(endless{}, 5_000_000)}
			req.Body, req.ContentLength = body, 5_000_000
			return body
		}, `200 "POST length 5000000 [] \"5000000 bytes\" <nil> {}"`),
		upload("a large one in chunks", func(req *http.Request) *watched {
			body := &watched{Reader: io.LimitReader(endless{}, 5_000_000)}
			req.Body = body
			return body
		}, `200 "POST length -1 [chunked] \"5000000 bytes\" <nil> {}"`),
		upload("a large one in memory", func(req *http.Request) *watched {
			req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, 5_000_000))), 5_000_000
			return nil
		}, `200 "POST length 5000000 [] \"5000000 bytes\" <nil> {}"`),
		upload("a trailer", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.Trailer = body, http.Header{"Sum": {"1"}, "Other": {"2"}}
			return body
		}, `200 "POST length -1 [chunked] \"hello\" <nil> {Other=2 Sum=1}"`),
		upload("a trailer that is known at the end", func(req *http.Request) *watched {
			req.Trailer = http.Header{"Sum": nil}
			body := &watched{Reader: io.MultiReader(strings.NewReader("hello"), atEnd(func() { req.Trailer.Set("Sum", "1") }))}
			req.Body = body
			return body
		}, `200 "POST length -1 [chunked] \"hello\" <nil> {Sum=1}"`),
		upload("a trailer of a body with a length is not sent", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.ContentLength, req.Trailer = body, 5, http.Header{"Sum": {"1"}}
			return body
		}, `200 "POST length 5 [] \"hello\" <nil> {}"`),
		upload("a reader that fails", func(req *http.Request) *watched {
			body := &watched{Reader: failing("hello", errOwn)}
			req.Body = body
			return body
		}, `error: our own`),
		upload("a reader that fails at once", func(req *http.Request) *watched {
			body := &watched{Reader: failing("", errOwn)}
			req.Body, req.ContentLength = body, 5
			return body
		}, `error: our own`),
		upload("a body shorter than its length", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.ContentLength = body, 10
			return body
		}, `error: other`),
		{
			name:  "a body longer than its length",
			serve: nothing,
			do: func(p *play) {
				req := p.request("POST", "/", watch("hello and more"))
				req.ContentLength = 5
				p.do(req)
			},
			want: `error: other`, or: `error: read`, // of the socket that it closed
		},
		upload("a length without a body", func(req *http.Request) *watched {
			req.ContentLength = 5
			return nil
		}, `error: other`),
		upload("a trailer that frames the message", func(req *http.Request) *watched {
			body := watch("hello")
			req.Body, req.Trailer = body, http.Header{"Content-Length": {"1"}}
			return body
		}, `error: other`),
		{
			name: "the head is sent before the body is there",
			serve: func(w *wire) {
				w.tell("%.6s", w.head())
				w.untilClosed()
			},
			do: func(p *play) {
				r, w := io.Pipe()
				req := p.request("POST", "/", r)
				ended := make(chan error)
				go func() {
					_, err := p.rt.RoundTrip(req)
					ended <- err
				}()
				p.hear()
				w.CloseWithError(errOwn)
				p.see("%v", errors.Is(<-ended, errOwn))
			},
			want: `POST /; true`,
		},
		{
			name: "each piece is sent when it is there",
			serve: func(w *wire) {
				w.head()
				for range 2 {
					piece := make([]byte, 6)
					io.ReadFull(w.in, piece)
					w.tell("%s", piece)
				}
				w.in.Discard(len("0\r\n\r\n"))
				w.say(whole("thanks"))
				w.untilClosed()
			},
			do: func(p *play) {
				r, w := io.Pipe()
				req := p.request("POST", "/", r)
				ended := make(chan *http.Response)
				go func() {
					resp, _ := p.rt.RoundTrip(req)
					ended <- resp
				}()
				io.WriteString(w, "a")
				p.hear()
				io.WriteString(w, "b")
				p.hear()
				w.Close()
				p.read(<-ended)
			},
			want: `1|a|; 1|b|; 200 thanks`,
		},
		{
			name: "an answer may come before the body is sent; the connection is not used again",
			serve: func(w *wire) {
				w.head()
				w.say(whole("enough"))
				w.untilClosed()
			},
			do: func(p *play) {
				r, w := io.Pipe()
				defer w.Close()
				p.do(p.request("POST", "/", r))
				p.get("/")
				p.seeConns()
			},
			want: `200 enough; 200 enough; 2 conns`,
		},
		{
			name: "an answer while a large body is being sent, and then a reset",
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
				w.untilClosed()
			},
			do: func(p *play) {
				p.do(p.request("POST", "/", io.LimitReader(endless{}, 1<<40)))
			},
			want: `413 big`,
		},
		{
			name: "Expect waits for the 100", o: waitFor100,
			serve: func(w *wire) {
				head := w.head()
				w.tell("%d waiting, expects %v", w.in.Buffered(), strings.Contains(head, "Expect: 100-continue"))
				w.say("HTTP/1.1 100 Continue\r\n\r\n")
				body := make([]byte, 5)
				io.ReadFull(w.in, body)
				w.say(whole(string(body)))
				w.untilClosed()
			},
			do: func(p *play) {
				req, body := p.expecting("hello")
				p.do(req)
				p.hear()
				p.see("closed %d", body.closed.Load())
			},
			want: `200 hello; 0 waiting, expects true; closed 1`,
		},
		{
			name: "Expect, and a final answer that closes: the body stays here", o: waitFor100,
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 417 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
				rest, _ := io.ReadAll(w.in)
				w.tell("%d bytes of body", len(rest))
			},
			do: func(p *play) {
				req, body := p.expecting("hello")
				p.do(req)
				p.hear()
				p.eventually("the body to be closed", func() bool { return body.closed.Load() == 1 })
			},
			want: `417 no; 0 bytes of body`,
		},
		{
			name: "Expect, and a final answer on a connection that stays", o: waitFor100,
			serve: func(w *wire) {
				w.head()
				w.say("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
				rest := make([]byte, 5)
				n, _ := io.ReadFull(w.in, rest)
				w.tell("%d bytes of body", n)
				w.untilClosed()
			},
			do: func(p *play) {
				req, _ := p.expecting("hello")
				p.do(req)
				p.hear()
			},
			want:    `401 no; 5 bytes of body`,
			differs: `401 no; 0 bytes of body`,
		},
		{
			name: "Expect, and no word from the server", o: sched.TransportOptions{ExpectContinueTimeout: 20 * time.Millisecond},
			serve: func(w *wire) {
				w.head()
				body := make([]byte, 5)
				io.ReadFull(w.in, body)
				w.say(whole(string(body)))
				w.untilClosed()
			},
			do:   func(p *play) { req, _ := p.expecting("hello"); p.do(req) },
			want: `200 hello`,
		},
		{
			name: "Expect without a wait",
			serve: func(w *wire) {
				w.head()
				body := make([]byte, 5)
				io.ReadFull(w.in, body)
				w.say(whole(string(body)))
				w.untilClosed()
			},
			do:   func(p *play) { req, _ := p.expecting("hello"); p.do(req) },
			want: `200 hello`,
		},
	}
}

// atEnd is a reader that calls fn and is at its end.
type atEnd func()

func (fn atEnd) Read([]byte) (int, error) { fn(); return 0, io.EOF }
