package sched_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// served is what nginx says of its requests, by connection, in the order of
// their ends. It stops the server, whose log is then complete.
func (p *peer) served(t *testing.T) (conns map[string][]string, requests int) {
	t.Helper()
	p.stop()
	text, err := os.ReadFile(filepath.Join(p.dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	conns = map[string][]string{}
	for line := range strings.Lines(string(text)) {
		conn, request, _ := strings.Cut(strings.TrimSpace(line), " ")
		conns[conn] = append(conns[conn], request)
		requests++
	}
	return conns, requests
}

// counted is the part of nginx's configuration that served needs.
const counted = `
	log_format counted '$connection $request_method $uri $status';
	access_log DIR/access.log counted;
`

// chain sends r so many times, one after the other, and returns what each
// readback saw.
func (v *life) chain(r *sched.Request, n int) []*outcome {
	v.t.Helper()
	all := make([]*outcome, 0, n)
	var read sched.Readback
	read = func(resp *sched.Response, err error) sched.Next {
		o := &outcome{}
		all = append(all, o)
		v.see(o)(resp, err)
		if len(all) == n {
			return sched.Next{}
		}
		return sched.Next{Request: r, Readback: read}
	}
	v.s.Add(r, read)
	v.wait()
	return all
}

// How nginx ends connections, and what both sides count.
func TestNginxKeepAlive(t *testing.T) {
	for _, c := range []struct {
		name, conf string
		field      string // of the request
		requests   int
		each       int // requests of a connection, at most
	}{
		{"as it comes", "", "", 40, 40},
		{"keepalive_requests", "keepalive_requests 10;", "", 95, 10},
		{"keepalive_requests 1", "keepalive_requests 1;", "", 5, 1},
		{"keepalive_timeout 0", "keepalive_timeout 0;", "", 5, 1},
		{"Keep-Alive: timeout=1", "keepalive_timeout 60s 1s;", "", 5, 1},
		{"Keep-Alive: timeout=60", "keepalive_timeout 60s 60s;", "", 20, 20},
		{"we ask to close", "", "close", 5, 1},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			t.Run(c.name+"/"+method, func(t *testing.T) {
				p := newNginx(t, counted+c.conf+`server { listen ADDR; location / { return 200 "hello"; } }`)
				v := newReal(t, sched.Options{})
				r := sched.Get("http://" + p.at + "/")
				r.Method = method
				if c.field != "" {
					r.Header.Add("Connection", c.field)
				}
				fresh := 0
				for i, o := range v.chain(r, c.requests) {
					if o.err != nil || o.status != 200 || o.info.Attempts != 1 {
						t.Errorf("request %d: got %v in %d attempts; want 200 in one", i, o, o.info.Attempts)
					}
					if !o.info.Reused {
						fresh++
					}
				}
				conns, requests := p.served(t)
				want := (c.requests + c.each - 1) / c.each
				if fresh != want || len(conns) != want || requests != c.requests {
					t.Errorf("%d fresh connections here, %d there, %d requests; want %d, %d, %d", fresh, len(conns), requests, want, want, c.requests)
				}
			})
		}
	}
}

// The server closes what has been idle for a second: we notice at once, and a
// request that may not be sent twice is sent once, over a new connection.
func TestNginxClosesWhatIsIdle(t *testing.T) {
	p := newNginx(t, counted+`keepalive_timeout 1s; server { listen ADDR; location / { return 200 "hello"; } }`)
	v := newReal(t, sched.Options{})
	v.fetch(sched.Get("http://" + p.at + "/"))
	for v.s.Stats().Idle > 0 {
		v.l.CallLater(ms(10), v.l.Stop)
		if err := v.l.Run(); err != nil {
			t.Fatal(err)
		}
	}
	o := v.fetch(post("http://"+p.at+"/", "body"))
	conns, requests := p.served(t)
	if o.err != nil || o.status != 200 || o.info.Reused || len(conns) != 2 || requests != 2 {
		t.Errorf("got %v, reused %v, %d requests over %d connections; want 200, two over two", o, o.info.Reused, requests, len(conns))
	}
}

// Bodies and statuses as nginx frames them; what is kept afterwards, and what
// the next request gets.
func TestNginxResponses(t *testing.T) {
	page := strings.Repeat("<p>All work and no play makes Jack a dull boy.</p>\n", 4000)
	files := t.TempDir()
	for name, text := range map[string]string{"page.html": page, "empty.html": "", "sorry.html": "sorry"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(files, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := newNginx(t, `
		access_log off;
		gzip on; gzip_min_length 1; gzip_vary on; if_modified_since before;
		client_max_body_size 1k;
		types { text/html html; }
		server {
			listen ADDR;
			root `+files+`;
			error_page 404 /sorry.html;
			location / { }
			location /until-close/ { alias `+files+`/; chunked_transfer_encoding off; }
			location /slow/ { alias `+files+`/; gzip off; limit_rate 400k; }
			location /204 { return 204; }
			location /500 { return 500; }
			location /444 { return 444; }
			location /body { proxy_pass http://ADDR/echo; }
			location /echo { return 200 "ok"; }
		}`)
	url := "http://" + p.at
	field := func(r *sched.Request, name, value string) *sched.Request {
		r.Header.Add(name, value)
		return r
	}
	decoded := func(r *sched.Request) *sched.Request {
		r.Decode = true
		return r
	}
	head := sched.Get(url + "/page.html")
	head.Method = "HEAD"
	for _, c := range []struct {
		name   string
		r      *sched.Request
		status int
		body   string // "*": not looked at
		header string // "Name: value" that must be there
		kept   bool
	}{
		{"a file", sched.Get(url + "/page.html"), 200, page, fmt.Sprintf("Content-Length: %d", len(page)), true},
		{"an empty file", sched.Get(url + "/empty.html"), 200, "", "Content-Length: 0", true},
		{"gzip, chunked", decoded(sched.Get(url + "/page.html")), 200, page, "Transfer-Encoding: chunked", true},
		{"gzip, until close", decoded(sched.Get(url + "/until-close/page.html")), 200, page, "Connection: close", false},
		{"gzip, not taken off", field(sched.Get(url+"/page.html"), "Accept-Encoding", "gzip"), 200, "*", "Content-Encoding: gzip", true},
		{"a range", field(sched.Get(url+"/page.html"), "Range", "bytes=3-5"), 206, "All", fmt.Sprintf("Content-Range: bytes 3-5/%d", len(page)), true},
		{"the end", field(sched.Get(url+"/page.html"), "Range", "bytes=-4"), 206, "/p>\n", "", true},
		{"two ranges", field(sched.Get(url+"/page.html"), "Range", "bytes=0-1,5-6"), 206, "*", "", true},
		{"no such range", field(sched.Get(url+"/page.html"), "Range", "bytes=9999999-"), 416, "*", fmt.Sprintf("Content-Range: bytes */%d", len(page)), true},
		{"not modified", field(sched.Get(url+"/page.html"), "If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"), 304, "", "", true},
		{"HEAD", head, 200, "", fmt.Sprintf("Content-Length: %d", len(page)), true},
		{"204", sched.Get(url + "/204"), 204, "", "", true},
		{"an error page", sched.Get(url + "/nothing"), 404, "sorry", "", true},
		{"500", sched.Get(url + "/500"), 500, "*", "Connection: close", false},
		{"a directory", sched.Get(url + "/dir"), 301, "*", "Location: " + url + "/dir/", true},
		{"a method that is not allowed", post(url+"/page.html", "x"), 405, "*", "", true},
		{"a body that is", post(url+"/body", "x"), 200, "ok", "", true},
		{"a body that is too long", post(url+"/body", strings.Repeat("x", 4<<20)), 413, "*", "Connection: close", false},
		{"slow", sched.Get(url + "/slow/page.html"), 200, page, "", true},
		{"a head that is too long", field(sched.Get(url+"/"), "X", strings.Repeat("x", 64<<10)), 400, "*", "Connection: close", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newReal(t, sched.Options{})
			o := &outcome{}
			header := ""
			v.s.Add(c.r, func(resp *sched.Response, err error) sched.Next {
				if resp != nil {
					name, _, _ := strings.Cut(c.header, ": ")
					header = name + ": " + resp.Header.Get(name)
				}
				return v.see(o)(resp, err)
			})
			v.wait()
			if o.err != nil || o.status != c.status || c.body != "*" && o.body != c.body {
				t.Fatalf("got %v; want %d with %d bytes", o, c.status, len(c.body))
			}
			if c.header != "" && header != c.header {
				t.Errorf("got %q; want %q", header, c.header)
			}
			if got := v.s.Stats().Idle == 1; got != c.kept {
				t.Errorf("the connection is kept: %v; want %v", got, c.kept)
			}
			next := v.fetch(sched.Get(url + "/echo"))
			if next.err != nil || next.body != "ok" || next.info.Reused != c.kept {
				t.Errorf("then got %v, reused %v; want ok, reused %v", next, next.info.Reused, c.kept)
			}
		})
	}
	t.Run("no answer at all", func(t *testing.T) {
		v := newReal(t, sched.Options{})
		v.fetch(sched.Get(url + "/echo")) // a kept connection: it is replayed, once
		o := v.fetch(sched.Get(url + "/444"))
		if o.kind != sched.EmptyReply || o.info.Attempts != 2 || o.info.Reused {
			t.Errorf("got %v in %d attempts; want empty_reply in 2", o, o.info.Attempts)
		}
	})
}

// A slow body does not hold up others, and comes in pieces.
func TestNginxSlowBody(t *testing.T) {
	page := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	files := t.TempDir()
	if err := os.WriteFile(filepath.Join(files, "page"), page, 0o644); err != nil {
		t.Fatal(err)
	}
	at := startNginx(t, `server { listen ADDR; root `+files+`;
		location /page { limit_rate 64k; } location /fast { return 200 "fast"; } }`)
	v := newReal(t, sched.Options{})
	slow := sched.Get("http://" + at + "/page")
	var got []byte
	pieces, answered, atFirst := 0, 0, -1
	slow.OnBody = func(_ *sched.Response, piece []byte) error {
		if pieces++; pieces == 1 {
			atFirst = answered
		}
		got = append(got, piece...)
		return nil
	}
	o := &outcome{}
	v.s.Add(slow, v.see(o))
	for range 200 {
		v.s.Add(sched.Get("http://"+at+"/fast"), func(_ *sched.Response, err error) sched.Next {
			if err != nil || o.calls > 0 {
				t.Errorf("got %v, slow one done %v; want an answer before the slow one", err, o.calls > 0)
			}
			answered++
			return sched.Next{}
		})
	}
	v.wait()
	if o.err != nil || !bytes.Equal(got, page) || pieces < 2 || answered != 200 || atFirst == 200 {
		t.Errorf("got %v, %d bytes in %d pieces, %d others; want %d bytes in some, 200", o, len(got), pieces, answered, len(page))
	}
}

// Ports of nginx that speak something else: HTTP/2 alone, and TLS, where it
// answers a plain request with a page.
func TestNginxOnAnotherPort(t *testing.T) {
	v := newReal(t, sched.Options{})
	o := v.fetch(sched.Get("http://" + startNginx(t, `server { listen ADDR http2; location / { return 200 "hello"; } }`) + "/"))
	if o.kind != sched.MalformedHead || !strings.HasSuffix(o.err.Error(), "the server speaks HTTP/2 on this port without being asked") {
		t.Errorf("got %v; want the hint", o)
	}
	o = v.fetch(sched.Get("http://" + startNginxTLS(t, "TLSv1.3") + "/"))
	if o.status != 400 || !strings.Contains(o.body, "The plain HTTP request was sent to HTTPS port") {
		t.Errorf("got %v; want nginx's own word", o)
	}
}
