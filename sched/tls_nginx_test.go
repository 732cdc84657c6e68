package sched_test

import (
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

// startNginxTLS starts an nginx that speaks TLS, keeps files that are PUT under
// /files, and ends with the test. It returns its address.
func startNginxTLS(t testing.TB, versions string) string {
	t.Helper()
	cert, key := certFiles(t)
	return startNginx(t, `
		client_max_body_size 16m;
		keepalive_requests 100;
		server {
			listen ADDR ssl backlog=4096;
			ssl_certificate `+cert+`;
			ssl_certificate_key `+key+`;
			ssl_protocols `+versions+`;
			location / { return 200 "hello"; }
			location /files/ { root DIR; dav_methods PUT; create_full_put_path on; }
		}`)
}

// Four megabytes up and down again, directly and through a relay that passes on
// little at a time: sockets fill up, and records are cut anywhere.
func TestNginxTLSLongBodies(t *testing.T) {
	for _, versions := range []string{"TLSv1.2", "TLSv1.3"} {
		at := startNginxTLS(t, versions)
		for name, at := range map[string]string{"direct": at, "relayed": newRelay(t, at, 777).at} {
			t.Run(versions+"/"+name, func(t *testing.T) {
				v := newReal(t, trusting(sched.Options{}))
				body := strings.Repeat("0123456789abcdef", 1<<18)
				url := "https://" + at + "/files/" + name
				put := sched.Get(url)
				put.Method, put.Body = "PUT", []byte(body)
				if o := v.fetch(put); o.err != nil || o.status != 201 && o.status != 204 {
					t.Fatalf("PUT: got %v; want 201 or 204", o)
				}
				o := v.fetch(sched.Get(url))
				if o.err != nil || o.status != 200 || o.body != body || !o.info.Reused {
					t.Errorf("GET: got %v, %d of %d bytes, reused %v; want all on the same connection", o.err, len(o.body), len(body), o.info.Reused)
				}
			})
		}
	}
}

// The server closes each connection after a hundred requests, with a FIN behind
// its close_notify: no request is lost, and none is sent twice.
func TestNginxTLSKeepAlive(t *testing.T) {
	at := startNginxTLS(t, "TLSv1.2 TLSv1.3")
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			v := newReal(t, trusting(sched.Options{}))
			const many = 350
			r := sched.Get("https://" + at + "/")
			r.Method = method
			steps, fresh := 0, 0
			var read sched.Readback
			read = func(resp *sched.Response, err error) sched.Next {
				if err != nil || string(resp.Body) != "hello" {
					t.Errorf("step %d: got %v, %v", steps, resp, err)
					return sched.Next{}
				}
				if !resp.Reused {
					fresh++
				}
				if resp.Attempts != 1 {
					t.Errorf("step %d: %d attempts; want 1", steps, resp.Attempts)
				}
				if steps++; steps == many {
					return sched.Next{}
				}
				return sched.Next{Request: r, Readback: read}
			}
			v.s.Add(r, read)
			v.wait()
			if steps != many || fresh != 4 {
				t.Errorf("%d steps over %d connections; want %d over 4", steps, fresh, many)
			}
		})
	}
}

// Three hundred at once: those that find no place inline go to the workers.
func TestNginxTLSBurst(t *testing.T) {
	at := startNginxTLS(t, "TLSv1.2 TLSv1.3")
	v := newReal(t, trusting(sched.Options{}))
	var all []*outcome
	for range 300 {
		o := &outcome{}
		all = append(all, o)
		v.s.Add(sched.Get("https://"+at+"/"), v.see(o))
	}
	v.wait()
	for _, o := range all {
		if o.calls != 1 || o.err != nil || o.body != "hello" {
			t.Errorf("got %d calls, %v; want one, hello", o.calls, o)
		}
	}
}
