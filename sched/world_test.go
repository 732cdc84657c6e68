package sched_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// life is a loop, a stream and a simulated world, in which a test runs chains
// without a real socket or a real second.
type life struct {
	t *testing.T
	w *sim.World
	l *loop.Loop
	s *sched.Stream
}

// addr is where the servers of these tests listen, for the host a.example.
var addr = addrOf("10.0.0.1:80")

func addrOf(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func newLife(t *testing.T, so sim.Options, o sched.Options) *life {
	t.Helper()
	return newLifeThat(t, so, o, nil)
}

// newLifeThat is newLife with a hook for panics.
func newLifeThat(t *testing.T, so sim.Options, o sched.Options, onPanic func(any, []byte)) *life {
	t.Helper()
	w := sim.New(so)
	lo := w.Loop()
	lo.OnPanic = onPanic
	l, err := loop.New(lo)
	if err != nil {
		t.Fatal(err)
	}
	o.Kernel = w.Kernel()
	w.Host("a.example", addr.Addr())
	return &life{t, w, l, sched.New(l, o)}
}

// run runs the loop until no chain is left, closes all, and sees that nothing
// is left over.
func (v *life) run() {
	v.t.Helper()
	v.untilQuiet()
	v.close()
}

// untilQuiet runs the loop until no chain is left.
func (v *life) untilQuiet() {
	v.t.Helper()
	v.untilQuietFrom(0)
}

// untilQuietFrom is untilQuiet, but not before that virtual time: for tests
// that add chains later.
func (v *life) untilQuietFrom(when time.Duration) {
	v.t.Helper()
	var check func()
	check = func() {
		if v.s.Pending() == 0 {
			v.l.Stop()
			return
		}
		v.l.CallLater(10*time.Millisecond, check)
	}
	v.l.CallAt(when, check)
	if err := v.l.Run(); err != nil {
		v.t.Fatalf("Run: %v", err)
	}
}

func (v *life) close() {
	v.t.Helper()
	v.s.Close()
	if n := v.w.Open(); n != 0 {
		v.t.Errorf("%d descriptors are open at the end; want none", n)
	}
	if got := v.s.Stats(); got != (sched.Stats{}) {
		v.t.Errorf("at the end the stream has %+v; want nothing", got)
	}
	v.wantCounted()
	for _, line := range v.w.Violations() {
		v.t.Errorf("the program broke a rule: %s", line)
	}
	if err := v.l.Close(); err != nil {
		v.t.Errorf("Close: %v", err)
	}
}

// wantCounted checks that the metrics of a closed stream add up, and agree with
// what the world has seen.
func (v *life) wantCounted() {
	v.t.Helper()
	m, seen := v.s.Metrics(), v.w.Stats()
	var closed, responses uint64
	for _, n := range m.All.Closed {
		closed += n
	}
	for _, n := range m.All.Responses {
		responses += n
	}
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"requests that ended", m.Answered + m.Failed, m.Requests},
		{"sockets that were opened", m.All.Opened, seen.Connects},
		{"sockets that were closed", closed, m.All.Opened},
		{"bytes out", m.All.BytesOut, seen.Sent},
		{"bytes in", m.All.BytesIn, seen.Received},
		{"responses with a first byte", m.All.FirstByte.Count(), max(responses, m.All.FirstByte.Count())},
		{"requests whose total was taken", m.All.Total.Count(), m.Answered},
	} {
		if c.got != c.want {
			v.t.Errorf("the metrics have %d %s; want %d", c.got, c.what, c.want)
		}
	}
}

// http serves handle at addr.
func (v *life) http(handle func(*sim.Exchange)) *sim.Listener {
	return v.w.Listen(addr, sim.HTTP(handle))
}

// outcome is what a readback was told.
type outcome struct {
	calls  int
	at     time.Duration
	status int
	body   string
	info   sched.Info
	kind   sched.Kind
	phase  sched.Phase
	err    *sched.Error // its Response is void
	part   string       // the body that had arrived
}

func (o outcome) String() string {
	if o.err != nil {
		return fmt.Sprintf("%s in %s (%v)", o.kind, o.phase, o.err)
	}
	return fmt.Sprintf("%d %.200q", o.status, o.body)
}

// note returns a readback that writes down what it is told and ends the chain.
func (v *life) note(o *outcome) sched.Readback {
	return func(resp *sched.Response, err error) sched.Next {
		o.calls++
		o.at = v.w.Now()
		if (resp == nil) == (err == nil) {
			v.t.Errorf("readback got %v and %v; want exactly one", resp, err)
		}
		if err != nil {
			e, ok := errors.AsType[*sched.Error](err)
			if !ok {
				v.t.Fatalf("readback got a %T; want a *sched.Error", err)
			}
			o.err, o.kind, o.phase, o.info = e, e.Kind, e.Phase, e.Info
			if e.Response != nil {
				o.status, o.part = e.Response.Status, string(e.Response.Body)
			}
			return sched.Next{}
		}
		o.status, o.body, o.info = resp.Status, string(resp.Body), resp.Info
		return sched.Next{}
	}
}

// get adds a GET and returns where its outcome will be.
func (v *life) get(url string) *outcome { return v.do(sched.Get(url)) }

// do adds a request and returns where its outcome will be.
func (v *life) do(req *sched.Request) *outcome {
	o := &outcome{}
	v.s.Add(req, v.note(o))
	if o.calls != 0 {
		v.t.Errorf("the readback ran inside Add")
	}
	return o
}

// at calls fn on the loop at that virtual time.
func (v *life) at(when time.Duration, fn func()) { v.l.CallAt(when, fn) }

// reply is a handler that answers everything with body.
func reply(body string) func(*sim.Exchange) {
	return func(x *sim.Exchange) { x.Reply(200, nil, []byte(body)) }
}

// silence is a handler that answers nothing.
func silence(*sim.Exchange) {}

// post returns a POST of body.
func post(url, body string) *sched.Request {
	r := sched.Get(url)
	r.Method, r.Body = "POST", []byte(body)
	return r
}

// ms is so many milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// wantBody checks that a readback was called once, with a response.
func (v *life) wantBody(o *outcome, body string) {
	v.t.Helper()
	if o.calls != 1 || o.err != nil || o.body != body {
		v.t.Errorf("readback called %d times, with %v; want once, with %q", o.calls, o, body)
	}
}

// wantKind checks that a readback was called once, with an error of that kind.
func (v *life) wantKind(o *outcome, kind sched.Kind, phase sched.Phase) {
	v.t.Helper()
	if o.calls != 1 || o.kind != kind || o.phase != phase {
		v.t.Errorf("readback called %d times, with %v; want once, with %s in %s", o.calls, o, kind, phase)
	}
}

func TestGet(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte("hello "+x.Request.URL.Path)) })
	o := v.get("http://a.example/one")
	v.run()
	v.wantBody(o, "hello /one")
}

func TestChainKeepsItsConnection(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte("x")) })
	steps := 0
	var read sched.Readback
	read = func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			t.Fatalf("step %d: %v", steps, err)
		}
		if got, want := resp.Reused, steps > 0; got != want {
			t.Errorf("step %d: reused is %v; want %v", steps, got, want)
		}
		if steps++; steps == 50 {
			return sched.Next{}
		}
		return sched.Next{Request: resp.Request, Readback: read, Delay: time.Second}
	}
	v.s.Add(sched.Get("http://a.example/"), read)
	v.run()
	if steps != 50 || l.Accepted() != 1 {
		t.Errorf("%d steps over %d connections; want 50 over 1", steps, l.Accepted())
	}
	if v.w.Now() < 49*time.Second {
		t.Errorf("it took %v; want the 49 delays of a second", v.w.Now())
	}
}
