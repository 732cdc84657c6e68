package sched_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// tlsLife is a stream on real sockets, and a real TLS server.
type tlsLife struct {
	t      *testing.T
	l      *loop.Loop
	s      *sched.Stream
	server *httptest.Server
	left   int
}

func newTLSLife(t *testing.T, handler http.HandlerFunc, o sched.Options) *tlsLife {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o.TLS == nil {
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		o.TLS = &tls.Config{RootCAs: roots}
	}
	v := &tlsLife{t: t, l: l, s: sched.New(l, o), server: server}
	t.Cleanup(func() { v.s.Close(); l.Close() })
	return v
}

func (v *tlsLife) run() {
	v.t.Helper()
	if err := v.l.Run(); err != nil {
		v.t.Fatal(err)
	}
}

// done counts a finished chain, and stops the loop after the last.
func (v *tlsLife) done() sched.Next {
	if v.left--; v.left == 0 {
		v.l.Stop()
	}
	return sched.Next{}
}

func TestTLSGet(t *testing.T) {
	v := newTLSLife(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello "+r.URL.Path) }, sched.Options{})
	v.left = 1
	steps := 0
	var read sched.Readback
	read = func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			t.Error(err)
			return v.done()
		}
		if got, want := string(resp.Body), "hello /a"; got != want {
			t.Errorf("got %q; want %q", got, want)
		}
		if got, want := resp.Reused, steps > 0; got != want {
			t.Errorf("step %d: reused is %v; want %v", steps, got, want)
		}
		if resp.Timing.TLS >= 0 != (steps == 0) {
			t.Errorf("step %d: TLS took %v", steps, resp.Timing.TLS)
		}
		if steps++; steps == 5 {
			return v.done()
		}
		return sched.Next{Request: resp.Request, Readback: read}
	}
	v.s.Add(sched.Get(v.server.URL+"/a"), read)
	v.run()
}

func TestTLSBurst(t *testing.T) {
	const n = 60
	v := newTLSLife(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }, sched.Options{})
	v.left = n
	for range n {
		body := bytes.Repeat([]byte("0123456789"), 30_000)
		req := sched.Get(v.server.URL)
		req.Method, req.Body = "POST", body
		v.s.Add(req, func(resp *sched.Response, err error) sched.Next {
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(resp.Body, body) {
				t.Errorf("got %d bytes; want the %d that were sent", len(resp.Body), len(body))
			}
			return v.done()
		})
	}
	v.run()
}

func TestTLSErrorsAreForPeople(t *testing.T) {
	v := newTLSLife(t, func(http.ResponseWriter, *http.Request) {}, sched.Options{})
	port := v.server.URL[strings.LastIndex(v.server.URL, ":"):]
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()

	for _, c := range []struct {
		name, url, want string
		as              func(error) bool
	}{
		{"wrong name", "https://localhost" + port, "the certificate is for example.com, *.example.com, 127.0.0.1, ::1, not for localhost", func(err error) bool {
			_, ok := errors.AsType[*tls.CertificateVerificationError](err)
			return ok
		}},
		{"plain port", strings.Replace(plain.URL, "http:", "https:", 1), "the server speaks plain HTTP on this port: use http", func(err error) bool {
			_, ok := errors.AsType[tls.RecordHeaderError](err)
			return ok
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.left = 1
			v.s.Add(sched.Get(c.url), func(_ *sched.Response, err error) sched.Next {
				e, ok := errors.AsType[*sched.Error](err)
				if !ok || e.Kind != sched.TLS || e.Phase != sched.PhaseTLS || !strings.HasSuffix(err.Error(), c.want) || !c.as(err) {
					t.Errorf("got %v; want tls: %s", err, c.want)
				}
				return v.done()
			})
			v.run()
		})
	}
}

func TestTLSOnThePlainPort(t *testing.T) {
	v := newTLSLife(t, func(http.ResponseWriter, *http.Request) {}, sched.Options{})
	v.left = 1
	v.s.Add(sched.Get(strings.Replace(v.server.URL, "https:", "http:", 1)), func(resp *sched.Response, err error) sched.Next {
		if err == nil && resp.Status != 400 { // net/http answers in plain HTTP
			t.Errorf("got %d; want an error or 400", resp.Status)
		}
		return v.done()
	})
	v.run()
}

func TestTLSCutBody(t *testing.T) {
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		raw, err := ln.Accept()
		if err != nil {
			return
		}
		c := tls.Server(raw, cert.TLS)
		c.Read(make([]byte, 4096))
		io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhalf")
		raw.Close() // and no close_notify
	}()
	roots := x509.NewCertPool()
	roots.AddCert(cert.Certificate())
	v := newTLSLife(t, nil, sched.Options{TLS: &tls.Config{RootCAs: roots}})
	v.left = 1
	v.s.Add(sched.Get("https://"+ln.Addr().String()), func(_ *sched.Response, err error) sched.Next {
		e, ok := errors.AsType[*sched.Error](err)
		if !ok || e.Kind != sched.TruncatedBody || string(e.Response.Body) != "half" {
			t.Errorf("got %v; want a truncated body with its half", err)
		}
		return v.done()
	})
	v.run()
}
