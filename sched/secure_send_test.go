package sched_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// injections are what somebody writes who wants one request to be two, or a
// field to bring another along.
var injections = []string{
	"x\r\nEvil: 1", "x\nEvil: 1", "x\rEvil: 1", "\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n", "x\x00Evil: 1",
	"x HTTP/1.1\r\nEvil: 1\r\nX: ", "x\r\n Evil: 1", "x\x0bEvil: 1", "x\x0cEvil: 1", "x\u2028Evil: 1", "x\u560d\u560aEvil: 1", "x\xe5\x98\x8aEvil: 1",
	"x\x7f", "\t x", "x\x1b", "%0d%0aEvil: 1", "x y", "x\u00a0y", "x#y", "x@evil.example", "x\\y", "x,y", "x:y", ":", "x;y", "\"x\"", "x/../y", "\xff",
}

// Whatever a caller puts into a request, the server sees one request without a
// field that nobody named; or none at all, and the readback hears InvalidRequest.
func TestInjection(t *testing.T) {
	get := func() *sched.Request { return sched.Get("http://a.example/") }
	field := func(r *sched.Request, name, value string) *sched.Request {
		r.Header = append(r.Header, httpwire.Field{Name: name, Value: value})
		return r
	}
	places := []struct {
		name string
		put  func(evil string, o *sched.Options) *sched.Request
	}{
		{"method", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.Method = evil; return r }},
		{"target", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.Target = "/" + evil; return r }},
		{"Host", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.Host = evil; return r }},
		{"Host field", func(evil string, _ *sched.Options) *sched.Request { return field(get(), "Host", evil) }},
		{"name", func(evil string, _ *sched.Options) *sched.Request { return field(get(), evil, "x") }},
		{"value", func(evil string, _ *sched.Options) *sched.Request { return field(get(), "X", evil) }},
		{"Cookie", func(evil string, _ *sched.Options) *sched.Request { return field(get(), "Cookie", evil) }},
		{"Transfer-Encoding", func(evil string, _ *sched.Options) *sched.Request { return field(get(), "Transfer-Encoding", evil) }},
		{"Content-Length", func(evil string, _ *sched.Options) *sched.Request { return field(get(), "Content-Length", evil) }},
		{"Content-Length of a body", func(evil string, _ *sched.Options) *sched.Request {
			return field(post("http://a.example/", "GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n"), "Content-Length", "0"+evil)
		}},
		{"both framings", func(evil string, _ *sched.Options) *sched.Request {
			return field(field(post("http://a.example/", "0\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n"), "Transfer-Encoding", "chunked"), "X", evil)
		}},
		{"path", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.Path = "/" + evil; return r }},
		{"raw path", func(evil string, _ *sched.Options) *sched.Request {
			r := get()
			r.URL.Path, r.URL.RawPath = "/"+evil, "/"+evil
			return r
		}},
		{"query", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.RawQuery = evil; return r }},
		{"opaque", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.Opaque = "/" + evil; return r }},
		{"opaque alone", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.Opaque = evil; return r }},
		{"host", func(evil string, o *sched.Options) *sched.Request {
			o.Resolve = here
			r := get()
			r.URL.Host = evil
			return r
		}},
		{"scheme", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.Scheme = evil; return r }},
		{"fragment", func(evil string, _ *sched.Options) *sched.Request { r := get(); r.URL.Fragment = evil; return r }},
		{"user", func(evil string, _ *sched.Options) *sched.Request {
			r := get()
			r.URL.User = url.UserPassword(evil, evil)
			return r
		}},
		{"Auth", func(evil string, _ *sched.Options) *sched.Request {
			r := get()
			r.Auth = &sched.Auth{User: evil, Password: evil}
			return r
		}},
		{"cookie of the jar", func(evil string, o *sched.Options) *sched.Request {
			r := get()
			o.Jar = cookiesOf{{Name: "a", Value: evil}}
			return r
		}},
		{"name of a cookie of the jar", func(evil string, o *sched.Options) *sched.Request {
			o.Jar = cookiesOf{{Name: evil, Value: "b"}}
			return get()
		}},
		{"trailer", func(evil string, _ *sched.Options) *sched.Request {
			r := get()
			r.Method = "PUT"
			r.Upload = &sched.Upload{
				Length:  httpwire.Chunked,
				Open:    func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil },
				Trailer: func() httpwire.Header { return httpwire.Header{{Name: "X", Value: evil}, {Name: evil, Value: "x"}} },
			}
			return r
		}},
	}
	sent, refused := 0, 0
	for _, place := range places {
		for _, evil := range injections {
			o := sched.Options{}
			r := place.put(evil, &o)
			v := newLife(t, sim.Options{}, o)
			var wire bytes.Buffer
			answered := false
			v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func(b []byte) {
					wire.Write(b)
					if !answered && bytes.Contains(wire.Bytes(), []byte("\r\n\r\n")) {
						answered = true
						p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
					}
				}
			})
			v.w.Host("x", addr.Addr())
			out := v.do(r)
			v.run()
			if out.err != nil {
				refused++
				if k := out.kind; k != sched.InvalidRequest && k != sched.BadUpload && k != sched.Resolve && k != sched.Connect {
					t.Errorf("%s %q: got %v; want it to be refused as a request", place.name, evil, out)
				}
			} else {
				sent++
			}
			if wire.Len() > 0 {
				if problem := moreThanOne(wire.Bytes(), out.err != nil); problem != "" {
					t.Errorf("%s %q: the server got %q: %s", place.name, evil, wire.Bytes(), problem)
				}
			}
		}
	}
	t.Logf("%d places, %d injections each: %d sent as one harmless request, %d refused", len(places), len(injections), sent, refused)
}

// cookiesOf is a jar that holds what no honest jar would.
type cookiesOf []*http.Cookie

func (cookiesOf) SetCookies(*url.URL, []*http.Cookie) {}
func (c cookiesOf) Cookies(*url.URL) []*http.Cookie   { return c }

// moreThanOne says how wire is more than one request with the fields that we
// know of. If cut, its body may be missing.
func moreThanOne(wire []byte, cut bool) string {
	head, _, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") {
			return "a line has a bare CR or LF, or NUL"
		}
	}
	br := bufio.NewReader(bytes.NewReader(wire))
	r, err := http.ReadRequest(br)
	if err != nil {
		if strings.Contains(err.Error(), "malformed Host") || strings.Contains(err.Error(), "invalid URI") || strings.Contains(err.Error(), "parse ") {
			return "" // one head that this server refuses
		}
		return err.Error()
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil && !cut {
		return err.Error()
	}
	if rest, _ := io.ReadAll(br); len(rest) > 0 {
		return "bytes behind the request"
	}
	for name := range r.Header {
		if strings.EqualFold(name, "Evil") {
			return "a field that nobody named"
		}
	}
	if len(r.TransferEncoding) > 0 && r.Header.Get("Content-Length") != "" {
		return "two framings"
	}
	return ""
}

// What a server says in Location and Set-Cookie comes back to it, or to another
// one, as one harmless request, or not at all.
func FuzzRedirectAndCookie(f *testing.F) {
	f.Add("http://b.example/x?y#z", "a=b; Path=/; Domain=example")
	f.Add("//b.example:80/\\..\\x", "a=\"b c\"; HttpOnly")
	f.Add("/\r\nEvil: 1", "a=b\r\nEvil: 1")
	f.Add("http://me:secret@b.example/%0d%0aEvil:%201", "a=\x01; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	f.Add("?\x7f \u4f60", "=b")
	for _, evil := range injections {
		f.Add(evil, evil+"="+evil)
	}
	f.Fuzz(func(t *testing.T, location, cookie string) {
		if len(location)+len(cookie) > 4000 {
			t.Skip("longer than teaches anything")
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		v := newLife(t, sim.Options{}, sched.Options{Jar: jar, Resolve: here})
		var seen []string
		v.w.Listen(addr, func(p *sim.Peer) {
			p.OnData = func(b []byte) {
				seen = append(seen, string(b))
				if len(seen) == 1 {
					fmt.Fprintf(writerTo{p}, "HTTP/1.1 307 x\r\nContent-Length: 0\r\nLocation: %s\r\nSet-Cookie: %s\r\n\r\n", location, cookie)
					return
				}
				p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			}
		})
		r := sched.Get("http://a.example/")
		r.MaxRedirects = 1
		r.Header = httpwire.Header{{Name: "Authorization", Value: "secret-auth"}}
		r.Refer = true
		o := v.do(r)
		v.run()
		if o.calls != 1 || len(seen) > 2 {
			t.Fatalf("the readback was called %d times, the server heard %q", o.calls, seen)
		}
		for _, wire := range seen {
			if problem := moreThanOne([]byte(wire), false); problem != "" && !strings.Contains(location+cookie, "vil") {
				t.Errorf("the server got %q: %s", wire, problem)
			} else if problem != "" && problem != "a field that nobody named" {
				t.Errorf("the server got %q: %s", wire, problem)
			}
		}
		if len(seen) == 2 && strings.Contains(seen[1], "secret-auth") && !slices.Contains(strings.Split(seen[1], "\r\n"), "Host: a.example") {
			t.Errorf("another origin got the credentials: %q", seen[1])
		}
	})
}

type writerTo struct{ p *sim.Peer }

func (w writerTo) Write(b []byte) (int, error) { w.p.Write(bytes.Clone(b)); return len(b), nil }
