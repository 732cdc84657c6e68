package sched_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Ten thousand delays in virtual time: each request leaves when its delay has
// passed, to the nanosecond, and equal delays leave in the order of adding.
func TestTenThousandDelays(t *testing.T) {
	const many = 10_000
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(reply("x"))
	v.get("http://a.example/") // learns the name
	v.untilQuiet()
	start := v.l.Time()
	dice := rand.New(rand.NewPCG(3, 4))
	type leaving struct {
		delay time.Duration
		n     int
	}
	var want, got []leaving
	for n := range many {
		l := leaving{time.Duration(dice.IntN(2000)) * time.Millisecond, n}
		want = append(want, l)
		// The name of a request that cannot be sent is never asked for: what
		// is measured is the delay alone.
		v.s.AddAfter(l.delay, sched.Get("ftp://a.example/"), func(_ *sched.Response, err error) sched.Next {
			if at := v.l.Time() - start; at != l.delay {
				t.Errorf("request %d left after %v; want %v", n, at, l.delay)
			}
			got = append(got, l)
			return sched.Next{}
		})
	}
	if n := v.s.Pending(); n != many {
		t.Errorf("%d chains are pending; want %d", n, many)
	}
	v.run()
	slices.SortStableFunc(want, func(a, b leaving) int { return int(a.delay - b.delay) })
	if !slices.Equal(got, want) {
		t.Error("the requests did not leave in the order of their deadlines")
	}
}

// The same in real time, answered by a real server: a delay costs no goroutine.
func TestAcceptanceDelays(t *testing.T) {
	const many = 10_000
	server := newEcho(t)
	before := runtime.NumGoroutine()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := sched.New(l, sched.Options{MaxConns: 16})
	defer s.Close()
	answered, most := 0, 0
	for n := range many {
		s.AddAfter(time.Duration(n*7919%500)*time.Millisecond, sched.Get(server.url), func(_ *sched.Response, err error) sched.Next {
			if err != nil {
				t.Error(err)
			}
			answered++
			if answered%100 == 0 {
				most = max(most, runtime.NumGoroutine()-before-server.conns())
			}
			if answered == many {
				l.Stop()
			}
			return sched.Next{}
		})
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d delayed requests: at most %d goroutines more than before", answered, most)
	if answered != many || most >= 20 {
		t.Errorf("%d answered, %d goroutines; want %d, fewer than 20", answered, most, many)
	}
}

// TestDelaysOfAChain plays a heartbeat for a day of virtual time.
func TestDelaysOfAChain(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Resolve: func(string, string) (netip.AddrPort, bool) { return addr, true }})
	beats := 0
	l := v.http(func(x *sim.Exchange) {
		beats++
		x.Reply(200, nil, nil)
	})
	var read sched.Readback
	read = func(resp *sched.Response, err error) sched.Next {
		return sched.Next{Request: sched.Get("http://a.example/beat"), Readback: read, Delay: time.Minute}
	}
	chain := v.s.Add(sched.Get("http://a.example/beat"), read)
	v.at(24*time.Hour, chain.Cancel)
	v.untilQuietFrom(24 * time.Hour)
	v.close()
	if beats != 1440 || l.Accepted() != 1440 {
		t.Errorf("%d beats over %d connections; want 1440 over as many, since each is idle for longer than is kept", beats, l.Accepted())
	}
}

// echo is a real server on loopback that answers each read with the same
// response and allocates nothing in doing so.
type echo struct {
	url   string
	count chan int // holds the number of connections
}

var echoed = []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

func newEcho(t testing.TB) *echo {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{url: fmt.Sprintf("http://%v/", l.Addr()), count: make(chan int, 1)}
	e.count <- 1 // who accepts counts as well
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			e.count <- <-e.count + 1
			go e.serve(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return e
}

func (e *echo) serve(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil {
			break
		}
		c.Write(echoed)
	}
	c.Close()
	e.count <- <-e.count - 1
}

// conns returns how many goroutines are the server's.
func (e *echo) conns() int {
	n := <-e.count
	e.count <- n
	return n - 1
}
