package sched_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// secret returns a request with the right credentials, or those given.
func secret(scheme sched.AuthScheme, method, url, body string) *sched.Request {
	r := sched.Get(url)
	r.Method, r.Auth = method, &sched.Auth{User: "user", Password: "Secret", Scheme: scheme}
	if body != "" {
		r.Body = []byte(body)
	}
	return r
}

// TestAuth plays one request after the other at a gate, on one stream.
func TestAuth(t *testing.T) {
	const md5 = `Digest realm="r", algorithm=MD5, qop="auth"`
	get := secret(sched.AuthDigest, "GET", "http://a.example/x?y", "")
	post := secret(sched.AuthDigest, "POST", "http://a.example/p", "body")
	any, anyPost := secret(sched.AuthAny, "GET", "http://a.example/x", ""), secret(sched.AuthAny, "POST", "http://a.example/p", "body")
	basic := secret(sched.AuthBasic, "POST", "http://a.example/p", "body")
	wrong, wrongBasic := *get, *basic
	wrong.Auth = &sched.Auth{User: "user", Password: "guess", Scheme: sched.AuthDigest}
	wrongBasic.Auth = &sched.Auth{User: "user", Password: "guess"}
	wrongAny := wrong
	wrongAny.Auth = &sched.Auth{User: "user", Password: "guess", Scheme: sched.AuthAny}
	own := *get
	own.Header.Set("Authorization", "Own x")

	for _, test := range []struct {
		name     string
		gate     gate
		requests []*sched.Request
		want     []string // the gate's log
		bodies   string   // what the readbacks get
	}{
		{"Digest", gate{challenges: []string{md5}}, []*sched.Request{get},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 200`}, "200"},
		{"the proof is sent at once from then on", gate{challenges: []string{md5}}, []*sched.Request{get, post, get},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 200`, `POST /p "body" MD5 n1/2 200`, `GET /x?y "" MD5 n1/3 200`}, "200 200 200"},
		{"the body waits to be asked for", gate{challenges: []string{md5}}, []*sched.Request{post},
			[]string{`POST /p "" - 401`, `POST /p "body" MD5 n1/1 200`}, "200"},
		{"nobody asks: the body is sent after all", gate{open: true}, []*sched.Request{post},
			[]string{`POST /p "" - 200`, `POST /p "body" - 200`}, "200"},
		{"without qop", gate{challenges: []string{`Digest realm="r"`}}, []*sched.Request{get, get},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" old n1/ 200`, `GET /x?y "" old n1/ 200`}, "200 200"},
		{"the strongest, with -sess and userhash", gate{challenges: []string{md5, `Digest realm="r", algorithm=SHA-256-sess, qop="auth,auth-int", userhash=true`}},
			[]*sched.Request{get, post}, []string{`GET /x?y "" - 401`, `GET /x?y "" SHA-256-sess n1/1 200`, `POST /p "body" SHA-256-sess n1/2 200`}, "200 200"},
		{"a stale nonce", gate{challenges: []string{md5}, uses: 2}, []*sched.Request{get, get, get},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 200`, `GET /x?y "" MD5 n1/2 200`, `GET /x?y "" MD5 n1/3 401`, `GET /x?y "" MD5 n2/1 200`}, "200 200 200"},
		{"the next nonce is named", gate{challenges: []string{md5}, next: true}, []*sched.Request{get, get},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 200`, `GET /x?y "" MD5 n2/1 200`}, "200 200"},
		{"a wrong password is refused once", gate{challenges: []string{md5}}, []*sched.Request{&wrong},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 401`}, "401"},
		{"and after somebody's right one", gate{challenges: []string{md5}}, []*sched.Request{get, &wrong},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" MD5 n1/1 200`, `GET /x?y "" MD5 n1/2 401`, `GET /x?y "" MD5 n2/1 401`}, "200 401"},
		{"Digest is not answered with Basic", gate{challenges: []string{`Basic realm="r"`}}, []*sched.Request{get},
			[]string{`GET /x?y "" - 401`}, "401"},
		{"what is not understood is not answered", gate{challenges: []string{`Digest realm="r", algorithm=NEW`, `Negotiate`}}, []*sched.Request{any},
			[]string{`GET /x "" - 401`}, "401"},
		{"any: Digest rather than Basic", gate{challenges: []string{`Basic realm="r"`, md5}}, []*sched.Request{anyPost},
			[]string{`POST /p "body" - 401`, `POST /p "body" MD5 n1/1 200`}, "200"},
		{"any: Basic, if that is all, and at once from then on", gate{challenges: []string{`Basic realm="r"`}}, []*sched.Request{any, anyPost},
			[]string{`GET /x "" - 401`, `GET /x "" Basic 200`, `POST /p "body" Basic 200`}, "200 200"},
		{"any: what Basic has shown Digest does not", gate{challenges: []string{`Basic realm="r"`}}, []*sched.Request{any, get},
			[]string{`GET /x "" - 401`, `GET /x "" Basic 200`, `GET /x?y "" - 401`}, "200 401"},
		{"any: a wrong password", gate{challenges: []string{`Basic realm="r"`}}, []*sched.Request{&wrongAny, &wrongAny},
			[]string{`GET /x?y "" - 401`, `GET /x?y "" Basic 401`, `GET /x?y "" Basic 401`}, "401 401"},
		{"any: nobody asks", gate{open: true}, []*sched.Request{anyPost},
			[]string{`POST /p "body" - 200`}, "200"},
		{"Basic is not asked for", gate{challenges: []string{`Basic realm="r"`, md5}}, []*sched.Request{basic, &wrongBasic},
			[]string{`POST /p "body" Basic 200`, `POST /p "body" Basic 401`}, "200 401"},
		{"an Authorization of its own", gate{challenges: []string{md5}}, []*sched.Request{&own},
			[]string{`GET /x?y "" Own 401`}, "401"},
	} {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.http(test.gate.handle)
		var bodies []string
		var read sched.Readback
		left := test.requests
		read = func(resp *sched.Response, err error) sched.Next {
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			bodies = append(bodies, string(resp.Body))
			if left = left[1:]; len(left) == 0 {
				return sched.Next{}
			}
			return sched.Next{Request: left[0], Readback: read}
		}
		v.s.Add(left[0], read)
		v.run()
		if !slices.Equal(test.gate.log, test.want) || strings.Join(bodies, " ") != test.bodies {
			t.Errorf("%s: got\n  %s\n%s; want\n  %s\n%s", test.name,
				strings.Join(test.gate.log, "\n  "), bodies, strings.Join(test.want, "\n  "), test.bodies)
		}
	}
}

// TestAuthEndlesslyStale: a server that finds every nonce stale is answered a
// few times, and not for ever.
func TestAuthEndlesslyStale(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	asked := 0
	v.http(func(x *sim.Exchange) {
		asked++
		x.Reply(401, http.Header{"Www-Authenticate": {`Digest realm="r", qop="auth", nonce="n", stale=true`}}, nil)
	})
	o := v.do(secret(sched.AuthDigest, "GET", "http://a.example/", ""))
	v.run()
	if o.status != 401 || asked != 4 || o.info.Attempts != 4 {
		t.Errorf("got %v after %d requests, %d counted; want 401 after 4", o, asked, o.info.Attempts)
	}
}

// TestAuthAndRedirects: within an origin credentials go along, with a proof for
// each place; to another one they do not, nor back.
func TestAuthAndRedirects(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	there := addrOf("10.0.0.2:80")
	v.w.Host("b.example", there.Addr())
	g := gate{challenges: []string{`Digest realm="r", algorithm=MD5, qop="auth"`}}
	to := map[string]string{"/1": "/2", "/2": "http://b.example/3"}
	v.http(func(x *sim.Exchange) {
		if way, ok, _ := g.check(x); ok && to[x.Request.URL.Path] != "" {
			g.log = append(g.log, x.Request.URL.Path+" "+way)
			x.Reply(307, http.Header{"Location": {to[x.Request.URL.Path]}}, nil)
			return
		}
		g.handle(x)
	})
	var strange []string
	v.w.Listen(there, sim.HTTP(func(x *sim.Exchange) {
		strange = append(strange, string(x.Body)+x.Request.Header.Get("Authorization"))
		if x.Request.URL.Path == "/3" {
			x.Reply(307, http.Header{"Location": {"http://a.example/4"}, "Www-Authenticate": {`Digest realm="r", nonce="n"`}}, nil)
		}
	}))
	req := secret(sched.AuthDigest, "POST", "http://a.example/1", "body")
	req.MaxRedirects = 9
	o := v.do(req)
	v.run()
	want := []string{`POST /1 "" - 401`, "/1 MD5 n1/1", "/2 MD5 n1/2", `POST /4 "body" - 401`}
	if !slices.Equal(g.log, want) || !slices.Equal(strange, []string{"body"}) || o.status != 401 {
		t.Errorf("got %q, and %q at the other origin, %v; want %q, and the body alone, 401", g.log, strange, o, want)
	}
}

// TestAuthIsHeardOnce: OnBody gets the body of the answer alone, the total
// deadline goes on, and OnRedirect hears of the 401.
func TestAuthIsHeardOnce(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	g := gate{challenges: []string{`Digest realm="r", algorithm=MD5, qop="auth"`}}
	v.http(func(x *sim.Exchange) { v.w.After(ms(600), func() { g.handle(x) }) })
	var pieces, heard []string
	req := secret(sched.AuthDigest, "POST", "http://a.example/", "body")
	req.OnBody = func(_ *sched.Response, p []byte) error {
		pieces = append(pieces, string(p))
		return nil
	}
	req.OnRedirect = func(resp *sched.Response) { heard = append(heard, string(resp.Body)) }
	o := v.do(req)
	slow := *req
	slow.Auth = &sched.Auth{User: "another", Scheme: sched.AuthDigest}
	slow.Timeouts.Total = time.Second
	late := v.do(&slow)
	v.run()
	v.wantBody(o, "")
	v.wantKind(late, sched.TotalTimeout, sched.PhaseFirstByte)
	if !slices.Equal(pieces, []string{"200"}) || !slices.Equal(heard, []string{"401", "401"}) {
		t.Errorf("OnBody got %q, OnRedirect %q; want 200, and twice 401", pieces, heard)
	}
}

// TestAuthInParallel: many requests that come at once each have a number of
// their own; those that were asked separately answer what they were asked.
func TestAuthInParallel(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	g := gate{challenges: []string{`Digest realm="r", algorithm=SHA-256, qop="auth"`}}
	v.http(g.handle)
	const many = 50
	var all []*outcome
	for range many {
		all = append(all, v.do(secret(sched.AuthDigest, "GET", "http://a.example/", "")))
	}
	v.untilQuiet()
	for range many {
		all = append(all, v.do(secret(sched.AuthDigest, "GET", "http://a.example/", "")))
	}
	v.run()
	for _, o := range all {
		v.wantBody(o, "200")
	}
}

// TestAuthOnALostConnection: a proof that was on its way when a kept connection
// went is not used twice.
func TestAuthOnALostConnection(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	g := gate{challenges: []string{`Digest realm="r", algorithm=MD5, qop="auth"`}}
	dropped := false
	v.http(func(x *sim.Exchange) {
		if len(g.log) == 2 && !dropped {
			dropped = true
			g.check(x) // it counts here
			x.Peer.Close()
			return
		}
		g.handle(x)
	})
	var second *outcome
	get := secret(sched.AuthDigest, "GET", "http://a.example/", "")
	v.s.Add(get, func(*sched.Response, error) sched.Next {
		second = &outcome{}
		return sched.Next{Request: get, Readback: v.note(second)}
	})
	v.run()
	v.wantBody(second, "200")
	if want := `GET / "" MD5 n1/3 200`; !dropped || g.log[len(g.log)-1] != want {
		t.Errorf("got %q; want a third proof in the end", g.log)
	}
}
