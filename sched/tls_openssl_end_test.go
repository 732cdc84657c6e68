package sched_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// Whole files behind a head of HTTP/1.0, or with the head that they bring, and
// then a close_notify: the end is an end.
func TestOpenSSLFiles(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<14)
	for _, c := range []struct {
		name, mode, file string
		proto, body      string
	}{
		{"HTTP/1.0", "-WWW", long, "HTTP/1.0", long},
		{"HTTP/1.0, empty", "-WWW", "", "HTTP/1.0", ""},
		{"1.1, until close", "-HTTP", "HTTP/1.1 200 OK\r\n\r\n" + long, "HTTP/1.1", long},
		{"1.0 with a length", "-HTTP", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.0", "body"},
		{"1.1 with a length", "-HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1", "body"},
		{"1.1, chunked", "-HTTP", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "HTTP/1.1", "body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir() // where the server looks for files
			if err := os.WriteFile(filepath.Join(dir, "file"), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			s := startOpenSSLIn(t, dir, c.mode)
			v := newReal(t, trusting(sched.Options{}))
			proto := ""
			r := sched.Get("https://" + s.at + "/file")
			for range 3 {
				o := &outcome{}
				v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
					if resp != nil {
						proto = resp.Proto
					}
					return v.see(o)(resp, err)
				})
				v.wait()
				if o.err != nil || o.status != 200 || o.body != c.body || proto != c.proto {
					t.Fatalf("got %s %v; want %s and %d bytes", proto, o, c.proto, len(c.body))
				}
			}
		})
	}
}

// A server that goes without a close_notify: what was framed is whole, and what
// was not may be a part.
func TestOpenSSLCut(t *testing.T) {
	const ok = sched.Kind("")
	for _, c := range []struct {
		name, wire string
		kind       sched.Kind
		body       string
	}{
		{"length, whole", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", ok, "body"},
		{"length, part", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", sched.TruncatedBody, ""},
		{"until close", "HTTP/1.1 200 OK\r\n\r\nbody", sched.TruncatedBody, ""},
		{"head", "HTTP/1.1 200 OK\r\nContent-Len", sched.TruncatedHead, ""},
		{"nothing", "", sched.EmptyReply, ""},
	} {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			t.Run(c.name+"/"+version, func(t *testing.T) {
				s := startOpenSSL(t, version, "-num_tickets", "0") // a ticket would pass for the response
				r := newRelay(t, s.at, 4096)
				v := newReal(t, trusting(sched.Options{}))
				served := make(chan struct{})
				go func() {
					defer close(served)
					s.expect("GET / ")
					s.expect("\r\n\r\n")
					if c.wire != "" {
						r.drain()
						s.say(c.wire)
						passed(t, r.down)
					}
					s.say("q\n") // it closes the socket
				}()
				o := v.fetch(sched.Get("https://" + r.at + "/"))
				<-served
				if o.calls != 1 || o.kind != c.kind || o.body != c.body {
					t.Errorf("got %d calls, %v; want one, kind %q", o.calls, o, c.kind)
				}
			})
		}
	}
}

// In the middle of a response the server speaks no TLS any more.
func TestOpenSSLPlainTextInBetween(t *testing.T) {
	s := startOpenSSL(t, "-num_tickets", "0")
	r := newRelay(t, s.at, 4096)
	v := newReal(t, trusting(sched.Options{}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.expect("GET / ")
		s.expect("\r\n\r\n")
		r.drain()
		s.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbody")
		passed(t, r.down)
		s.say("P\n")
	}()
	o := v.fetch(sched.Get("https://" + r.at + "/"))
	<-served
	if o.kind != sched.TLS || o.phase != sched.PhaseBody || !strings.Contains(o.err.Error(), "what the server sent makes no sense: ") {
		t.Errorf("got %v; want tls in body", o)
	}
}

// What we send is changed on its way: the server says by an alert what it
// thinks of that, and the request, of which bytes were sent, is not sent again.
func TestOpenSSLAlertInsteadOfAResponse(t *testing.T) {
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			s := startOpenSSL(t, version, "-num_tickets", "0") // a ticket would pass for the response
			r := newRelay(t, s.at, 4096)
			v := newReal(t, trusting(sched.Options{}))
			served := make(chan struct{})
			go func() {
				defer close(served)
				s.expect("GET / ")
				s.expect("\r\n\r\n")
				s.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}()
			url := "https://" + r.at + "/"
			if o := v.fetch(sched.Get(url)); o.err != nil {
				t.Fatal(o)
			}
			<-served
			r.forge.Store(true)
			o := v.fetch(post(url, "body"))
			if o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), "the server refused: bad record MAC") || o.info.Attempts != 1 || !o.info.Reused {
				t.Errorf("got %v in %d attempts, reused %v; want tls: bad record MAC in one, on the kept connection", o, o.info.Attempts, o.info.Reused)
			}
		})
	}
}
