package sched_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A server that says how long it keeps a connection is believed, less a second.
func TestKeepAliveTimeout(t *testing.T) {
	for _, c := range []struct {
		field  string
		pause  time.Duration
		reused bool
	}{
		{"", 14 * time.Second, true},
		{"timeout=5", 3900 * time.Millisecond, true},
		{"timeout=5, max=100", 4100 * time.Millisecond, false},
		{"max=7,  Timeout=5", 4100 * time.Millisecond, false},
		{"timeout=1", 0, false},
		{"timeout=0", 0, false},
		{"timeout=soon", 14 * time.Second, true},
		{"timeout=99999999", 14 * time.Second, true},
	} {
		v := newLife(t, sim.Options{Latency: -1}, sched.Options{})
		v.http(func(x *sim.Exchange) { x.Reply(200, http.Header{"Keep-Alive": {c.field}}, nil) })
		second := &outcome{}
		v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
			return sched.Next{Request: resp.Request, Readback: v.note(second), Delay: c.pause}
		})
		v.run()
		v.wantBody(second, "")
		if second.info.Reused != c.reused {
			t.Errorf("Keep-Alive: %q, %v later: reused is %v; want %v", c.field, c.pause, second.info.Reused, c.reused)
		}
	}
}
