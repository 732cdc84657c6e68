package sched_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// blackhole listens at an address and lets its backlog fill: from then on Linux
// drops each SYN, and a connect there is silent.
func blackhole(t *testing.T, at netip.AddrPort) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c, err := net.DialTimeout("tcp", at.String(), 200*time.Millisecond)
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this kernel takes more connections than the backlog allows: nothing is silent here")
}

// On this machine's kernel: one address refuses, one swallows packets, one
// answers.
func TestRaceOnLoopback(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	good := l.Addr().(*net.TCPAddr).AddrPort()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(r.Host))
	}))
	server.Listener.Close()
	server.Listener = l
	server.Start()
	defer server.Close()
	deaf, nobody := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	blackhole(t, netip.AddrPortFrom(deaf, good.Port()))

	var addrs []netip.Addr
	lookup := func(context.Context, string) ([]netip.Addr, error) { return addrs, nil }
	var refused, failed int
	for _, order := range [][]netip.Addr{
		{deaf, good.Addr()}, {nobody, good.Addr()}, {good.Addr(), deaf}, {deaf, nobody, deaf, good.Addr()},
	} {
		addrs = order
		lo, err := loop.New(loop.Options{})
		if err != nil {
			t.Fatal(err)
		}
		open := openFiles()
		s := sched.New(lo, sched.Options{Lookup: lookup, Trace: func(tr sched.Trace) {
			if tr.Op == sched.TraceConnectFailed {
				if failed++; tr.Err == error(syscall.ECONNREFUSED) {
					refused++
				}
			}
		}})
		r := sched.Get("http://race.example:" + good.String()[len("127.0.0.1:"):] + "/")
		s.Add(r, func(resp *sched.Response, err error) sched.Next {
			defer lo.Stop()
			if err != nil {
				t.Errorf("%v: %v", order, err)
			} else if resp.Remote != good || string(resp.Body) != r.URL.Host {
				t.Errorf("%v: %q from %v; want %q from %v", order, resp.Body, resp.Remote, r.URL.Host, good)
			}
			if now := openFiles(); now > open+2 { // the server's end is in this process
				t.Errorf("%v: %d descriptors beside those of the connection", order, now-open-2)
			}
			return sched.Next{}
		})
		if err := lo.Run(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		lo.Close()
	}
	if refused != 2 || failed != 5 {
		t.Errorf("%d attempts failed, %d of them refused; want 5, 2", failed, refused)
	}
}
