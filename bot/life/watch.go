package life

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

const (
	// enough violations end a life: the first one is the interesting one.
	enough = 1
	// longest is how long a request may take, beside its own delay: more than
	// the longest deadline of any, which is the poll's.
	longest = 5 * time.Minute
	// mostOwed is how many requests a bot has under way at most.
	mostOwed = 100
	// mostTurns is how often the loop may turn in a minute of virtual time. A
	// reply of a hundred kilobytes that comes byte by byte takes half as many.
	mostTurns = 200_000
	// number is the field that tells requests apart, and replies.
	number = "X-Life"
)

// poison is what servers send after a response. Nobody may ever read it.
const poison = "HTTP/1.1 200 OK\r\nX-Life: 0\r\nContent-Length: 6\r\n\r\nPOISON"

// A watch checks the rules that are not about messages.
type watch struct {
	l     *life
	found []Violation
	told  map[string]bool // rules that were broken: each is told once

	calls   uint64
	owed    map[uint64]*call
	arrived map[uint64]int // requests that must not come twice
	known   int            // violations that the world has told so far
	turns   int
	moment  time.Duration // the minute of turns
	slept   time.Duration // when the machine was last seen asleep
}

func newWatch(l *life) *watch {
	return &watch{l: l, told: map[string]bool{}, owed: map[uint64]*call{}, arrived: map[uint64]int{}}
}

func (w *watch) violation(rule, format string, args ...any) {
	if w.told[rule] {
		return
	}
	w.told[rule] = true
	v := Violation{Rule: rule, Text: fmt.Sprintf(format, args...), Service: w.l.o.Service, Seed: w.l.o.Seed, Days: w.l.o.Days, At: w.l.world.Now()}
	w.found = append(w.found, v)
	w.l.tell("VIOLATION %v", v)
}

// A call is a request whose readback is owed.
type call struct {
	n      uint64
	what   string // "POST http://..."
	safe   bool   // to be sent twice
	added  bool   // Add has returned
	called bool
	until  time.Duration // on the program's clock
}

// An adder stands between a client and its stream.
type adder struct {
	w      *watch
	p      *process
	stream *sched.Stream
}

func (a *adder) Loop() *loop.Loop { return a.stream.Loop() }

func (a *adder) Add(req *sched.Request, rb sched.Readback) sched.Chain {
	return a.AddAfter(0, req, rb)
}

func (a *adder) AddAfter(d time.Duration, req *sched.Request, rb sched.Readback) sched.Chain {
	k, req, rb := a.owe(d, req, rb)
	chain := a.stream.AddAfter(d, req, rb)
	if k != nil {
		k.added = true
	}
	return chain
}

// Events is followed with less suspicion: it must not speak after its end.
func (a *adder) Events(src sched.EventSource) sched.Chain {
	ended := false
	onEvent, onEnd := src.OnEvent, src.OnEnd
	src.OnEvent = func(e httpwire.ServerEvent) error {
		if ended {
			a.w.violation("readback", "an event stream goes on after its end")
		}
		return onEvent(e)
	}
	src.OnEnd = func(cause error) {
		if ended {
			a.w.violation("readback", "an event stream has ended twice")
		}
		ended = true
		onEnd(cause)
	}
	a.w.l.result.Requests++
	return a.stream.Events(src)
}

// owe writes down that rb is owed, and gives the request its number.
func (a *adder) owe(d time.Duration, req *sched.Request, rb sched.Readback) (*call, *sched.Request, sched.Readback) {
	if req == nil && rb == nil {
		return nil, nil, nil
	}
	w := a.w
	w.calls++
	w.l.result.Requests++
	k := &call{n: w.calls, until: a.p.clock.Monotonic() + max(0, d) + longest}
	if req != nil {
		r := *req
		r.Header = append(slices.Clip(r.Header), httpwire.Field{Name: number, Value: strconv.FormatUint(k.n, 10)})
		req = &r
		method := r.Method
		if method == "" {
			method = http.MethodGet
		}
		k.safe = r.Replayable || method == http.MethodGet || method == http.MethodHead
		if r.URL != nil {
			k.what = method + " " + r.URL.Host + r.URL.Path
		}
	}
	w.owed[k.n] = k
	if len(w.owed) > mostOwed {
		w.violation("bound", "%d requests are under way at once; the latest is %s", len(w.owed), k.what)
	}
	return k, req, func(resp *sched.Response, err error) sched.Next { return a.readback(k, rb, resp, err) }
}

// readback is called in the place of every readback.
func (a *adder) readback(k *call, rb sched.Readback, resp *sched.Response, err error) sched.Next {
	w := a.w
	switch {
	case !k.added:
		w.violation("readback", "that of %s was called before Add returned", k.what)
	case k.called:
		w.violation("readback", "that of %s was called twice", k.what)
	case (resp == nil) == (err == nil):
		w.violation("readback", "that of %s got resp %v and error %v; want one of them", k.what, resp != nil, err)
	}
	k.called = true
	if w.l.o.Trace != nil {
		w.l.tell("readback %s: %s", nameOf(rb), outcome(resp, err))
	}
	delete(w.owed, k.n)
	if err != nil {
		w.l.result.Failed++
		if e, ok := errors.AsType[*sched.Error](err); ok {
			resp = e.Response
		}
	}
	if resp != nil {
		a.belongs(k, resp)
		if err == nil && strings.HasSuffix(k.what, "/poll2") {
			w.l.people.reached(resp.Body)
		}
	}
	if err != nil {
		resp = nil
	}
	if rb == nil {
		return sched.Next{}
	}
	next := rb(resp, err)
	if next.Request != nil || next.Readback != nil {
		var k *call
		k, next.Request, next.Readback = a.owe(next.Delay, next.Request, next.Readback)
		k.added = true
	}
	return next
}

// nameOf returns the name of a readback as its author knows it.
func nameOf(rb sched.Readback) string {
	f := runtime.FuncForPC(reflect.ValueOf(rb).Pointer())
	if f == nil {
		return "of nobody"
	}
	return strings.TrimSuffix(path.Base(f.Name()), "-fm")
}

func outcome(resp *sched.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d, %d bytes", resp.Status, len(resp.Body))
}

// belongs checks that a response is the one to its request.
func (a *adder) belongs(k *call, resp *sched.Response) {
	w := a.w
	got := resp.Header.Get(number)
	if bytes.Contains(resp.Body, []byte("POISON")) || got == "0" {
		w.violation("response", "%s got what a server had sent after the response to another request", k.what)
	}
	if want := strconv.FormatUint(k.n, 10); got != "" && got != want {
		w.violation("response", "request %s, %s, got the response to request %s", want, k.what, got)
	}
}

// came notes a request that a server has got whole.
func (w *watch) came(field string) {
	n, err := strconv.ParseUint(field, 10, 64)
	if err != nil {
		return
	}
	w.l.result.Arrived++
	k := w.owed[n]
	if k != nil && k.safe {
		return
	}
	if w.arrived[n]++; w.arrived[n] == 2 {
		what := "a request that is over"
		if k != nil {
			what = k.what
		}
		w.violation("twice", "request %d, %s, came to a server twice, and is not replayable", n, what)
	}
}

// A poller stands between a loop and the world.
type poller struct {
	loop.Poller
	w *watch
	p *process
}

// Wait counts turns and looks at timeouts: none means that nothing is awaited
// but what others do.
func (p *poller) Wait(dst []loop.Event, timeout time.Duration) (int, error) {
	w := p.w
	if p.p.over {
		if timeout >= 0 {
			w.violation("timer", "one is armed, due in %v, though everything was closed", timeout)
		}
		return 0, errOver
	}
	if timeout < 0 && len(w.owed) > 0 {
		w.violation("deadline", "the loop waits without one, and owes %s", w.oldest())
	}
	if minute := w.l.world.Now() / time.Minute; minute != w.moment {
		w.moment, w.turns = minute, 0
	}
	if w.turns++; w.turns == mostTurns {
		w.violation("spin", "the loop has turned %d times in a minute", w.turns)
	}
	return p.Poller.Wait(dst, timeout)
}

// errOver ends the loop of a process that has closed everything.
var errOver = errors.New("life: the process has closed everything")

func (w *watch) oldest() string {
	for _, n := range slices.Sorted(maps.Keys(w.owed)) {
		return w.owed[n].what
	}
	return "nothing"
}

// minute is the round of the watchman.
func (w *watch) minute() {
	l, p := w.l, w.l.now
	w.kernel()
	if l.world.Asleep() {
		w.slept = l.world.Now()
	}
	if awake := l.world.Now() - w.slept; p != nil && !p.over && !p.closing && (w.slept == 0 || awake > time.Minute) {
		if open, known := l.world.Open(), p.stream.Stats().Open+p.fetch.Stats().Open; open > known {
			w.violation("descriptor", "%d are open, and the streams know of %d", open, known)
		}
		now := p.clock.Monotonic()
		for _, k := range w.owed {
			if now > k.until {
				w.violation("deadline", "%s has waited for %v beyond its longest deadline", k.what, now-k.until)
			}
		}
		if n := p.client.Queued(); n > mostOwed {
			w.violation("bound", "%d messages wait to be sent", n)
		}
	}
	if len(w.found) >= enough || l.o.Stop != nil && l.o.Stop() {
		l.ended = true
		l.world.Exit()
		return
	}
	l.world.After(time.Minute, w.minute)
}

// kernel passes on what the world has seen.
func (w *watch) kernel() {
	all := w.l.world.Violations()
	for _, v := range all[w.known:] {
		w.violation("kernel", "%s", v)
	}
	w.known = len(all)
}

// settled is called after an hour of fair weather.
func (w *watch) settled() {
	l, p := w.l, w.l.now
	if state := p.state(); state != "online" {
		w.violation("settled", "after an hour of fair weather the bot is %s", state)
	}
	if n := l.server.service.queued(); n > 0 {
		w.violation("settled", "after an hour of fair weather the service still holds %d messages", n)
	}
	if n := p.client.Queued(); n > 0 {
		w.violation("settled", "after an hour of fair weather %d messages wait to be sent", n)
	}
	if s := p.stream.Stats(); s.Waiting > 0 || s.Open > 4 {
		w.violation("settled", "after an hour of fair weather %d requests wait for a connection, and %d are open", s.Waiting, s.Open)
	}
	if s := p.fetch.Stats(); s.Pending > 0 || s.Open > 0 {
		w.violation("settled", "after an hour of fair weather %d pages are being fetched, over %d connections", s.Pending, s.Open)
	}
}

// returned looks at what a process has left that has closed everything.
func (w *watch) returned(p *process) {
	for _, n := range slices.Sorted(maps.Keys(w.owed)) {
		w.violation("readback", "that of %s was never called", w.owed[n].what)
	}
	clear(w.owed)
	for _, s := range [...]*sched.Stream{p.stream, p.fetch} {
		if st := s.Stats(); st.Pending+st.Waiting != 0 {
			w.violation("readback", "a closed stream says that %d chains go on and %d wait", st.Pending, st.Waiting)
		} else if st.Open+st.Idle != 0 {
			w.violation("slot", "a closed stream says that %d connections are open and %d idle", st.Open, st.Idle)
		}
	}
	if n := w.l.world.Open(); n > 0 {
		w.violation("descriptor", "%d are open, though everything was closed", n)
	}
	w.kernel()
}

// gone forgets what a process owed that was killed.
func (w *watch) gone() { clear(w.owed) }
