package sched_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// hops answers /1 with a redirect to /2, and so on up to /3.
func hops(methods *[]string) func(*sim.Exchange) {
	next := map[string]string{"/1": "/2", "/2": "/3"}
	return func(x *sim.Exchange) {
		*methods = append(*methods, x.Request.Method+" "+string(x.Body))
		if to := next[x.Request.URL.Path]; to != "" {
			x.Reply(302, http.Header{"Location": {to}}, []byte("moved"))
			return
		}
		x.Reply(200, nil, []byte("here"))
	}
}

func TestOnRedirect(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var methods, heard []string
	v.http(hops(&methods))
	req := sched.Get("http://a.example/1")
	req.MaxRedirects = 5
	req.OnRedirect = func(resp *sched.Response) {
		heard = append(heard, resp.Request.URL.Path+" "+string(resp.Body))
	}
	o := &outcome{}
	v.s.Add(req, v.note(o))
	v.run()
	v.wantBody(o, "here")
	if want := []string{"/1 moved", "/2 moved"}; !slices.Equal(heard, want) || o.info.Redirects != 2 {
		t.Errorf("heard %q and %d redirects; want %q and 2", heard, o.info.Redirects, want)
	}
}

// TestRefer: each hop names the one before it, but what was asked for over TLS
// is not told in the open.
func TestRefer(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var referers []string
	next := map[string]string{"/1": "/2?x#y", "/2": "http://a.example/3"}
	v.http(func(x *sim.Exchange) {
		referers = append(referers, x.Request.Header.Get("Referer"))
		if to := next[x.Request.URL.Path]; to != "" {
			x.Reply(302, http.Header{"Location": {to}}, nil)
			return
		}
		x.Reply(200, nil, []byte("here"))
	})
	req := sched.Get("http://me:pw@a.example/1#z")
	req.MaxRedirects, req.Refer = 5, true
	req.Header.Add("Referer", "http://first.example/")
	o := v.do(req)
	v.run()
	v.wantBody(o, "here")
	if want := []string{"http://first.example/", "http://a.example/1", "http://a.example/2?x"}; !slices.Equal(referers, want) {
		t.Errorf("got %q; want %q", referers, want)
	}
}

func TestKeepMethod(t *testing.T) {
	for _, keep := range []bool{false, true} {
		v := newLife(t, sim.Options{}, sched.Options{})
		var methods []string
		v.http(hops(&methods))
		req := sched.Get("http://a.example/2")
		req.Method, req.Body, req.MaxRedirects, req.KeepMethod = "POST", []byte("x"), 5, keep
		o := &outcome{}
		v.s.Add(req, v.note(o))
		v.run()
		v.wantBody(o, "here")
		want := []string{"POST x", "GET "}
		if keep {
			want[1] = "POST "
		}
		if !slices.Equal(methods, want) {
			t.Errorf("KeepMethod %v: sent %q; want %q", keep, methods, want)
		}
	}
}

// OnRedirect may end the chain, or all of them.
func TestOnRedirectEnds(t *testing.T) {
	for _, all := range []bool{false, true} {
		v := newLife(t, sim.Options{}, sched.Options{})
		var methods []string
		v.http(hops(&methods))
		var chain sched.Chain
		req := sched.Get("http://a.example/1")
		req.MaxRedirects = 5
		req.OnRedirect = func(*sched.Response) {
			if all {
				v.s.Close()
			} else {
				chain.Cancel()
			}
		}
		o := &outcome{}
		chain = v.s.Add(req, v.note(o))
		v.run()
		v.wantKind(o, sched.Cancelled, sched.PhaseQueue)
		if len(methods) != 1 {
			t.Errorf("sent %q; want the first request only", methods)
		}
	}
}
