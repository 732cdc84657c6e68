package sched_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Whatever sends a request again has its body opened again; and leaves it alone
// if that can be opened only once.
func TestUploadAgain(t *testing.T) {
	retry := &sched.Retry{Base: time.Millisecond}
	for _, c := range []struct {
		name   string
		change func(*sched.Request)
		first  func(*sim.Exchange) // how the first one is answered
		kind   sched.Kind          // how the one ends that is not sent again
		status int
	}{
		{"a kept connection is lost", func(r *sched.Request) { r.Replayable = true },
			func(x *sim.Exchange) { x.Peer.Close() }, sched.EmptyReply, 0},
		{"a policy, after an error", func(r *sched.Request) { r.Replayable, r.Retry = true, retry },
			func(x *sim.Exchange) { x.Peer.Write([]byte("HTTP/1.1 2")); x.Peer.Close() }, sched.TruncatedHead, 0},
		{"a policy, after a status", func(r *sched.Request) { r.Replayable, r.Retry = true, retry },
			func(x *sim.Exchange) { x.Reply(503, nil, nil) }, "", 503},
		{"a challenge", func(r *sched.Request) {
			r.Auth = &sched.Auth{User: "me", Password: "pw", Scheme: sched.AuthAny}
		}, func(x *sim.Exchange) {
			x.Reply(401, http.Header{"Www-Authenticate": {`Basic realm="r"`}}, nil)
		}, "", 401},
		{"a redirect", func(r *sched.Request) { r.MaxRedirects = 1 }, func(x *sim.Exchange) {
			x.Reply(308, http.Header{"Location": {"/there"}}, nil)
		}, sched.Redirect, 308},
	} {
		for _, once := range []bool{false, true} {
			v := newLife(t, sim.Options{}, sched.Options{})
			asked := 0
			v.http(func(x *sim.Exchange) {
				if x.Request.Method == "PUT" {
					if asked++; asked == 1 {
						c.first(x)
						return
					}
				}
				sendBack(x)
			})
			v.get("http://a.example/") // leaves its connection
			v.untilQuiet()
			s := &source{}
			req := put("http://a.example/", s.of(5, []byte("hello")))
			req.Upload.Once = once
			c.change(req)
			o := v.do(req)
			v.untilQuiet()
			switch {
			case !once:
				v.wantBody(o, "hello")
				if s.opened != 2 || asked != 2 {
					t.Errorf("%s: opened %d times, asked %d times; want twice", c.name, s.opened, asked)
				}
			case o.calls != 1 || o.kind != c.kind || o.status != c.status || s.opened != 1 || asked != 1:
				t.Errorf("%s, once: got %v, opened %d times, asked %d times; want %s, status %d, and once", c.name, o, s.opened, asked, c.kind, c.status)
			}
			v.wantClosed(s)
			v.close()
		}
	}
}

// A server that proves its users is asked without the body first.
func TestUploadWithDigest(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var lengths []int
	v.http(func(x *sim.Exchange) {
		lengths = append(lengths, len(x.Body))
		if x.Request.Header.Get("Authorization") == "" {
			x.Reply(401, http.Header{"Www-Authenticate": {`Digest realm="r", nonce="n", qop="auth"`}}, nil)
			return
		}
		sendBack(x)
	})
	s := &source{}
	req := put("http://a.example/", s.of(-1, []byte("hello")))
	req.Header.Add("Transfer-Encoding", "chunked")
	req.Upload.Once = true
	req.ExpectContinue = time.Minute
	req.Auth = &sched.Auth{User: "me", Password: "pw", Scheme: sched.AuthDigest}
	req.Timeouts.Total = 2 * time.Minute // the server sends no 100
	o := v.do(req)
	v.untilQuiet()
	v.wantBody(o, "hello")
	if len(lengths) != 2 || lengths[0] != 0 || lengths[1] != 5 {
		t.Errorf("bodies of %v bytes came; want 0, then 5", lengths)
	}
	v.wantClosed(s)
	v.close()
}
