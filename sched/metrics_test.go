package sched_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// figures are what of Counts a test names.
type figures struct {
	sent, reused, redirects, retries, replays, opened uint64
	responses, errors, closed                         string
	queue, resolve, connect, first, total             uint64
}

func countOf(c *sched.Counts) figures {
	n := figures{
		sent: c.Sent, reused: c.Reused, redirects: c.Redirects, retries: c.Retries, replays: c.Replays, opened: c.Opened,
		queue: c.Queue.Count(), resolve: c.Resolve.Count(), connect: c.Connect.Count(),
		first: c.FirstByte.Count(), total: c.Total.Count(),
	}
	for i, k := range c.Responses {
		if k > 0 {
			n.responses += fmt.Sprintf("%dxx %d ", i, k)
		}
	}
	for i, k := range c.Closed {
		if k > 0 {
			n.closed += fmt.Sprintf("%v %d ", sched.CloseReason(i), k)
		}
	}
	if len(c.Errors) > 0 {
		n.errors = fmt.Sprint(c.Errors)
	}
	return n
}

func TestMetrics(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{MaxConns: 2, Timeouts: sched.Timeouts{FirstByte: time.Second}})
	v.http(func(x *sim.Exchange) {
		switch x.Request.URL.Path {
		case "/to":
			x.Reply(302, http.Header{"Location": {"/ok"}}, nil)
		case "/busy":
			x.Reply(503, nil, nil)
		case "/silent":
		case "/bye":
			x.Reply(200, http.Header{"Connection": {"close"}}, nil)
		default:
			x.Reply(200, nil, []byte("ok"))
		}
	})
	v.w.Listen(addrOf("10.0.0.2:80"), sim.HTTP(reply("second")))
	for _, step := range []struct {
		do   func()
		host string // whose counts
		want figures
	}{
		{func() { v.get("http://a.example/ok") }, "a.example",
			figures{sent: 1, opened: 1, responses: "2xx 1 ", resolve: 1, connect: 1, first: 1, total: 1}},
		{func() { v.get("http://a.example/ok") }, "a.example",
			figures{sent: 2, reused: 1, opened: 1, responses: "2xx 2 ", resolve: 1, connect: 1, first: 2, total: 2}},
		{func() {
			r := sched.Get("http://a.example/to")
			r.MaxRedirects = 1
			v.do(r)
		}, "a.example", figures{sent: 4, reused: 3, redirects: 1, opened: 1, responses: "2xx 3 3xx 1 ", resolve: 1, connect: 1, first: 4, total: 3}},
		{func() {
			r := sched.Get("http://a.example/busy")
			r.Retry = &sched.Retry{Attempts: 2, Base: 1}
			v.do(r)
		}, "a.example", figures{sent: 6, reused: 5, redirects: 1, retries: 1, opened: 1, responses: "2xx 3 3xx 1 5xx 2 ", resolve: 1, connect: 1, first: 6, total: 4}},
		{func() { v.get("http://a.example/bye") }, "a.example",
			figures{sent: 7, reused: 6, redirects: 1, retries: 1, opened: 1, responses: "2xx 4 3xx 1 5xx 2 ", closed: "done 1 ", resolve: 1, connect: 1, first: 7, total: 5}},
		{func() { v.get("http://10.0.0.2/") }, "10.0.0.2",
			figures{sent: 1, opened: 1, responses: "2xx 1 ", connect: 1, first: 1, total: 1}},
		{func() { v.get("http://10.0.0.2:9/") }, "10.0.0.2:9",
			figures{opened: 1, errors: "map[connect:1]", closed: "unconnected 1 "}},
		{func() { v.get("http://b.example/") }, "b.example", figures{errors: "map[resolve:1]", resolve: 1}},
		{func() { v.get("http://10.0.0.1/silent") }, "10.0.0.1",
			figures{sent: 1, opened: 1, errors: "map[first_byte_timeout:1]", closed: "failed 1 ", connect: 1}},
		{func() { v.get("http://") }, "", figures{errors: "map[invalid_request:1]"}},
		// Three at once on two places: one waits.
		{func() { v.get("http://10.0.0.1/"); v.get("http://10.0.0.1/"); v.get("http://10.0.0.1/") }, "10.0.0.1",
			figures{sent: 4, reused: 1, opened: 3, responses: "2xx 3 ", errors: "map[first_byte_timeout:1]", closed: "failed 1 ", queue: 1, connect: 3, first: 3, total: 3}},
		// That took the places of those that were idle.
		{func() {}, "10.0.0.2", figures{sent: 1, opened: 1, responses: "2xx 1 ", closed: "room 1 ", connect: 1, first: 1, total: 1}},
	} {
		step.do()
		v.untilQuiet()
		m := v.s.Metrics()
		got := m.Other
		for _, h := range m.Hosts {
			if h.Host == step.host {
				got = h.Counts
			}
		}
		if got := countOf(&got); got != step.want {
			t.Errorf("%q: got\n%+v; want\n%+v", step.host, got, step.want)
		}
		if m.Requests != m.Answered+m.Failed {
			t.Errorf("%d requests, %d answered, %d failed", m.Requests, m.Answered, m.Failed)
		}
	}
	m := v.s.Metrics()
	if m.MostWaiting != 1 || m.Requests != 13 || m.Failed != 4 {
		t.Errorf("%d waited at once, %d requests, %d failed; want 1, 13, 4", m.MostWaiting, m.Requests, m.Failed)
	}
	if want := ms(2); m.All.Connect.Min() != want || m.All.Connect.Max() != want {
		t.Errorf("connects took %v; want %v each", &m.All.Connect, want)
	}
	v.close()
	if m := v.s.Metrics(); m.All.Closed[sched.ClosedStream] == 0 {
		t.Errorf("no connection was closed with the stream: %v", m.All.Closed)
	}
}

// A kept connection that its server has closed is counted as a replay, and as
// closed by the server.
func TestMetricsOfAReplay(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	n := 0
	v.http(func(x *sim.Exchange) {
		if n++; n == 2 {
			x.Peer.Close()
			return
		}
		x.Reply(200, nil, nil)
	})
	v.get("http://10.0.0.1/")
	v.untilQuiet()
	v.get("http://10.0.0.1/")
	v.run()
	m := v.s.Metrics()
	want := figures{sent: 3, reused: 1, replays: 1, opened: 2, responses: "2xx 2 ", closed: "server 1 stream 1 ", connect: 2, first: 2, total: 2}
	if got := countOf(&m.All); got != want {
		t.Errorf("got\n%+v; want\n%+v", got, want)
	}
}

// Names of proxies have no passwords, and what a proxy forwards is counted for
// the proxy.
func TestMetricsOfAProxy(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(reply("x"))
	r := sched.Get("http://b.example/")
	r.Proxy, _ = url.Parse("http://me:secret@10.0.0.1:80")
	v.do(r)
	other := sched.Get("http://c.example/")
	other.Proxy, _ = url.Parse("http://me:another@10.0.0.1:80")
	v.do(other)
	v.run()
	m := v.s.Metrics()
	if len(m.Hosts) != 1 || m.Hosts[0].Host != "" || m.Hosts[0].Proxy != "http://me:xxxxx@10.0.0.1:80" || m.Hosts[0].Sent != 2 || m.All.Sent != 2 {
		t.Errorf("got %+v; want both requests to the proxy", m.Hosts)
	}
}

// Of many hosts, those are remembered that have connections, and of the others
// those that were used last.
func TestMetricsOfManyHosts(t *testing.T) {
	const remembered, more = 1024, 76
	v := newLife(t, sim.Options{Descriptors: 4000}, sched.Options{
		IdleTimeout: -1,
		Resolve:     func(string, string) (netip.AddrPort, bool) { return addr, true },
	})
	v.http(func(x *sim.Exchange) {
		if x.Request.URL.Path != "/poll" {
			x.Reply(200, nil, nil)
		}
	})
	v.s.Add(sched.Get("http://poll.example/poll"), nil)
	for i := range remembered + more {
		v.get(fmt.Sprintf("http://h%d.example/", i))
		v.l.CallLater(ms(10), v.l.Stop)
		v.l.Run()
		if i == more+10 { // the first of all is fresh again
			v.get("http://h0.example/")
		}
	}
	m := v.s.Metrics()
	has := func(host string) bool {
		return slices.ContainsFunc(m.Hosts, func(h sched.HostCounts) bool { return h.Host == host })
	}
	if len(m.Hosts) != remembered || !has("poll.example") || !has("h0.example") || has("h1.example") || !has(fmt.Sprintf("h%d.example", more+3)) {
		t.Errorf("%d hosts are remembered, the poll's %v, h0's %v, h1's %v", len(m.Hosts), has("poll.example"), has("h0.example"), has("h1.example"))
	}
	if all := uint64(remembered + more + 2); m.All.Sent != all || m.Other.Sent != all-remembered-1 {
		t.Errorf("%d requests were sent, %d of them to others; want %d and %d", m.All.Sent, m.Other.Sent, all, all-remembered-1)
	}
	// Connections that wait, to more hosts than can be remembered.
	for i := range remembered + more {
		v.s.Add(sched.Get(fmt.Sprintf("http://p%d.example/poll", i)), nil)
	}
	v.l.CallLater(ms(10), v.l.Stop)
	v.l.Run()
	if m = v.s.Metrics(); len(m.Hosts) != remembered || m.Open != remembered+more+1 {
		t.Errorf("%d connections are open, and %d hosts remembered; want %d and %d", m.Open, len(m.Hosts), remembered+more+1, remembered)
	}
	v.close()
}

func TestMergeMetrics(t *testing.T) {
	var parts [2]sched.Metrics
	for i := range parts {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.http(reply("x"))
		v.get("http://10.0.0.1/")
		v.get(fmt.Sprintf("http://10.0.0.%d:81/", i+2))
		v.untilQuiet()
		parts[i] = v.s.Metrics()
		v.close()
	}
	var both sched.Metrics
	both.Merge(&parts[0])
	both.Merge(&parts[1])
	if both.Requests != 4 || both.Open != 2 || both.All.Sent != 2 || both.All.Errors[sched.Connect] != 2 || both.All.Total.Count() != 2 {
		t.Errorf("got %+v; want twice what each has", both)
	}
	var hosts []string
	for _, h := range both.Hosts {
		hosts = append(hosts, fmt.Sprint(h.Host, " ", h.Sent, " ", h.Errors[sched.Connect]))
	}
	if got, want := fmt.Sprint(hosts), "[10.0.0.1 2 0 10.0.0.2:81 0 1 10.0.0.3:81 0 1]"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if parts[0].All.Sent != 1 || parts[0].Hosts[0].Total.Count() != 1 {
		t.Errorf("merging has changed what was merged: %+v", parts[0])
	}
}

// Other goroutines ask the loop. One that is stuck does not hold them.
func TestSnapshot(t *testing.T) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := sched.New(l, sched.Options{})
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	stuck, free := make(chan struct{}), make(chan struct{})

	gone, cancel := context.WithCancel(context.Background())
	l.AddCallback(func() { close(stuck); <-free })
	<-stuck
	cancel()
	for range 3 {
		if m, err := s.Snapshot(gone); err != context.Canceled || m.Requests != 0 {
			t.Errorf("of a loop that is stuck: %+v, %v; want nothing, and the context's error", m, err)
		}
	}
	close(free)

	answered := make(chan struct{})
	l.AddCallback(func() {
		s.Add(sched.Get("http://"), func(*sched.Response, error) sched.Next {
			close(answered)
			return sched.Next{}
		})
	})
	<-answered
	asked := make(chan error)
	for range 4 {
		go func() {
			m, err := s.Snapshot(context.Background())
			if err == nil && m.Failed != 1 {
				err = fmt.Errorf("got %+v; want the one that has failed", m)
			}
			asked <- err
		}()
	}
	for range 4 {
		if err := <-asked; err != nil {
			t.Error(err)
		}
	}

	// The question of one who asks too late is answered by Close.
	closed := make(chan struct{})
	l.AddCallback(func() {
		s.Close()
		l.Stop()
		close(closed)
	})
	<-closed
	if err := errors.Join(<-ran, l.Close()); err != nil {
		t.Error(err)
	}
	if m, err := s.Snapshot(gone); err != nil || m.Failed != 1 {
		t.Errorf("of a closed stream: %+v, %v; want its last metrics", m, err)
	}
}

// Many ask while the stream is closed under them: all get an answer.
func TestSnapshotWhileClosing(t *testing.T) {
	for range 100 {
		l, err := loop.New(loop.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := sched.New(l, sched.Options{})
		asked := make(chan error)
		for range 4 {
			go func() {
				_, err := s.Snapshot(context.Background())
				asked <- err
			}()
		}
		s.Close()
		l.Close()
		for range 4 {
			if err := <-asked; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkMetrics(b *testing.B) {
	v := newLife(&testing.T{}, sim.Options{}, sched.Options{
		IdleTimeout: -1,
		Resolve:     func(string, string) (netip.AddrPort, bool) { return addr, true },
	})
	v.http(reply("x"))
	for i := range 1024 {
		v.get(fmt.Sprintf("http://h%d.example/", i))
	}
	v.untilQuiet()
	b.ReportAllocs()
	for b.Loop() {
		v.s.Metrics()
	}
	v.close()
}
