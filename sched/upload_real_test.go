package sched_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// do sends one request over real sockets, on a loop of its own, and returns what
// the readback got. meanwhile, if not nil, runs on the loop's goroutine once it
// runs, and may cancel the chain.
func do(t *testing.T, o sched.Options, req *sched.Request, meanwhile func(*loop.Loop, sched.Chain)) (resp *sched.Response, err error) {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := sched.New(l, o)
	defer s.Close() // the readback may have to be called by this
	chain := s.Add(req, func(r *sched.Response, e error) sched.Next {
		if r != nil {
			resp = r.Clone()
		}
		err = e
		l.Stop()
		return sched.Next{}
	})
	if meanwhile != nil {
		l.AddCallback(func() { meanwhile(l, chain) })
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	return resp, err
}

// digest answers with how much came, and its SHA-256.
var digest = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, "%d %x %s", n, h.Sum(nil), r.Trailer.Get("Sum"))
})

// server serves h on loopback, over TLS if so asked.
func server(t *testing.T, h http.Handler, secure bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func TestUploadOverSockets(t *testing.T) {
	body := noise(3_000_001)
	want := fmt.Sprintf("%d %x ", len(body), sha256.Sum256(body))
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := sched.UploadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, secure := range []bool{false, true} {
		s := server(t, digest, secure)
		o := sched.Options{}
		if secure {
			o.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
		}
		for _, c := range []struct {
			name   string
			upload func() *sched.Upload
			want   string
		}{
			{"a file", func() *sched.Upload { return file }, want},
			{"a pipe, in chunks", func() *sched.Upload {
				r, w := io.Pipe()
				go func() {
					for i := 0; i < len(body); i += 50_000 {
						w.Write(body[i:min(len(body), i+50_000)])
					}
					w.Close()
				}()
				u := sched.UploadReader(r, httpwire.Chunked)
				u.Trailer = func() httpwire.Header { return httpwire.Header{{Name: "Sum", Value: "whole"}} }
				return u
			}, want + "whole"},
		} {
			t.Run(fmt.Sprintf("%s, TLS %v", c.name, secure), func(t *testing.T) {
				resp, err := do(t, o, put(s.URL, c.upload()), nil)
				if err != nil {
					t.Fatal(err)
				}
				if string(resp.Body) != c.want {
					t.Errorf("got %q; want %q", resp.Body, c.want)
				}
			})
		}
	}
}

// A Read that never returns by itself is woken by Close and not waited for,
// however the request ends.
func TestBlockedReaderIsAbandoned(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(*loop.Loop, sched.Chain)
		kind      sched.Kind // "": a response
	}{
		{"cancelled", func(l *loop.Loop, c sched.Chain) { l.CallLater(100*time.Millisecond, c.Cancel) }, sched.Cancelled},
		{"closed", func(l *loop.Loop, c sched.Chain) { l.CallLater(100*time.Millisecond, l.Stop) }, sched.Cancelled},
		{"too long", nil, sched.TotalTimeout},
		{"answered", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.name == "answered" {
					http.NewResponseController(w).EnableFullDuplex()
					w.Write([]byte("enough"))
					return
				}
				io.Copy(io.Discard, r.Body)
			}), false)
			files := openFiles()
			r, w := io.Pipe()
			req := put(s.URL, sched.UploadReader(r, httpwire.Chunked))
			if c.name == "too long" {
				req.Timeouts.Total = 200 * time.Millisecond
			}
			resp, err := do(t, sched.Options{}, req, c.meanwhile)
			e, _ := errors.AsType[*sched.Error](err)
			if c.kind == "" && (err != nil || string(resp.Body) != "enough") || c.kind != "" && (e == nil || e.Kind != c.kind) {
				t.Errorf("got %v, %v; want %s", resp, err, c.kind)
			}
			// The Read that was under way may take one more byte; then the pipe is
			// closed, or this test hangs.
			for err = nil; err == nil; {
				_, err = w.Write([]byte("x"))
			}
			if err != io.ErrClosedPipe {
				t.Errorf("write: got %v; want %v", err, io.ErrClosedPipe)
			}
			if now := openFiles(); now > files+1 { // the server may not have seen the end yet
				t.Errorf("%d descriptors are open; want the %d of before", now, files)
			}
		})
	}
}

// A body that is all there but does not end is sent all the same.
func TestBodyWithoutEnd(t *testing.T) {
	s := server(t, digest, false)
	for _, body := range []string{"", "hello"} {
		r, w := io.Pipe()
		go w.Write([]byte(body))
		resp, err := do(t, sched.Options{}, put(s.URL, sched.UploadReader(r, int64(len(body)))), nil)
		if err != nil || string(resp.Body) != fmt.Sprintf("%d %x ", len(body), sha256.Sum256([]byte(body))) {
			t.Errorf("%q: got %v, %v; want its digest", body, resp, err)
		}
		for err = nil; err == nil; { // until it is closed, or this test hangs
			_, err = w.Write([]byte("x"))
		}
	}
}

// A connection that is kept after an upload holds none of its memory.
func TestUploadLeavesNoMemory(t *testing.T) {
	const many, bound = 100, 8 << 10 // each: a connection here, and one of the server's
	s := server(t, digest, false)
	v := newReal(t, sched.Options{})
	all := func(length int) {
		for range many {
			u := sched.UploadReader(io.LimitReader(zeros{}, int64(length)), int64(length))
			v.s.Add(put(s.URL, u), func(_ *sched.Response, err error) sched.Next {
				if err != nil {
					t.Error(err)
				}
				return sched.Next{}
			})
		}
		v.wait()
	}
	all(1) // what the connections themselves cost
	before := inUse()
	all(100_000)
	each := (inUse() - before) / many
	t.Logf("%d bytes for each of %d connections that are idle after an upload", each, v.s.Stats().Idle)
	if each > bound || v.s.Stats().Idle < many/2 {
		t.Errorf("%d bytes each; want no more than %d", each, bound)
	}
}
