package sched_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
)

// The eight tests that the fate of the article's bot suggests. Those that are
// not here: TestAcceptanceDescriptors, TestAcceptanceEmptyReplies and
// TestAcceptanceNoDescriptors need a process of their own,
// TestAcceptanceDelays counts goroutines, TestAcceptanceCorpus has every reply
// cut at every place.

// A server that sends a byte each 10 ms does not delay a hundred other requests.
func TestAcceptanceDrip(t *testing.T) {
	over := make(chan struct{})
	s := newRaw(t, func(c *rawConn) {
		for c.request() {
			if c.path != "/drip" {
				c.send(ok("fast"))
				continue
			}
			for _, b := range ok("drip") {
				time.Sleep(ms(10))
				c.send(string(b))
			}
			<-over // the last bytes come when all others are answered
			c.send("ping")
		}
	})
	v := newReal(t, sched.Options{})
	slow, fast := &outcome{}, 0
	r := sched.Get(s.url + "/drip")
	r.Decode = true
	v.s.Add(r, v.see(slow))
	again := func(resp *sched.Response, err error) sched.Next {
		if err != nil || string(resp.Body) != "fast" {
			t.Errorf("got %v, %v; want fast", resp, err)
		}
		if fast++; fast == 100 {
			close(over)
		}
		return sched.Next{}
	}
	for i := range 100 {
		v.s.AddAfter(ms(3*i), sched.Get(s.url+"/fast"), again)
	}
	v.wait()
	if fast != 100 || slow.calls != 1 || slow.err != nil || slow.body != "drip" {
		t.Errorf("%d fast ones, and %v; want 100, and drip", fast, slow)
	}
}

// Four megabytes to a reader that takes little at a time, plain and with TLS:
// they arrive whole, and others are answered meanwhile.
func TestAcceptanceLongPost(t *testing.T) {
	body := []byte(strings.Repeat("0123456789abcdef", 1<<18))
	sum := fmt.Sprintf("%x", sha256.Sum256(body))
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			others := make(chan struct{})
			served := make(chan struct{})
			go func() {
				defer close(served)
				raw, err := l.Accept()
				if err != nil {
					return
				}
				defer raw.Close()
				raw.(*net.TCPConn).SetReadBuffer(64 << 10)
				raw.SetDeadline(time.Now().Add(patience))
				<-others // not a byte is read before the others are answered
				c := raw
				if scheme == "https" {
					c = tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{testIdentity().cert}})
				}
				sum := sha256.New()
				buf := make([]byte, 8009)
				for left, head := len(body), true; left > 0; {
					time.Sleep(100 * time.Microsecond)
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					piece := buf[:n]
					if head {
						_, after, found := strings.Cut(string(piece), "\r\n\r\n")
						if !found {
							continue
						}
						piece, head = []byte(after), false
					}
					sum.Write(piece)
					left -= len(piece)
				}
				io.WriteString(c, ok(fmt.Sprintf("%x", sum.Sum(nil))))
			}()
			defer func() { l.Close(); <-served }()
			other := newRaw(t, func(c *rawConn) {
				for c.request() {
					c.send(ok("x"))
				}
			})
			v := newReal(t, trusting(sched.Options{}))
			r := sched.Get(scheme + "://" + l.Addr().String() + "/")
			r.Method, r.Body = "POST", body
			o := &outcome{}
			v.s.Add(r, v.see(o))
			answered := 0
			for range 50 {
				v.s.Add(sched.Get(other.url+"/"), func(_ *sched.Response, err error) sched.Next {
					if err != nil {
						t.Error(err)
					}
					if answered++; answered == 50 {
						close(others)
					}
					return sched.Next{}
				})
			}
			v.wait()
			if o.err != nil || o.body != sum || answered != 50 {
				t.Errorf("got %v, and %d others; want the sum of what was sent, %s, and 50", o, answered, sum)
			}
		})
	}
}

// A name server that is silent: those who want a name hear so when their
// deadline passes, and the others, who want none of it, hear nothing of that.
func TestAcceptanceSilentNames(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	asked := make(chan struct{}, 100)
	go func() {
		for buf := make([]byte, 2048); ; {
			if _, _, err := silent.ReadFrom(buf); err != nil {
				return
			}
			select {
			case asked <- struct{}{}:
			default:
			}
		}
	}()
	// Package net goes on asking for seconds when nobody waits any more.
	var mu sync.Mutex
	var asking []net.Conn
	over := false
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		for _, c := range asking {
			c.Close()
		}
	}()
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return nil, net.ErrClosed
		}
		c, err := net.Dial("udp", silent.LocalAddr().String())
		asking = append(asking, c)
		return c, err
	}}
	k := kernel.New(kernel.Options{Resolver: func(ctx context.Context, host string) ([]netip.Addr, error) {
		return resolver.LookupNetIP(ctx, "ip", host)
	}})
	defer k.Shutdown()
	s := newRaw(t, func(c *rawConn) {
		for c.request() {
			c.send(ok("x"))
		}
	})
	v := newReal(t, sched.Options{Kernel: k})
	var lost, fine []*outcome
	for i := range 3 { // a worker is left for the name that is in a file
		r := sched.Get(fmt.Sprintf("http://h%d.example/", i))
		r.Timeouts.Resolve = ms(500)
		o := &outcome{}
		lost = append(lost, o)
		v.s.Add(r, v.see(o))
	}
	for range 100 {
		for _, url := range []string{s.url, strings.Replace(s.url, "127.0.0.1", "localhost", 1)} {
			o := &outcome{}
			fine = append(fine, o)
			note := v.see(o)
			v.s.Add(sched.Get(url+"/"), func(resp *sched.Response, err error) sched.Next {
				if lost[0].calls > 0 {
					t.Error("this one waited for the silent one")
				}
				return note(resp, err)
			})
		}
	}
	v.wait()
	for _, o := range lost {
		if o.calls != 1 || o.kind != sched.ResolveTimeout || o.phase != sched.PhaseResolve {
			t.Errorf("got %d calls, %v; want one, resolve_timeout", o.calls, o)
		}
	}
	for _, o := range fine {
		if o.calls != 1 || o.err != nil || o.body != "x" {
			t.Errorf("got %d calls, %v; want one, x", o.calls, o)
		}
	}
	select {
	case <-asked:
	default:
		t.Error("the name server was not asked")
	}
}
