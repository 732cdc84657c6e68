package sched_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
)

// A warm request over TLS: what crypto/tls allocates, and nothing of ours.
func TestTLSWarmRequestAllocations(t *testing.T) {
	at := startNginxTLS(t, "TLSv1.3")
	v := newReal(t, trusting(sched.Options{}))
	r := sched.Get("https://" + at + "/")
	const bound = 4 // one or two for each pass of crypto/tls over a read
	left := 0
	var failure error
	var next sched.Next
	read := func(_ *sched.Response, err error) sched.Next {
		failure = err
		if left--; left > 0 && err == nil {
			return next
		}
		v.l.Stop()
		return sched.Next{}
	}
	next = sched.Next{Request: r, Readback: read}
	run := func() {
		left = 10
		v.s.Add(r, read)
		if err := v.l.Run(); err != nil || failure != nil {
			t.Fatal(err, failure)
		}
	}
	run()
	got := testing.AllocsPerRun(8, run) / 10 // below a hundred requests: the connection stays
	t.Logf("%.1f allocations for each request", got)
	if got > bound {
		t.Errorf("got %.1f allocations for each request; want at most %d", got, bound)
	}
}

// An idle connection with TLS, as a stream keeps it after a request: of a
// thousand that were opened one after the other, and of a thousand at once. The
// server's ends are in another process.
func TestTLSMemoryPerIdleConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 handshakes take seconds")
	}
	const many, bound = 1000, 8 << 10
	if limit, _ := kernel.New(kernel.Options{}).Descriptors(); limit < many+200 {
		t.Skipf("the limit on descriptors is %d; want %d", limit, many+200)
	}
	at := startNginxTLS(t, "TLSv1.3")
	toNginx := func(t *testing.T) *life {
		v := newReal(t, trusting(sched.Options{
			IdleTimeout: time.Hour,
			TLS:         &tls.Config{ServerName: "localhost", SessionTicketsDisabled: true},
			Resolve:     func(string, string) (netip.AddrPort, bool) { return netip.MustParseAddrPort(at), true },
		}))
		v.fetch(sched.Get("https://first.example/")) // makes what all of a stream share
		return v
	}
	toNginx(t).fill(100, 1) // and this what all of a process do
	for _, wave := range []int{1, many} {
		t.Run(fmt.Sprint(wave, " at once"), func(t *testing.T) {
			v := toNginx(t)
			before := inUse()
			v.fill(many, wave)
			each := (inUse() - before) / many
			t.Logf("%d bytes of Go memory for each of %d idle connections, their places in the pool included", each, many)
			if got := v.s.Stats().Idle; got != many+1 {
				t.Fatalf("%d connections are idle; want %d", got, many+1)
			}
			if each > bound {
				t.Errorf("got %d bytes each; want at most %d", each, bound)
			}
		})
	}
}

// fill opens connections to so many hosts, so many at once, and leaves them idle.
func (v *life) fill(many, wave int) {
	v.t.Helper()
	for i := 0; i < many; i += wave {
		for j := range wave {
			v.s.Add(sched.Get(fmt.Sprintf("https://h%d.example/", i+j)), func(_ *sched.Response, err error) sched.Next {
				if err != nil {
					v.t.Error(err)
				}
				if v.s.Pending() == 1 { // the last one
					v.l.Stop()
				}
				return sched.Next{}
			})
		}
		if err := v.l.Run(); err != nil {
			v.t.Fatal(err)
		}
	}
}

// RST in the middle of a handshake, by a real kernel.
func TestTLSResetByKernel(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c, err := l.Accept()
		if err != nil {
			return
		}
		io.ReadFull(c, make([]byte, 100)) // some of the hello
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}()
	v := newReal(t, trusting(sched.Options{}))
	o := v.fetch(sched.Get("https://" + l.Addr().String() + "/"))
	<-gone
	if o.kind != sched.TLS || o.phase != sched.PhaseTLS || o.err.Sent {
		t.Errorf("got %v; want tls in tls, and nothing sent", o)
	}
}
