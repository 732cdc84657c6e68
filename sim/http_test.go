package sim_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// answer replies with the method, the path and the body of the request.
func answer(x *sim.Exchange) {
	x.Reply(200, nil, fmt.Appendf(nil, "%s %s %q", x.Request.Method, x.Request.URL.Path, x.Body))
}

func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestHTTP(t *testing.T) {
	for _, tt := range []struct{ name, send, got string }{
		{"GET", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ok(`GET /a ""`)},
		{"two, pipelined", "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", ok(`GET /a ""`) + ok(`GET /b ""`)},
		{"body", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", ok(`POST /p "hello"`)},
		{"body, then another", "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: h\r\n\r\n", ok(`POST /p "hello"`) + ok(`GET /b ""`)},
		{"chunked", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", ok(`POST /p "hello"`) + ok(`GET /b ""`)},
		{"HEAD", "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"},
		{"close", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n" + `GET /a ""`},
		{"HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n" + `GET /a ""`},
		{"not HTTP", "hello\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 30\r\n\r\n" + `malformed HTTP request "hello"`},
		{"bad chunk", "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 28\r\n\r\ninvalid byte in chunk length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			closes := strings.Contains(tt.got, "Connection: close")
			for _, f := range []sim.Fault{{}, {ShortWrite: 1}} { // whole, and byte by byte
				p := newProgram(t, sim.Options{})
				p.w.Listen(server1, sim.HTTP(answer)).Fault(1, f)
				c := p.dial(server1, tt.send)
				p.run()
				if got := string(c.got); got != tt.got {
					t.Errorf("%+v: got %q; want %q", f, got, tt.got)
				}
				if closed := c.end != nil; closed != closes {
					t.Errorf("%+v: got end %v; want an end %v", f, c.end, closes)
				}
			}
		})
	}
}

func TestHTTPHeadWithoutEnd(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Listen(server1, sim.HTTP(answer))
	c := p.dial(server1, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 1<<20))
	p.run()
	if got, want := string(c.got), "the head of the request does not end"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q; want the end %q", got, want)
	}
}

// Replies that are given out of order go out in order (RFC 9112 section 9.3.2).
func TestHTTPParked(t *testing.T) {
	p := newProgram(t, sim.Options{})
	parked := make(map[string]*sim.Exchange)
	p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) { parked[x.Request.URL.Path] = x }))
	p.w.After(10*ms, func() { answer(parked["/c"]) })
	p.w.After(20*ms, func() { parked["/b"].Write([]byte("HTTP/1.1 200 OK\r\n")) })
	p.w.After(30*ms, func() { answer(parked["/a"]) })
	p.w.After(40*ms, func() { parked["/b"].Raw([]byte("Content-Length: 0\r\n\r\n")) })
	c := p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n")
	p.run()
	c.want(ok(`GET /a ""`)+"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"+ok(`GET /c ""`), nil, 0)
	if got, want := c.log.String(), "31ms 64 bytes\n41ms 68 bytes\n"; got != want {
		t.Errorf("got reads %q; want %q", got, want)
	}
}

// After a request that asks for a close, what comes is not read any more, even
// while the reply is being thought about.
func TestHTTPNothingAfterClose(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var paths []string
	p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) {
		paths = append(paths, x.Request.URL.Path)
		p.w.After(time.Second, func() { answer(x) })
	}))
	p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
	p.run()
	if want := []string{"/a"}; !slices.Equal(paths, want) {
		t.Errorf("got %q; want %q", paths, want)
	}
}

// A parked request hears that its client has gone, and a late reply does no
// harm.
func TestHTTPGone(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var gone []string
	p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) {
		x.OnGone = func() { gone = append(gone, fmt.Sprint(p.w.Now(), " ", x.Request.URL.Path)) }
		if x.Request.URL.Path == "/b" {
			answer(x) // complete, though it waits for /a
			return
		}
		p.w.After(time.Second, func() { answer(x) })
	}))
	c := p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
	p.w.After(10*ms, func() { c.close(nil) })
	p.run()
	if want := []string{"11ms /a"}; !slices.Equal(gone, want) {
		t.Errorf("got %q; want %q", gone, want)
	}
}

func TestHTTPSecondReply(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) { answer(x); answer(x) }))
	c := p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
	p.l.CallLater(time.Second, p.l.Stop)
	if err := p.l.Run(); err != nil {
		t.Fatal(err)
	}
	c.want(ok(`GET /a ""`), nil, 0)
	if got, want := p.w.Violations(), []string{"a second reply to 192.0.2.1:49152"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// What Reply writes is what net/http reads.
func TestReply(t *testing.T) {
	for _, tt := range []struct {
		status int
		header http.Header
		body   string
		length int64 // as net/http tells it
		close  bool
	}{
		{200, nil, "hello", 5, false},
		{200, http.Header{"X-B": {"2"}, "X-A": {"1", "1"}}, "", 0, false},
		{404, http.Header{"Connection": {"close"}}, "no", 2, true},
		{204, nil, "never sent", 0, false},
		{304, nil, "never sent", 0, false},
		{299, nil, "a status without a name", 23, false},
	} {
		p := newProgram(t, sim.Options{})
		p.w.Listen(server1, sim.HTTP(func(x *sim.Exchange) { x.Reply(tt.status, tt.header, []byte(tt.body)) }))
		c := p.dial(server1, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
		p.run()
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(c.got))), nil)
		if err != nil {
			t.Fatalf("%d: %v in %q", tt.status, err, c.got)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("%d: %v", tt.status, err)
		}
		want := tt.body
		if tt.status == 204 || tt.status == 304 {
			want = ""
		}
		if string(body) != want || resp.ContentLength != tt.length || resp.StatusCode != tt.status || resp.Close != tt.close {
			t.Errorf("got %d, %q, length %d, close %v; want %d, %q, %d, %v",
				resp.StatusCode, body, resp.ContentLength, resp.Close, tt.status, want, tt.length, tt.close)
		}
		for k, v := range tt.header {
			if k != "Connection" && !slices.Equal(resp.Header[k], v) {
				t.Errorf("%s: got %q; want %q", k, resp.Header[k], v)
			}
		}
		if closed := c.end == io.EOF; closed != tt.close {
			t.Errorf("%d: got end %v; want closed %v", tt.status, c.end, tt.close)
		}
	}
}
