//go:build linux

package peers

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

var qqloop = &Peer{
	Name:   "qqloop",
	Note:   "one loop on one goroutine; its workers share a Request, which it never changes",
	run:    runQQLoop,
	events: qqloopEvents,
	timers: qqloopTimers,
	parse:  qqloopParser,
	bots:   qqloopBots,
	also:   []string{"roundtrip", "roundtrip-park", "loops"},
}

// engine is a loop and a stream on it.
type engine struct {
	*loop.Loop
	stream *sched.Stream
	probe  loop.Timer
}

func newEngine(job *Job, ld load.Load) (*engine, error) {
	o, err := streamOptions(job)
	if err != nil {
		return nil, err
	}
	l, err := loop.New(loop.Options{})
	if err != nil {
		return nil, err
	}
	e := &engine{Loop: l, stream: sched.New(l, o)}
	beats(l, &e.probe, ld)
	return e, nil
}

func streamOptions(job *Job) (o sched.Options, err error) {
	o = sched.Options{
		Timeouts: sched.Timeouts{FirstByte: Patience},
		MaxConns: job.Conns,
	}
	if o.TLS, err = job.tls(); err != nil {
		return o, err
	}
	if job.Fresh {
		o.IdleTimeout = -1
		if !job.Resume && o.TLS != nil {
			o.TLS.ClientSessionCache = forgetful{}
		}
	}
	return o, nil
}

// beats sets the timer that tells the load how late a loop's timers are.
func beats(l *loop.Loop, probe *loop.Timer, ld load.Load) {
	start := time.Now().Add(-l.Time())
	due := l.Time() + beat
	probe.Init(l, func() {
		now := time.Since(start)
		ld.Lag(now - due)
		due = now + beat
		probe.Reset(due)
	})
	probe.Reset(due)
}

// work runs the loop until it is stopped, and ends all when the load lets it.
func (e *engine) work(ld load.Load) error {
	err := e.Run()
	ld.Over()
	return errors.Join(err, e.stream.Close(), e.Close())
}

// forgetful makes every handshake a full one.
type forgetful struct{}

func (forgetful) Get(string) (*tls.ClientSessionState, bool) { return nil, false }
func (forgetful) Put(string, *tls.ClientSessionState)        {}

// qqloopWorker is a chain: each readback returns the next request.
type qqloopWorker struct {
	*qqloopCrew
	w     int
	req   *sched.Request
	again sched.Readback
	size  int // of a long body
}

// A qqloopCrew is what workers have in common.
type qqloopCrew struct {
	job    *Job
	load   load.Load
	shared *sched.Request // nil: each worker needs its own
	over   func()         // one has ended
	stop   func()         // one has failed
}

func newCrew(job *Job, ld load.Load, over, stop func()) *qqloopCrew {
	c := &qqloopCrew{job: job, load: ld, over: over, stop: stop}
	if !job.Chain && job.Long == 0 {
		c.shared = (&qqloopWorker{qqloopCrew: c}).request(job.URL)
		c.shared.Body = job.body()
	}
	return c
}

func runQQLoop(job *Job, ld load.Load) error {
	switch {
	case job.Face == "roundtrip":
		return runTransport(job, ld)
	case job.Loops > 1:
		return runGroup(job, ld)
	}
	e, err := newEngine(job, ld)
	if err != nil {
		return err
	}
	left := job.Conns
	over := func() {
		if left--; left == 0 {
			e.Stop()
		}
	}
	crew := newCrew(job, ld, over, e.Stop)
	for w := range job.Conns {
		crew.begin(w, e.stream)
	}
	return e.work(ld)
}

// runGroup spreads the workers over several loops. A Group would give all that
// goes to one origin to one loop, and there is one origin here.
func runGroup(job *Job, ld load.Load) error {
	o, err := streamOptions(job)
	if err != nil {
		return err
	}
	g, err := sched.NewGroup(job.Loops, loop.Options{}, o)
	if err != nil {
		return err
	}
	var working sync.WaitGroup
	working.Add(job.Conns)
	crew := newCrew(job, ld, working.Done, working.Done)
	for w := range job.Conns {
		s := g.Stream(w % g.Len())
		s.Loop().AddCallback(func() {
			if w < g.Len() {
				beats(s.Loop(), new(loop.Timer), ld)
			}
			crew.begin(w, s)
		})
	}
	working.Wait()
	ld.Over()
	return g.Close()
}

// begin adds the first request of worker w.
func (c *qqloopCrew) begin(w int, s *sched.Stream) {
	x := &qqloopWorker{qqloopCrew: c, w: w, req: c.shared}
	x.again = x.readback
	if x.req == nil {
		x.req = x.request(c.job.URL)
		x.req.Body = c.job.body()
	}
	next := x.next()
	s.AddAfter(next.Delay, next.Request, next.Readback)
}

func (x *qqloopWorker) request(url string) *sched.Request {
	req := sched.Get(url)
	req.Method = x.job.Method
	req.Header.Add("User-Agent", Agent)
	if x.job.Fresh {
		req.Header.Add("Connection", "close")
	}
	if x.job.Reader {
		req.Upload = &sched.Upload{
			Open:   func() (io.ReadCloser, error) { return io.NopCloser(&source{x.job.Upload}), nil },
			Length: int64(x.job.Upload),
		}
	}
	if x.job.Long > 0 {
		req.OnBody = func(_ *sched.Response, piece []byte) error {
			x.size += len(piece)
			return nil
		}
	}
	return req
}

func (x *qqloopWorker) readback(resp *sched.Response, err error) sched.Next {
	if err == nil {
		err = x.job.right(resp.Status, x.size+len(resp.Body), resp.Body)
	}
	if err != nil {
		x.load.Fail(err)
		x.stop()
		return sched.Next{}
	}
	if x.job.Chain {
		x.req = x.request(x.job.next(resp.Body))
	}
	x.size = 0
	x.load.End(x.w)
	return x.next()
}

func (x *qqloopWorker) next() sched.Next {
	delay, ok := x.load.Begin(x.w)
	if !ok {
		x.over()
		return sched.Next{}
	}
	return sched.Next{Request: x.req, Readback: x.again, Delay: delay}
}

// qqloopTimers runs timers of the loop.
func qqloopTimers(job *Job, ld *load.Closed) error {
	e, err := newEngine(job, ld)
	if err != nil {
		return err
	}
	start := time.Now().Add(-e.Time())
	left := job.Conns
	timers := make([]loop.Timer, job.Conns)
	for w := range timers {
		pause := pauses(w)
		due := e.Time() + pause()
		timers[w].Init(e.Loop, func() {
			now := time.Since(start)
			ld.Lag(now - due)
			ld.Took(now - due)
			if !ld.More() {
				if left--; left == 0 {
					e.Stop()
				}
				return
			}
			due = now + pause()
			timers[w].Reset(due)
		})
		timers[w].Reset(due)
	}
	return e.work(ld)
}

// qqloopEvents follows event streams.
func qqloopEvents(job *Job, ld *load.Closed) error {
	e, err := newEngine(job, ld)
	if err != nil {
		return err
	}
	fail := func(err error) {
		ld.Fail(err)
		e.Stop()
	}
	for range job.Conns {
		var order inOrder
		e.stream.Events(sched.EventSource{
			Request: sched.Get(job.URL),
			OnEvent: func(event httpwire.ServerEvent) error {
				if !ld.More() {
					e.Stop()
					return nil
				}
				return order.event([]byte(event.Data), ld)
			},
			OnBreak: func(cause error, _ time.Duration) { fail(fmt.Errorf("the stream broke: %w", cause)) },
			OnEnd: func(cause error) {
				if !errors.Is(cause, sched.ErrClosed) {
					fail(fmt.Errorf("the stream ended: %w", cause))
				}
			},
		})
	}
	return e.work(ld)
}

// qqloopParser parses a head with package httpwire.
func qqloopParser() (func() error, error) {
	p := new(httpwire.Parser)
	return func() error {
		p.Expect("GET")
		for {
			ev, err := p.NextEvent()
			switch {
			case err != nil:
				return err
			case ev.Kind == httpwire.NeedData:
				p.Feed(ResponseHead)
			case ev.Kind == httpwire.GotHead:
				length, _ := p.ContentLength()
				if ev.Head.Status != 200 || length != headLength || ev.Head.Fields.Len() != headFields {
					return fmt.Errorf("got %d, %d, %d fields", ev.Head.Status, length, ev.Head.Fields.Len())
				}
				p.Release()
				return nil
			}
		}
	}, nil
}
