package sched_test

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Each kind of failure that a server or the network can cause, as it reaches a
// user: words, cause, and whether bytes may have arrived. Deadlines have a table
// of their own, and so has what cannot be sent.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name      string
		url       string
		setUp     func(v *life)
		kind      sched.Kind
		phase     sched.Phase
		cause     error // nil: none to compare with
		sent      bool
		temporary bool
		text      string // its beginning, where httpwire goes on
	}{
		{"refused", "http://10.0.0.1:81/", nil, sched.Connect, sched.PhaseConnect, syscall.ECONNREFUSED, false, true,
			"GET http://10.0.0.1:81/: connect 10.0.0.1:81: connection refused"},
		{"refused, by name, with a password", "http://user:secret@a.example:81/", nil, sched.Connect, sched.PhaseConnect, syscall.ECONNREFUSED, false, true,
			"GET http://user:xxxxx@a.example:81/: connect 10.0.0.1:81: connection refused"},
		{"timed out by the kernel", "http://10.0.0.1/", func(v *life) { v.http(nil).Silent(true) }, sched.Connect, sched.PhaseConnect, syscall.ETIMEDOUT, false, true,
			"GET http://10.0.0.1/: connect 10.0.0.1:80: connection timed out"},
		{"no such host", "http://nobody.example/x", nil, sched.Resolve, sched.PhaseResolve, nil, false, true,
			"GET http://nobody.example/x: resolve nobody.example: lookup nobody.example: no such host"},
		{"name server fails", "http://b.example/", func(v *life) { v.w.Name("b.example", sim.NameAnswer{Err: sim.NameServerFails("b.example")}) },
			sched.Resolve, sched.PhaseResolve, nil, false, true,
			"GET http://b.example/: resolve b.example: lookup b.example: server misbehaving"},
		{"empty reply", "http://a.example/", func(v *life) { v.http(func(x *sim.Exchange) { x.Peer.Close() }) },
			sched.EmptyReply, sched.PhaseFirstByte, nil, true, true,
			"GET http://a.example/: first_byte 10.0.0.1:80: the server closed the connection without a reply"},
		{"only CR LF", "http://a.example/", func(v *life) { v.http(raw("\r\n\r\n")) },
			sched.EmptyReply, sched.PhaseBody, nil, true, true, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"reset", "http://a.example/", func(v *life) { v.http(func(x *sim.Exchange) { x.Peer.Reset() }) },
			sched.Reset, sched.PhaseFirstByte, syscall.ECONNRESET, true, true,
			"GET http://a.example/: first_byte 10.0.0.1:80: connection reset by peer"},
		{"reset in the body", "http://a.example/", func(v *life) {
			v.http(func(x *sim.Exchange) {
				x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"))
				v.w.After(ms(10), x.Peer.Reset)
			})
		}, sched.Reset, sched.PhaseBody, syscall.ECONNRESET, true, true,
			"GET http://a.example/: body 10.0.0.1:80: connection reset by peer"},
		{"truncated head", "http://a.example/", func(v *life) { v.http(raw("HTTP/1.1 2")) },
			sched.TruncatedHead, sched.PhaseBody, nil, true, true, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"truncated body", "http://a.example/", func(v *life) { v.http(raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")) },
			sched.TruncatedBody, sched.PhaseBody, nil, true, true, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"malformed head", "http://a.example/", func(v *life) { v.http(raw("SSH-2.0-OpenSSH\r\n")) },
			sched.MalformedHead, sched.PhaseBody, nil, true, false, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"101 unasked", "http://a.example/", func(v *life) { v.http(raw("HTTP/1.1 101 \r\n\r\n")) },
			sched.MalformedHead, sched.PhaseBody, nil, true, false, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"malformed body", "http://a.example/", func(v *life) { v.http(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz")) },
			sched.MalformedBody, sched.PhaseBody, nil, true, false, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"head too large", "http://a.example/", func(v *life) { v.http(raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 70_000))) },
			sched.HeadTooLarge, sched.PhaseBody, nil, true, false, "GET http://a.example/: body 10.0.0.1:80: httpwire: "},
		{"body too large", "http://a.example/", func(v *life) { v.http(reply(strings.Repeat("x", 8<<20+1))) },
			sched.BodyTooLarge, sched.PhaseBody, nil, true, false,
			"GET http://a.example/: body 10.0.0.1:80: the body is longer than 8388608 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Connect: time.Hour}})
			if c.setUp != nil {
				c.setUp(v)
			}
			o := v.get(c.url)
			v.run()
			v.wantKind(o, c.kind, c.phase)
			text := o.err.Error()
			if strings.HasSuffix(c.text, "httpwire: ") {
				text = text[:min(len(text), len(c.text))]
			}
			if text != c.text {
				t.Errorf("got %q; want %q", o.err, c.text)
			}
			if c.cause != nil && !errors.Is(o.err, c.cause) {
				t.Errorf("%v does not unwrap to %v", o.err, c.cause)
			}
			var e net.Error
			if !errors.As(o.err, &e) || e.Timeout() || o.err.Temporary() != c.temporary || o.err.Sent != c.sent {
				t.Errorf("timeout %v, temporary %v, sent %v; want false, %v, %v", e.Timeout(), o.err.Temporary(), o.err.Sent, c.temporary, c.sent)
			}
			if strings.Contains(o.err.URL, "secret") {
				t.Errorf("the error's URL is %q; want it without the password", o.err.URL)
			}
		})
	}
}

// A write that fails does not hide what the server said before it went; where
// it said nothing, the error is of the write.
func TestResetWhileWriting(t *testing.T) {
	for _, c := range []struct {
		name string
		says string
	}{{"silently", ""}, {"with an answer", "HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n"}} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{Window: 4096}, sched.Options{})
			v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func([]byte) {
					p.OnData = nil
					p.Pause(true)
					p.Write([]byte(c.says))
					v.w.After(ms(10), p.Reset)
				}
			})
			o := v.do(post("http://a.example/", strings.Repeat("x", 1<<20)))
			v.run()
			if c.says != "" {
				if o.status != 413 || o.err != nil {
					t.Errorf("got %v; want 413", o)
				}
				return
			}
			v.wantKind(o, sched.Reset, sched.PhaseWrite)
			if !errors.Is(o.err, syscall.ECONNRESET) || !o.err.Sent {
				t.Errorf("got %v, sent %v; want ECONNRESET, true", o.err, o.err.Sent)
			}
		})
	}
}

// What net.Error says of each kind.
func TestTemporaryAndTimeout(t *testing.T) {
	for kind, want := range map[sched.Kind]struct{ timeout, temporary bool }{
		sched.InvalidRequest: {false, false}, sched.Resolve: {false, true}, sched.Connect: {false, true},
		sched.QueueFull: {false, true}, sched.QueueTimeout: {true, true}, sched.ResolveTimeout: {true, true},
		sched.ConnectTimeout: {true, true}, sched.FirstByteTimeout: {true, true}, sched.StallTimeout: {true, true},
		sched.TotalTimeout: {true, true}, sched.EmptyReply: {false, true}, sched.Reset: {false, true},
		sched.TruncatedHead: {false, true}, sched.TruncatedBody: {false, true}, sched.MalformedHead: {false, false},
		sched.MalformedBody: {false, false}, sched.HeadTooLarge: {false, false}, sched.BodyTooLarge: {false, false},
		sched.Cancelled: {false, false}, sched.TooManyFiles: {false, true},
	} {
		e := &sched.Error{Kind: kind}
		if e.Timeout() != want.timeout || e.Temporary() != want.temporary {
			t.Errorf("%s: timeout %v, temporary %v; want %v, %v", kind, e.Timeout(), e.Temporary(), want.timeout, want.temporary)
		}
	}
}
