package sched_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
)

// narrow is a kernel whose sockets take and give so many bytes at once.
type narrow struct {
	kernel.Kernel
	n int
}

func (k narrow) Read(fd int, p []byte) (int, error)  { return k.Kernel.Read(fd, p[:min(k.n, len(p))]) }
func (k narrow) Write(fd int, p []byte) (int, error) { return k.Kernel.Write(fd, p[:min(k.n, len(p))]) }

// TLS to nginx and to openssl through sockets that give 1, 7 and 65,536 bytes at
// a time: handshakes on the loop and on workers, tickets, requests, bodies, and
// the ends of connections.
func TestTLSThroughNarrowSockets(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<10+1)
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		nginx := startNginxTLS(t, version)
		s := startOpenSSL(t, "-www", map[string]string{"TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}[version])
		for _, n := range []int{1, 7, 65_536} {
			t.Run(fmt.Sprint(version, "/", n), func(t *testing.T) {
				k := kernel.New(kernel.Options{})
				defer k.Shutdown()
				v := newReal(t, trusting(sched.Options{Kernel: narrow{k, n}}))
				url := fmt.Sprintf("https://%s/files/%d", nginx, n)
				put := sched.Get(url)
				put.Method, put.Body = "PUT", []byte(body)
				if o := v.fetch(put); o.err != nil || o.status != 201 && o.status != 204 {
					t.Fatalf("PUT: got %v; want 201 or 204", o)
				}
				if o := v.fetch(sched.Get(url)); o.err != nil || o.body != body || !o.info.Reused {
					t.Errorf("GET: got %v, %d bytes, reused %v; want the %d that were sent, on the same connection", o.err, len(o.body), o.info.Reused, len(body))
				}
				for _, want := range []string{"New, ", "Reused, ", "Reused, "} {
					o := v.fetch(sched.Get("https://" + s.at + "/"))
					if o.err != nil || !strings.Contains(o.body, want+version) {
						t.Errorf("openssl: got %v; want %s%s", o, want, version)
					}
				}
				// At once: four inline, and the others on workers.
				var all []*outcome
				for range 12 {
					o := &outcome{}
					all = append(all, o)
					v.s.Add(sched.Get("https://"+nginx+"/"), v.see(o))
				}
				v.wait()
				for _, o := range all {
					if o.calls != 1 || o.err != nil || o.body != "hello" {
						t.Errorf("got %d calls, %v; want one, hello", o.calls, o)
					}
				}
			})
		}
	}
}

// The same in segments of that size, however they are read.
func TestTLSThroughANarrowRelay(t *testing.T) {
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		nginx := startNginxTLS(t, version)
		for _, n := range []int{1, 7} {
			t.Run(fmt.Sprint(version, "/", n), func(t *testing.T) {
				v := newReal(t, trusting(sched.Options{}))
				url := fmt.Sprintf("https://%s/files/%d", newRelay(t, nginx, n).at, n)
				body := bytes.Repeat([]byte("x"), 3000)
				put := sched.Get(url)
				put.Method, put.Body = "PUT", body
				if o := v.fetch(put); o.err != nil || o.status != 201 && o.status != 204 {
					t.Fatalf("PUT: got %v; want 201 or 204", o)
				}
				o := v.fetch(sched.Get(url))
				if o.err != nil || o.body != string(body) || !o.info.Reused {
					t.Errorf("GET: got %v, %d bytes, reused %v; want %d, on the same connection", o.err, len(o.body), o.info.Reused, len(body))
				}
			})
		}
	}
}
