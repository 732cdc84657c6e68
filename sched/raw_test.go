package sched_test

import (
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// TestRaw: whatever the framing, and wherever it is cut, a raw body is what
// stood behind the head, and the connection is kept if it can be.
func TestRaw(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, test := range []struct {
		name, fields, body string
		kept               bool
	}{
		{"chunks", "Transfer-Encoding: chunked\r\n", "5;x=y\r\nhello\r\n03 \r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n", true},
		{"a length", "Content-Length: 5\r\n", "hello", true},
		{"to the end", "", "hello", false},
		{"a coding that is none", "Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello", true},
		{"nothing", "Content-Length: 0\r\n", "", true},
	} {
		wire := head + test.fields + "\r\n" + test.body
		for cut := range len(wire) {
			v := newLife(t, sim.Options{}, sched.Options{})
			l := v.http(func(x *sim.Exchange) {
				x.Write([]byte(wire[:cut]))
				v.w.After(ms(10), func() {
					x.Close = !test.kept
					x.Raw([]byte(wire[cut:]))
				})
			})
			var pieces strings.Builder
			whole, piecewise := sched.Get("http://a.example/"), sched.Get("http://a.example/")
			whole.Raw, whole.Decode = true, true
			piecewise.Raw = true
			piecewise.OnBody = func(_ *sched.Response, p []byte) error {
				pieces.Write(p)
				return nil
			}
			first, second := &outcome{}, &outcome{}
			v.s.Add(whole, func(resp *sched.Response, err error) sched.Next {
				v.note(first)(resp, err)
				return sched.Next{Request: piecewise, Readback: v.note(second)}
			})
			v.run()
			v.wantBody(first, test.body)
			v.wantBody(second, "")
			if pieces.String() != test.body || (l.Accepted() == 1) != test.kept {
				t.Errorf("%s, cut at %d: got %q in pieces, over %d connections; want %q, and one connection: %v",
					test.name, cut, pieces.String(), l.Accepted(), test.body, test.kept)
			}
		}
	}
}

// TestRawMalformed: what came of a body whose framing is wrong or breaks off is
// still told, and bounds hold.
func TestRawMalformed(t *testing.T) {
	for _, test := range []struct {
		body, part string
		most       int64
		kind       sched.Kind
	}{
		{"2\r\nab\r\n1\r\nc\r\nzz\r\n", "2\r\nab\r\n1\r\nc\r\nzz\r\n", 0, sched.MalformedBody},
		{"2\r\nab\r\n1", "2\r\nab\r\n1", 0, sched.TruncatedBody},
		{"2\r\nab\r\n0\r\n\r\n", "", 10, sched.BodyTooLarge},
	} {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.http(func(x *sim.Exchange) {
			x.Close = true
			x.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + test.body))
		})
		req := sched.Get("http://a.example/")
		req.Raw, req.MaxBody = true, test.most
		o := v.do(req)
		v.run()
		v.wantKind(o, test.kind, sched.PhaseBody)
		if test.most == 0 && o.part != test.part {
			t.Errorf("%q: got %q; want %q", test.body, o.part, test.part)
		}
	}
}

// TestTooLongFromTheStart: of a body whose length is beyond the bound nothing
// is given away.
func TestTooLongFromTheStart(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) { x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")) })
	req := sched.Get("http://a.example/")
	req.MaxBody = 99
	req.OnBody = func(_ *sched.Response, p []byte) error {
		t.Errorf("OnBody got %q; want nothing", p)
		return nil
	}
	o := v.do(req)
	v.run()
	v.wantKind(o, sched.BodyTooLarge, sched.PhaseBody)
}
