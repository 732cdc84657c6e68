package sched_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// trickle is a body that comes in pieces of odd sizes, from another goroutine.
func trickle(body []byte) *sched.Upload {
	return &sched.Upload{
		Length: httpwire.Chunked,
		Open: func() (io.ReadCloser, error) {
			r, w := io.Pipe()
			go func() {
				for size, rest := 1, body; len(rest) > 0; size = size*3%100_003 + 1 {
					n := min(size, len(rest))
					if _, err := w.Write(rest[:n]); err != nil {
						return
					}
					rest = rest[n:]
				}
				w.Close()
			}()
			return r, nil
		},
	}
}

// nginx keeps what is PUT, and asks for it first if it was asked.
func TestUploadToNginx(t *testing.T) {
	cert, key := certFiles(t)
	body := noise(5_000_003)
	for scheme, secure := range map[string]string{
		"http":  "listen ADDR;",
		"https": "listen ADDR ssl; ssl_certificate " + cert + "; ssl_certificate_key " + key + ";",
	} {
		n := newNginx(t, `
			access_log off;
			client_max_body_size 16m;
			server { `+secure+` location / { root DIR; dav_methods PUT; create_full_put_path on; } }`)
		v := newReal(t, trusting(sched.Options{}))
		for _, c := range []struct {
			name   string
			upload *sched.Upload
			expect time.Duration
		}{
			{"file", fileOf(t, body), 0},
			{"file-expect", fileOf(t, body), time.Minute},
			{"pipe", trickle(body), 0},
			{"pipe-expect", trickle(body), time.Minute},
		} {
			t.Run(scheme+"/"+c.name, func(t *testing.T) {
				req := put(scheme+"://"+n.at+"/"+c.name, c.upload)
				req.ExpectContinue = c.expect
				interims, last := 0, int64(0)
				req.OnInterim = func(r *sched.Response) {
					if interims++; r.Status != 100 || last != 0 {
						t.Errorf("got %d after %d bytes; want a 100 before the body", r.Status, last)
					}
				}
				req.OnSent = func(sent int64) { last = sent }
				o := v.fetch(req)
				got, err := os.ReadFile(filepath.Join(n.dir, c.name))
				if o.err != nil || o.status != 201 || err != nil || !bytes.Equal(got, body) {
					t.Errorf("got %v, and %d bytes, %v; want 201, and the %d that were sent", o, len(got), err, len(body))
				}
				if last != int64(len(body)) || (interims == 1) != (c.expect > 0) {
					t.Errorf("OnSent heard of %d bytes, and there were %d interim responses", last, interims)
				}
			})
		}
	}
}

func fileOf(t *testing.T, body []byte) *sched.Upload {
	t.Helper()
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := sched.UploadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A body that nginx does not want is refused: before it was opened if we asked,
// and in the midst of it if not.
func TestNginxRefusesABody(t *testing.T) {
	at := startNginx(t, `
		client_max_body_size 1k;
		server { listen ADDR; location / { root DIR; dav_methods PUT; } }`)
	for _, expect := range []time.Duration{0, time.Minute} {
		v := newReal(t, sched.Options{})
		var opened atomic.Int32 // on the body's goroutine
		u := &sched.Upload{Length: 1 << 30, Open: func() (io.ReadCloser, error) {
			opened.Add(1)
			return io.NopCloser(zeros{}), nil
		}}
		req := put("http://"+at+"/big", u)
		req.ExpectContinue = expect
		o := v.fetch(req)
		if o.err != nil || o.status != 413 {
			t.Errorf("got %v; want 413", o)
		}
		if asked := expect > 0; asked != (opened.Load() == 0) {
			t.Errorf("asked first %v: the body was opened %d times", asked, opened.Load())
		}
		if got := v.s.Stats().Open; got != 0 {
			t.Errorf("%d connections are open; want none", got)
		}
	}
}

// Through an nginx that passes on what comes as it comes, to a server that
// answers while it reads.
func TestUploadThroughNginx(t *testing.T) {
	back := server(t, digest, false)
	at := startNginx(t, `
		client_max_body_size 0;
		server {
			listen ADDR;
			location / {
				proxy_pass `+back.URL+`;
				proxy_http_version 1.1;
				proxy_request_buffering off;
			}
		}`)
	body := noise(3_000_000)
	for name, u := range map[string]*sched.Upload{"file": fileOf(t, body), "pipe": trickle(body)} {
		direct, err := do(t, sched.Options{}, put(back.URL, u), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := do(t, sched.Options{}, put("http://"+at+"/", u), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(resp.Body, direct.Body) || !strings.HasPrefix(string(resp.Body), "3000000 ") {
			t.Errorf("%s: got %q; want %q", name, resp.Body, direct.Body)
		}
	}
}

// Go's server sends a 100 when its handler begins to read, and none if that
// answers without.
func TestExpectOfGo(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/no" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			digest(w, r)
		}), secure)
		o := sched.Options{}
		if secure {
			o.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
		}
		body := noise(1_000_000)
		for _, c := range []struct {
			path   string
			status int
			opened int32
		}{{"/", 200, 1}, {"/no", 401, 0}} {
			t.Run(fmt.Sprint(c.path, " TLS ", secure), func(t *testing.T) {
				var opened atomic.Int32
				req := put(s.URL+c.path, &sched.Upload{Length: int64(len(body)), Open: func() (io.ReadCloser, error) {
					opened.Add(1)
					return io.NopCloser(bytes.NewReader(body)), nil
				}})
				req.ExpectContinue = time.Minute
				resp, err := do(t, o, req, nil)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Status != c.status || opened.Load() != c.opened {
					t.Errorf("got %d, opened %d times; want %d, %d", resp.Status, opened.Load(), c.status, c.opened)
				}
			})
		}
	}
}
