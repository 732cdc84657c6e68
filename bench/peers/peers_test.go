//go:build linux

package peers_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
)

// One origin serves all tests: evio cannot be stopped safely.
var at = func() *origin.Addrs {
	a, _, err := origin.Start()
	if err != nil {
		panic(err)
	}
	return a
}()

// jobs are the kinds of work, with few requests.
func jobs() map[string]peers.Job {
	small := strings.TrimPrefix(at.Small, "http://")
	large := strings.TrimPrefix(at.Large, "http://")
	return map[string]peers.Job{
		"get":            {URL: at.Small + "/small", Want: origin.Small, Conns: 4, Warm: 20, N: 400},
		"post":           {URL: at.Small + "/post", Method: "POST", Upload: 1024, Want: origin.Small, Conns: 4, Warm: 20, N: 400},
		"chain":          {URL: at.Small + "/chain/0", Chain: true, Conns: 1, Warm: 20, N: 200},
		"get-tls":        {URL: at.TLS + "/small", Want: origin.Small, CA: at.CA, Conns: 2, Warm: 20, N: 400},
		"handshake":      {URL: at.TLS + "/small", Want: origin.Small, CA: at.CA, Conns: 2, Warm: 4, N: 10, Fresh: true},
		"download":       {URL: at.Large + "/long", Long: origin.Long, Conns: 2, Warm: 2, N: 4},
		"upload":         {URL: at.Large + "/upload", Method: "POST", Upload: origin.Long, Want: strconv.Itoa(origin.Long), Conns: 2, Warm: 2, N: 4},
		"upload reader":  {URL: at.Large + "/upload", Method: "POST", Upload: origin.Long, Reader: true, Want: strconv.Itoa(origin.Long), Conns: 2, Warm: 2, N: 4},
		"open-loop":      {URL: at.Small + "/small", Want: origin.Small, Conns: 4, Warm: 20, N: 400, Interval: 4 * time.Millisecond},
		"park":           {URL: at.Small + "/park", Want: origin.Small, Conns: 50, Park: true, Control: small},
		"idle-tls":       {URL: at.TLS + "/park", Want: origin.Small, CA: at.CA, Conns: 10, Park: true, Idle: true, Control: large},
		"roundtrip":      {URL: at.Small + "/small", Want: origin.Small, Conns: 4, Warm: 20, N: 400, Face: "roundtrip"},
		"roundtrip-park": {URL: at.Small + "/park", Want: origin.Small, Conns: 50, Park: true, Face: "roundtrip", Control: small},
		"sse":            {URL: at.Large + "/events/1000/1", Conns: 3, Warm: 3, N: 60},
		"timers":         {Conns: 100, Warm: 1, N: 200},
		"accounts":       {Conns: 5, N: 20, Interval: time.Millisecond, Bots: "sse", Control: large},
		"parser":         {N: 100},
	}
}

// Every peer gets every answer in every scenario that it has.
func TestPeers(t *testing.T) {
	for _, p := range peers.All {
		for scenario, job := range jobs() {
			t.Run(p.Name+"/"+scenario, func(t *testing.T) {
				if why := p.Lacks(strings.TrimSuffix(scenario, " reader"), strings.TrimPrefix(scenario, "upload ")); why != "" {
					t.Skip(why)
				}
				job.Scenario, job.Peer, job.Origin = scenario, p.Name, at.PID
				if job.Method == "" {
					job.Method = "GET"
				}
				s, err := peers.Measure(&job)
				if err != nil {
					t.Fatal(err)
				}
				t.Log(s.Figures)
				if s.Figures["cpu_us_per_req"] <= 0 {
					t.Errorf("it took no processor time: %v", s.Figures)
				}
				if want := max(job.N, 1); !job.Park && s.Requests != want {
					t.Errorf("got %d requests; want %d", s.Requests, want)
				}
			})
		}
	}
}
