package sched_test

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// runner runs chains over kept connections to a real server on loopback.
type runner struct {
	l    *loop.Loop
	s    *sched.Stream
	req  *sched.Request
	read sched.Readback
	left int
	next sched.Next
	err  error
}

func newRunner(t testing.TB) *runner {
	t.Helper()
	return newRunnerWith(t, sched.Options{})
}

func newRunnerWith(t testing.TB, o sched.Options) *runner {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{l: l, s: sched.New(l, o), req: sched.Get(newEcho(t).url)}
	t.Cleanup(func() {
		r.s.Close()
		l.Close()
	})
	r.read = func(resp *sched.Response, err error) sched.Next {
		if err != nil || string(resp.Body) != "hello" {
			r.err = err
			l.Stop()
			return sched.Next{}
		}
		if r.left--; r.left > 0 {
			return r.next
		}
		if r.s.Pending() == 1 { // the last chain
			l.Stop()
		}
		return sched.Next{}
	}
	r.next = sched.Next{Request: r.req, Readback: r.read}
	return r
}

// run makes so many requests, over so many chains at once.
func (r *runner) run(t testing.TB, requests, chains int) {
	r.left = requests
	for range chains {
		r.s.Add(r.req, r.read)
	}
	if err := cmp.Or(r.l.Run(), r.err); err != nil {
		t.Fatal(err)
	}
}

// A warm plain request allocates nothing: not in a chain, and not with Add. The
// figures are the whole process's, the server included.
func TestWarmRequestDoesNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name             string
		requests, chains int
	}{{"one chain", 100, 1}, {"a chain for each request", 1, 1}, {"sixteen chains", 160, 16}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRunner(t)
			for range 10 {
				r.run(t, c.requests, c.chains)
			}
			if got := testing.AllocsPerRun(50, func() { r.run(t, c.requests, c.chains) }); got != 0 {
				t.Errorf("got %v allocations for %d requests; want 0", got, c.requests)
			}
		})
	}
}

func BenchmarkWarmGet(b *testing.B) {
	r := newRunner(b)
	r.run(b, 100, 1)
	b.ReportAllocs()
	for b.Loop() {
		r.run(b, 1, 1)
	}
}

// One op is one request of 64 chains, each over its own kept connection.
func BenchmarkChain64(b *testing.B) {
	r := newRunner(b)
	r.run(b, 6400, 64)
	b.ReportAllocs()
	b.ResetTimer()
	r.run(b, max(b.N, 64), 64)
}

// A request that waits for its answer costs Go memory for the chain, its
// connection and its deadline, and no buffer. The server never accepts: its
// ends of the connections are the kernel's alone.
func TestMemoryPerWaitingRequest(t *testing.T) {
	const many, bound = 2000, 1024
	if text, err := os.ReadFile("/proc/sys/net/core/somaxconn"); err != nil {
		t.Skip("this system does not tell how many connections may wait for accept(2):", err)
	} else if n, _ := strconv.Atoi(strings.TrimSpace(string(text))); n < many {
		t.Skipf("only %d connections may wait for accept(2) here; want %d", n, many)
	}
	if limit, _ := kernel.New(kernel.Options{}).Descriptors(); limit < many+100 {
		t.Skipf("the limit on descriptors is %d; want %d", limit, many+100)
	}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := 0
	s := sched.New(l, sched.Options{Trace: func(tr sched.Trace) {
		if tr.Op == sched.TraceSent {
			if sent++; sent == many {
				l.Stop()
			}
		}
	}})
	defer s.Close()
	url := "http://" + server.Addr().String() + "/"

	before, goroutines := inUse(), runtime.NumGoroutine()
	for range many {
		s.Add(sched.Get(url), func(*sched.Response, error) sched.Next { return sched.Next{} })
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	each, more := (inUse()-before)/many, runtime.NumGoroutine()-goroutines
	t.Logf("%d bytes of Go memory for each of %d waiting requests, their URLs included; %d goroutines", each, many, more)
	if got := s.Stats(); got.Pending != many || got.Open != many {
		t.Errorf("got %+v; want %d requests that wait", got, many)
	}
	if each > bound || more > 0 {
		t.Errorf("got %d bytes each and %d goroutines; want at most %d and none", each, more, bound)
	}
}

// A stream that has had many requests at once forgets most of what they needed.
func TestMemoryAfterManyRequests(t *testing.T) {
	const many, bound = 20_000, 64
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()
	read := func(*sched.Response, error) sched.Next { return sched.Next{} }
	request := sched.Get("http://a.example/")
	round := func() {
		chains := make([]sched.Chain, many)
		for i := range chains {
			chains[i] = s.AddAfter(time.Hour, request, read)
		}
		for _, c := range chains {
			c.Cancel()
		}
		l.AddCallback(l.Stop)
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
	}

	before := inUse()
	round()
	each := (inUse() - before) / many
	t.Logf("%d bytes are left for each of %d requests that were", each, many)
	if got := s.Pending(); got != 0 {
		t.Fatalf("%d requests are pending; want none", got)
	}
	if each > bound {
		t.Errorf("got %d bytes for each; want at most %d", each, bound)
	}
}

// What a stream keeps for the bodies to come is bounded, however many it had at
// once.
func TestMemoryAfterManyBodies(t *testing.T) {
	const many, length, bound = 200, 60_000, 4 << 20 // 12 MB of bodies
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Listen(addrOf("10.0.0.1:80"), func(p *sim.Peer) {
		p.OnData = func([]byte) {
			p.Write(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", length, make([]byte, length/2)))
			v.w.After(time.Second, func() { p.Write(make([]byte, length/2)) })
		}
	})
	before := inUse()
	whole := 0
	for range many {
		v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
			if err == nil && len(resp.Body) == length {
				whole++
			}
			return sched.Next{}
		})
	}
	v.untilQuiet()
	kept := inUse() - before
	t.Logf("%d bytes are left of %d bodies of %d bytes that came at once", kept, whole, length)
	if whole != many {
		t.Fatalf("%d of %d bodies are whole", whole, many)
	}
	if kept > bound {
		t.Errorf("got %d bytes; want at most %d", kept, bound)
	}
	v.close()
}

// inUse returns the bytes of heap and stacks in use, after collections.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
