package sched

import (
	"runtime"
	"sync"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A station is where the goroutines that call a Transport meet the loop's. It
// starts a loop when there is something to do, and lets it end when there has
// been nothing for a while.
//
// A crossing costs more than the work on either side, so both are spared:
// whoever has a job wakes the loop only if nobody has yet, and the loop wakes
// those who wait at one time, when it has read what there was to read.
type station struct {
	options TransportOptions

	mu     sync.Mutex // guards what follows
	jobs   []job      // for the loop, in the order in which they came
	due    bool       // the loop is going to look at the jobs
	engine *engine    // nil: no loop runs
	loops  sync.WaitGroup
	closed bool
}

// A job is what the loop is to do for a call.
type job struct {
	call *call
	do   task
}

type task uint8

const (
	submit     task = iota // send the request
	resume                 // the body may go on
	cancel                 // for the reason that call.cause tells
	abandon                // nobody wants the rest of the body
	tidy                   // close what is idle; it is nobody's call
	write                  // a piece that a duplex has
	closeWrite             // no more will be written
)

// An engine is a loop and its stream, while they run. All of it but the loop's
// door belongs to the loop's goroutine.
type engine struct {
	station *station
	loop    *loop.Loop
	stream  *Stream
	work    func() // e.turn, bound once

	batch []job
	fed   []*call     // those that have something for their caller: if any, work is on its way
	full  []*exchange // those that have read enough
	idle  loop.Timer  // since nothing is left to do
}

// restAfter is how long a loop without requests and connections waits for the
// next request before it ends.
const restAfter = time.Second

// post hands a job to the loop. It fails if the station is closed, or if there
// is no loop to be had.
func (s *station) post(c *call, do task) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.engine == nil {
		if err := s.start(); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	e, tell := s.engine, !s.due
	s.jobs = append(s.jobs, job{c, do})
	s.due = true
	s.mu.Unlock()
	if tell {
		e.loop.AddCallback(e.work)
	}
	return nil
}

// start starts a loop. The station is locked.
func (s *station) start() error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	e := &engine{station: s, loop: l}
	e.work = e.turn
	e.stream = New(l, s.options.stream())
	e.stream.drained = e.watchIdle
	e.stream.shedsLate = true
	e.idle.Init(l, e.rest)
	e.watchIdle()
	s.engine = e
	s.loops.Go(e.run)
	return nil
}

// run is the loop's goroutine. It ends because there was nothing to do, because
// the station was closed, or because the poller failed.
func (e *engine) run() {
	e.loop.Run()
	s := e.station
	var left []job
	s.mu.Lock()
	if s.engine == e {
		s.engine, s.due = nil, false
		left, s.jobs = s.jobs, nil
	}
	s.mu.Unlock()
	e.stream.Close()
	for _, j := range left {
		if j.do == submit {
			j.call.engine = e
			j.call.read(nil, ErrClosed)
		}
	}
	e.deliver()
	e.loop.Close()
}

// close ends the loop, and waits until it has ended.
func (s *station) close() {
	s.mu.Lock()
	s.closed = true
	if s.engine != nil {
		s.engine.loop.Stop()
	}
	s.mu.Unlock()
	s.loops.Wait()
}

// tidy closes what is idle, and what becomes idle before the next request. It is
// also what becomes of a station whose Transport is gone: then there is no next
// request, and the loop ends when nothing is left to do.
func (s *station) tidy() {
	s.mu.Lock()
	running := s.engine != nil
	s.mu.Unlock()
	if running {
		s.post(nil, tidy)
	}
}

// turn is the loop's part of the meeting: it gives, lets those who were given
// something run, takes what they want next, and only then goes on to wait for
// the kernel. So a request that follows a response costs no wake-up.
func (e *engine) turn() {
	if e.deliver() {
		runtime.Gosched()
	}
	s := e.station
	s.mu.Lock()
	e.batch, s.jobs = s.jobs, e.batch[:0]
	s.mu.Unlock()
	for i, j := range e.batch {
		e.batch[i] = job{}
		e.perform(j)
	}
	for i, x := range e.full {
		e.full[i] = nil
		if x.paused && x.conn != nil && x.conn.fd >= 0 { // still nobody reads
			x.conn.ask(x.conn.wanted())
		}
	}
	e.full = e.full[:0]
	e.stream.shedCrowds()
	s.mu.Lock()
	again := len(s.jobs) > 0 || len(e.fed) > 0 // by a job of this very turn
	s.due = again
	s.mu.Unlock()
	if again {
		e.loop.AddCallback(e.work)
	}
}

func (e *engine) perform(j job) {
	c := j.call
	if c != nil && c.duplex != nil {
		c.duplex.perform(j.do)
		return
	}
	switch j.do {
	case submit:
		c.engine = e
		e.stream.closesIdle = false
		c.detour.taker = c
		c.chain = e.stream.addTaken(&c.request, c.readback, &c.detour)
	case resume:
		c.chain.Resume()
	case cancel:
		if c.chain.Active() {
			c.chain.x.cancel(c.why())
		}
	case abandon:
		e.abandon(c)
	case tidy:
		e.stream.closesIdle = true
		e.stream.CloseIdle()
	}
}

// abandon ends a body that nobody wants: if the rest of it is here the
// connection is kept, else it is closed.
func (e *engine) abandon(c *call) {
	if !c.chain.Active() {
		return
	}
	x := c.chain.x
	if left, known := x.left(); known && left <= int64(len(e.stream.scratch)) {
		x.paused = false
		x.conn.read()
	}
	if c.chain.Active() {
		x.cancel(errAbandoned)
	}
}

// note remembers that c has something for its caller, who is told in the next
// turn: more may come in this one.
func (e *engine) note(c *call) {
	if c.noted {
		return
	}
	c.noted = true
	e.fed = append(e.fed, c)
	if len(e.fed) > 1 {
		return
	}
	s := e.station
	s.mu.Lock()
	tell := !s.due
	s.due = true
	s.mu.Unlock()
	if tell {
		e.loop.AddCallback(e.work)
	}
}

// deliver tells the callers, and reports whether there were any.
func (e *engine) deliver() bool {
	told := false
	for i, c := range e.fed {
		e.fed[i] = nil
		c.noted = false
		told = c.tell() || told
	}
	e.fed = e.fed[:0]
	return told
}

// watchIdle is called when the last connection has gone.
func (e *engine) watchIdle() { e.idle.Reset(e.loop.Time() + restAfter) }

// rest ends the loop if there is nothing to do, and nothing has come meanwhile.
func (e *engine) rest() {
	switch st := e.stream.Stats(); {
	case st.Open > 0 || e.stream.handed != nil: // watchIdle will be called
		return
	case st.Pending > 0:
		e.watchIdle()
		return
	}
	s := e.station
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due {
		e.watchIdle()
		return
	}
	s.engine = nil
	e.loop.Stop()
}
