package sched_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// What cannot be sent as asked fails, says why, and costs the connection.
func TestUploadFails(t *testing.T) {
	gone := errors.New("the disk is gone")
	reader := func(r io.Reader) func() io.Reader { return func() io.Reader { return r } }
	for _, c := range []struct {
		name   string
		upload func(*source) *sched.Upload
		kind   sched.Kind
		text   string
	}{
		{"short", func(s *source) *sched.Upload { return s.of(10, []byte("hello")) }, sched.BadUpload,
			"the body ended after 5 bytes; its Length is 10"},
		{"empty", func(s *source) *sched.Upload { return s.of(10, nil) }, sched.BadUpload,
			"the body ended after 0 bytes; its Length is 10"},
		{"long", func(s *source) *sched.Upload { return s.of(3, []byte("hello")) }, sched.BadUpload,
			"the body goes on after 4 bytes; its Length is 3"},
		{"Length forgotten", func(s *source) *sched.Upload { return s.of(0, []byte("hello")) }, sched.BadUpload,
			"the body goes on after 1 bytes; its Length is 0"},
		{"long, and read to the byte", func(s *source) *sched.Upload {
			return s.upload(3, reader(iotest.OneByteReader(strings.NewReader("hello"))))
		}, sched.BadUpload, "the body goes on after 4 bytes; its Length is 3"},
		{"long by far", func(s *source) *sched.Upload { return s.of(100_000, make([]byte, 1<<20)) }, sched.BadUpload,
			"the body goes on after 100001 bytes; its Length is 100000"},
		{"long after a whole slot", func(s *source) *sched.Upload { return s.of(32<<10, make([]byte, 32<<10+1)) }, sched.BadUpload,
			"the body goes on after 32769 bytes; its Length is 32768"},
		{"error at once", func(s *source) *sched.Upload {
			return s.upload(10, reader(iotest.ErrReader(gone)))
		}, sched.BadUpload, gone.Error()},
		{"error in the middle", func(s *source) *sched.Upload {
			return s.upload(1<<20, reader(io.MultiReader(bytes.NewReader(make([]byte, 100_000)), iotest.ErrReader(gone))))
		}, sched.BadUpload, gone.Error()},
		{"error in a chunk", func(s *source) *sched.Upload {
			return s.upload(httpwire.Chunked, reader(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(gone))))
		}, sched.BadUpload, gone.Error()},
		{"no progress", func(s *source) *sched.Upload {
			return s.upload(httpwire.Chunked, reader(idler{}))
		}, sched.BadUpload, io.ErrNoProgress.Error()},
		{"not to be opened", func(*source) *sched.Upload {
			return &sched.Upload{Open: func() (io.ReadCloser, error) { return nil, gone }, Length: 5}
		}, sched.BadUpload, gone.Error()},
		{"a trailer that is none", func(s *source) *sched.Upload {
			u := s.of(httpwire.Chunked, []byte("x"))
			u.Trailer = func() httpwire.Header { return httpwire.Header{{Name: "Host", Value: "b"}} }
			return u
		}, sched.BadUpload, "it is needed before the body"},
		{"no Open", func(*source) *sched.Upload { return &sched.Upload{} }, sched.InvalidRequest, "must have an Open"},
		{"a trailer and a length", func(s *source) *sched.Upload {
			u := s.of(1, []byte("x"))
			u.Trailer = func() httpwire.Header { return nil }
			return u
		}, sched.InvalidRequest, "set Length to httpwire.Chunked"},
		{"a length that is none", func(s *source) *sched.Upload { return s.of(-2, nil) }, sched.InvalidRequest, "want a number of bytes, or Chunked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			whole := 0
			v.http(func(x *sim.Exchange) { whole++; v.w.After(time.Second, func() { sendBack(x) }) })
			s := &source{}
			o := v.do(put("http://a.example/", c.upload(s)))
			v.untilQuiet()
			if o.calls != 1 || o.kind != c.kind || !strings.Contains(o.err.Error(), c.text) {
				t.Errorf("the readback got %v; want %s: %s", o, c.kind, c.text)
			}
			if got := v.s.Stats(); got.Open != 0 {
				t.Errorf("%d connections are open; want none", got.Open)
			}
			v.wantClosed(s)
			v.close()
		})
	}
}

type idler struct{}

func (idler) Read([]byte) (int, error) { return 0, nil }

func TestUploadAndBody(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	req := put("http://a.example/", new(source).of(1, []byte("x")))
	req.Body = []byte("y")
	o := v.do(req)
	v.run()
	v.wantKind(o, sched.InvalidRequest, sched.PhaseQueue)
}

// HTTP/1.0 has no chunks, and the connection ends with the response.
func TestUploadHTTP10(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) {
		if x.Request.ProtoMinor != 0 {
			t.Errorf("the request is %s; want HTTP/1.0", x.Request.Proto)
		}
		sendBack(x)
	})
	chunked := put("http://a.example/", new(source).of(httpwire.Chunked, []byte("x")))
	known := put("http://a.example/", new(source).of(1, []byte("x")))
	chunked.HTTP10, known.HTTP10 = true, true
	bad, good := v.do(chunked), v.do(known)
	v.untilQuiet()
	v.wantKind(bad, sched.InvalidRequest, sched.PhaseQueue)
	v.wantBody(good, "x")
	if got := v.s.Stats(); got.Open != 0 {
		t.Errorf("%d connections are open; want none", got.Open)
	}
	v.close()
}
