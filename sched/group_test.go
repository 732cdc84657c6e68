package sched_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// newGroup returns a group that is closed with the test.
func newGroup(t testing.TB, n int, lo loop.Options, o sched.Options) *sched.Group {
	t.Helper()
	g, err := sched.NewGroup(n, lo, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// servers returns the URLs of n real servers on loopback, of which loop i of g
// has those with i modulo the number of loops.
func servers(t testing.TB, g *sched.Group, n int, start func() string) []string {
	t.Helper()
	urls := make([]string, n)
	for have := 0; have < n; {
		raw := start()
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		for i := range urls {
			if urls[i] == "" && g.For(u) == g.Stream(i%g.Len()) {
				urls[i] = raw
				have++
				break
			}
		}
	}
	return urls
}

// Chains of many origins, added from many goroutines: each readback is called
// once, on the loop of its origin, two of one origin never at the same time,
// and each origin has one pool.
func TestGroup(t *testing.T) {
	const loops, origins, adders, steps = 3, 7, 4, 25
	g := newGroup(t, loops, loop.Options{}, sched.Options{})
	var conns sync.Map // by origin: how many the server has seen
	urls := servers(t, g, origins, func() string {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
		n := new(atomic.Int32)
		s.Config.ConnContext = connCounter(n)
		s.Start()
		t.Cleanup(s.Close)
		conns.Store(s.URL, n)
		return s.URL
	})
	var called atomic.Int32
	var inside [origins]int // without a lock: the race detector would tell
	var all sync.WaitGroup
	for range adders {
		for i, base := range urls {
			all.Add(1)
			go func() {
				left := steps
				var read sched.Readback
				read = func(resp *sched.Response, err error) sched.Next {
					called.Add(1)
					inside[i]++
					if err != nil || string(resp.Body) != "/x" {
						t.Errorf("got %v", err)
					}
					if left--; left == 0 {
						all.Done()
						return sched.Next{}
					}
					return sched.Next{Request: sched.Get(base + "/x"), Readback: read}
				}
				if _, err := g.Add(sched.Get(base+"/x"), read); err != nil {
					t.Error(err)
					all.Done()
				}
			}()
		}
	}
	all.Wait()
	if got := called.Load(); got != adders*origins*steps {
		t.Errorf("readbacks were called %d times; want %d", got, adders*origins*steps)
	}
	m, err := g.Metrics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if m.Answered != adders*origins*steps || m.All.Total.Count() != m.Answered || len(m.Hosts) != origins {
		t.Errorf("the metrics have %d answers from %d hosts; want %d from %d", m.Answered, len(m.Hosts), adders*origins*steps, origins)
	}
	for i := range g.Len() {
		part, err := g.Stream(i).Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range part.Hosts {
			u := &url.URL{Scheme: h.Scheme, Host: h.Host}
			if g.For(u) != g.Stream(i) {
				t.Errorf("loop %d has talked to %v", i, u)
			}
			if n, _ := conns.Load(u.String()); n.(*atomic.Int32).Load() > adders {
				t.Errorf("%v has seen %d connections; want at most %d", u, n.(*atomic.Int32).Load(), adders)
			}
		}
	}
}

// A chain stays on its loop: its redirect to another origin, and its next
// request to one, go out from there.
func TestGroupChainStays(t *testing.T) {
	g := newGroup(t, 2, loop.Options{}, sched.Options{})
	urls := servers(t, g, 2, func() string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/to" {
				http.Redirect(w, r, r.URL.RawQuery, http.StatusFound)
			}
		}))
		t.Cleanup(s.Close)
		return s.URL
	})
	done := make(chan error)
	first := sched.Get(urls[0] + "/to?" + urls[1] + "/there")
	first.MaxRedirects = 1
	_, err := g.Add(first, func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			done <- err
			return sched.Next{}
		}
		return sched.Next{Request: sched.Get(urls[1]), Readback: func(resp *sched.Response, err error) sched.Next {
			done <- err
			return sched.Next{}
		}}
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint64{3, 0} {
		if m, _ := g.Stream(i).Snapshot(context.Background()); m.All.Sent != want {
			t.Errorf("loop %d has sent %d requests; want %d", i, m.All.Sent, want)
		}
	}
}

// Whatever is under way, and whatever is still in the mail, hears that the
// group is closed; what comes after is refused.
func TestGroupClose(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	for range 10 {
		g, err := sched.NewGroup(2, loop.Options{}, sched.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var accepted, called atomic.Int32
		var adders sync.WaitGroup
		begun := make(chan struct{}, 8)
		for range 4 {
			adders.Go(func() {
				for i := range 50 {
					_, err := g.Add(sched.Get(s.URL), func(resp *sched.Response, err error) sched.Next {
						if !errors.Is(err, sched.ErrClosed) {
							t.Errorf("got %v, %v; want ErrClosed", resp, err)
						}
						called.Add(1)
						return sched.Next{}
					})
					switch {
					case err == sched.ErrClosed:
						return
					case err != nil:
						t.Error(err)
						return
					}
					accepted.Add(1)
					if i < 2 {
						begun <- struct{}{}
					}
				}
			})
		}
		<-begun
		if err := errors.Join(g.Close(), g.Close()); err != nil {
			t.Error(err)
		}
		after := called.Load()
		adders.Wait()
		if a, c := accepted.Load(), called.Load(); a != c || c != after {
			t.Fatalf("%d requests were accepted, %d heard of the end, %d of them before Close returned", a, c, after)
		}
		if err := g.On(nil, func(*sched.Stream) { t.Error("was called after Close") }); err != sched.ErrClosed {
			t.Errorf("On after Close: %v; want ErrClosed", err)
		}
	}
}

// Cancel from another goroutine, before the chain has begun, while it runs and
// after its end.
func TestGroupCancel(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	g := newGroup(t, 2, loop.Options{}, sched.Options{})
	for range 100 {
		heard := make(chan error, 2)
		cancel, err := g.Add(sched.Get(s.URL), func(_ *sched.Response, err error) sched.Next {
			heard <- err
			return sched.Next{Request: sched.Get(s.URL)}
		})
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(cancel)
		both.Go(cancel)
		if err := <-heard; !errors.Is(err, sched.ErrCancelled) {
			t.Fatalf("got %v; want ErrCancelled", err)
		}
		both.Wait()
		cancel()
		if len(heard) != 0 {
			t.Fatal("the readback was called again")
		}
	}
}

// On and a loop that somebody stops, or whose function panics: what was posted
// is done.
func TestGroupMail(t *testing.T) {
	panics := make(chan any, 10)
	g := newGroup(t, 2, loop.Options{OnPanic: func(v any, _ []byte) { panics <- v }}, sched.Options{})
	one, other := g.Stream(0).Loop(), g.Stream(1).Loop()
	hold, held := make(chan struct{}), make(chan struct{})
	one.AddCallback(func() { close(held); <-hold })
	<-held
	done := make(chan int, 10)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(g.On(nil, func(*sched.Stream) { done <- 1 }))
	must(g.On(nil, func(*sched.Stream) { panic("oops") }))
	must(g.On(nil, func(s *sched.Stream) {
		if s != g.Stream(0) {
			t.Error("nothing has an origin on another loop than the first")
		}
		done <- 2
	}))
	close(hold)
	if a, b, p := <-done, <-done, <-panics; a != 1 || b != 2 || p != "oops" {
		t.Errorf("got %d, %d and a panic with %v; want 1, 2 and oops", a, b, p)
	}
	one.AddCallback(one.Stop)
	for g.On(nil, func(*sched.Stream) {}) == nil {
		runtime.Gosched()
	}
	if other.Stats().Panics != 0 {
		t.Error("the other loop heard of the panic")
	}
}

func TestNewGroupRefuses(t *testing.T) {
	w := sim.New(sim.Options{})
	for _, c := range []struct {
		n    int
		lo   loop.Options
		o    sched.Options
		want string
	}{
		{-1, loop.Options{}, sched.Options{}, "must not be negative"},
		{2, w.Loop(), sched.Options{}, "cannot share a Poller"},
		{2, loop.Options{}, sched.Options{Kernel: w.Kernel()}, "cannot share a Kernel"},
		{4, loop.Options{}, sched.Options{MaxConns: 3}, "MaxConns is 3, too few for 4 loops"},
		{4, loop.Options{}, sched.Options{MaxIdle: 1}, "MaxIdle is 1, too few for 4 loops"},
		{2, loop.Options{SlowAfter: time.Second}, sched.Options{}, "OnSlow go together"},
	} {
		if g, err := sched.NewGroup(c.n, c.lo, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, %v; want an error with %q", c, g, err, c.want)
		}
	}
	g := newGroup(t, 0, loop.Options{}, sched.Options{})
	if g.Len() != runtime.GOMAXPROCS(0) {
		t.Errorf("got %d loops; want one for each processor", g.Len())
	}
}

// MaxConns holds for all loops together.
func TestGroupDividesItsBounds(t *testing.T) {
	const conns = 5
	open := make(chan struct{}, 100)
	g := newGroup(t, 2, loop.Options{}, sched.Options{MaxConns: conns})
	release := make(chan struct{})
	urls := servers(t, g, 2, func() string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			open <- struct{}{}
			<-release
		}))
		t.Cleanup(s.Close)
		return s.URL
	})
	var all sync.WaitGroup
	for _, u := range urls {
		for range conns {
			all.Add(1)
			g.Add(sched.Get(u), func(*sched.Response, error) sched.Next {
				all.Done()
				return sched.Next{}
			})
		}
	}
	for range conns {
		<-open
	}
	m, err := g.Metrics(context.Background())
	if err != nil || m.Open != conns || m.Waiting != conns {
		t.Errorf("%d connections are open, %d requests wait, %v; want %d and %d", m.Open, m.Waiting, err, conns, conns)
	}
	close(release)
	all.Wait()
}

// One op is one request of 64 chains to 4 origins, on one loop or on two. The
// servers are in this process: with two processors there is little to win.
func BenchmarkGroup(b *testing.B) {
	for _, loops := range []int{1, 2} {
		b.Run(fmt.Sprint("loops=", loops), func(b *testing.B) {
			g := newGroup(b, loops, loop.Options{}, sched.Options{})
			urls := servers(b, g, 4, func() string { return newEcho(b).url })
			const chains = 64
			b.ReportAllocs()
			var all sync.WaitGroup
			for i := range chains {
				all.Add(1)
				req, left := sched.Get(urls[i%len(urls)]), max(1, b.N/chains)
				var read sched.Readback
				read = func(_ *sched.Response, err error) sched.Next {
					if err != nil {
						b.Error(err)
						left = 1
					}
					if left--; left == 0 {
						all.Done()
						return sched.Next{}
					}
					return sched.Next{Request: req, Readback: read}
				}
				if _, err := g.Add(req, read); err != nil {
					b.Fatal(err)
				}
			}
			all.Wait()
		})
	}
}

// connCounter counts the connections of a server.
func connCounter(n *atomic.Int32) func(context.Context, net.Conn) context.Context {
	return func(ctx context.Context, _ net.Conn) context.Context {
		n.Add(1)
		return ctx
	}
}
