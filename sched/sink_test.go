package sched_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

func gzipped(body string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(body))
	z.Close()
	return b.Bytes()
}

// coded answers every request with body, said to be coded.
func coded(coding string, body []byte) func(*sim.Exchange) {
	return func(x *sim.Exchange) {
		x.Reply(200, http.Header{"Content-Encoding": {coding}}, body)
	}
}

func TestDecode(t *testing.T) {
	long := strings.Repeat("qqloop ", 50_000)
	for _, c := range []struct {
		name    string
		coding  string
		body    []byte
		maxBody int64
		want    string
		kind    sched.Kind
	}{
		{"gzip", "gzip", gzipped("hello"), 0, "hello", ""},
		{"long", "gzip", gzipped(long), 0, long, ""},
		{"no coding", "identity", []byte("hello"), 0, "hello", ""},
		{"empty", "gzip", nil, 0, "", ""},
		{"no gzip", "gzip", []byte("hello"), 0, "", sched.BadEncoding},
		{"cut", "gzip", gzipped("hello")[:12], 0, "", sched.BadEncoding},
		{"unknown", "rot13", []byte("uryyb"), 0, "", sched.BadEncoding},
		{"bomb", "gzip", gzipped(strings.Repeat("\x00", 1<<20)), 1 << 16, "", sched.BadEncoding},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(coded(c.coding, c.body))
			req := sched.Get("http://a.example/")
			req.Decode, req.MaxBody = true, c.maxBody
			o := &outcome{}
			v.s.Add(req, v.note(o))
			v.run()
			if c.kind == "" {
				v.wantBody(o, c.want)
			} else {
				v.wantKind(o, c.kind, sched.PhaseBody)
			}
		})
	}
}

func TestWithoutDecodeNothingIsAskedForNorTakenOff(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	body := gzipped("hello")
	v.http(func(x *sim.Exchange) {
		if got := x.Request.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("Accept-Encoding is %q; want none", got)
		}
		coded("gzip", body)(x)
	})
	o := v.get("http://a.example/")
	v.run()
	v.wantBody(o, string(body))
}

func TestOnBody(t *testing.T) {
	for _, decode := range []bool{false, true} {
		v := newLife(t, sim.Options{}, sched.Options{MaxBody: 10})
		want := strings.Repeat("0123456789", 30_000)
		v.http(func(x *sim.Exchange) {
			if decode {
				coded("gzip", gzipped(want))(x)
				return
			}
			x.Reply(200, nil, []byte(want))
		})
		var got strings.Builder
		req := sched.Get("http://a.example/")
		req.Decode = decode
		req.OnBody = func(resp *sched.Response, piece []byte) error {
			if resp.Status != 200 || len(resp.Body) != 0 {
				t.Errorf("got %d and a body of %d bytes; want 200 and none", resp.Status, len(resp.Body))
			}
			got.Write(piece)
			return nil
		}
		o := &outcome{}
		v.s.Add(req, v.note(o))
		v.run()
		v.wantBody(o, "")
		if got.String() != want {
			t.Errorf("decode %v: got %d bytes; want the %d that were sent", decode, got.Len(), len(want))
		}
	}
}

// OnBody may end the exchange in any way there is.
func TestOnBodyEnds(t *testing.T) {
	enough := errors.New("enough")
	for _, decode := range []bool{false, true} {
		for _, c := range []struct {
			name string
			do   func(*life, sched.Chain) error
			kind sched.Kind
		}{
			{"by an error", func(*life, sched.Chain) error { return enough }, sched.Unwanted},
			{"by Cancel", func(_ *life, c sched.Chain) error { c.Cancel(); return nil }, sched.Cancelled},
			{"by Cancel and an error", func(_ *life, c sched.Chain) error { c.Cancel(); return enough }, sched.Cancelled},
			{"by Close", func(v *life, _ sched.Chain) error { v.s.Close(); return nil }, sched.Cancelled},
		} {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(coded("gzip", gzipped(strings.Repeat("hello", 100_000))))
			var chain sched.Chain
			calls := 0
			req := sched.Get("http://a.example/")
			req.Decode = decode
			req.OnBody = func(*sched.Response, []byte) error {
				calls++
				return c.do(v, chain)
			}
			o := &outcome{}
			chain = v.s.Add(req, v.note(o))
			v.run()
			if calls != 1 || o.calls != 1 || o.kind != c.kind {
				t.Errorf("%s: OnBody called %d times, the readback %d times with %v; want once, once, %s", c.name, calls, o.calls, o, c.kind)
			}
			if c.kind == sched.Unwanted && !errors.Is(o.err, enough) {
				t.Errorf("%s: got %v; want OnBody's own error inside", c.name, o.err)
			}
		}
	}
}

// A paused chain lets the server's window fill, and no deadline but the total
// one goes on.
func TestPause(t *testing.T) {
	v := newLife(t, sim.Options{Window: 8 << 10}, sched.Options{})
	want := strings.Repeat("x", 100_000)
	v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte(want)) })
	got := 0
	var chain sched.Chain
	req := sched.Get("http://a.example/")
	req.Timeouts.Stall = time.Second
	req.OnBody = func(_ *sched.Response, piece []byte) error {
		if got += len(piece); got == len(piece) {
			chain.Pause()
			v.l.CallLater(time.Hour, func() {
				if got > 8<<10 {
					t.Errorf("%d bytes came although the chain was paused", got)
				}
				chain.Resume()
			})
		}
		return nil
	}
	o := &outcome{}
	chain = v.s.Add(req, v.note(o))
	v.run()
	v.wantBody(o, "")
	if got != len(want) || v.w.Now() < time.Hour {
		t.Errorf("got %d bytes in %v; want %d after an hour", got, v.w.Now(), len(want))
	}
}

// A redirect that is followed keeps its body to itself.
func TestOnBodyIsForTheLastResponse(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) {
		if x.Request.URL.Path == "/" {
			x.Reply(302, http.Header{"Location": {"/there"}}, []byte("not here"))
			return
		}
		x.Reply(200, nil, []byte("here"))
	})
	var got []byte
	req := sched.Get("http://a.example/")
	req.MaxRedirects = 5
	req.OnBody = func(_ *sched.Response, piece []byte) error {
		got = append(got, piece...)
		return nil
	}
	o := &outcome{}
	v.s.Add(req, v.note(o))
	v.run()
	v.wantBody(o, "")
	if string(got) != "here" {
		t.Errorf("OnBody got %q; want %q", got, "here")
	}
}
