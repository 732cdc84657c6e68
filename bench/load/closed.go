//go:build linux

package load

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Closed keeps every worker busy: the next request is sent when the answer to
// the last one has come. With an Interval it is paced instead: each worker's
// requests are due at fixed times, whatever became of those before, and an
// answer's time counts from when its request was due. What a slow answer holds
// up is then counted as slow, too.
type Closed struct {
	common
	interval  time.Duration
	warm, all int64

	started  time.Time
	ended    atomic.Int64
	workers  []worker
	took     []uint32 // units of 100 ns
	from, to mark
	origin   int
	fibers   int // goroutines before there was a client
}

// A worker is touched by nobody else than itself.
type worker struct {
	due   time.Duration // when its request was to be sent, since started
	going bool          // it has sent one
}

// NewClosed returns a load of n requests that are measured, after warm ones
// that are not, of which there must be one at least. interval is zero, or that
// between two requests of one worker. origin is the process that answers,
// or 0.
func NewClosed(workers, warm, n int, interval time.Duration, origin int) *Closed {
	c := &Closed{
		interval: interval,
		warm:     int64(warm),
		all:      int64(warm + n),
		started:  time.Now(),
		workers:  make([]worker, workers),
		took:     make([]uint32, n),
		origin:   origin,
		fibers:   runtime.NumGoroutine(),
	}
	c.init()
	for w := range c.workers {
		c.workers[w].due = spread(w, workers, interval)
	}
	return c
}

// ramp is how fast connections are opened where it is up to us: more at once
// would overflow the origin's queue, and wait for the kernel to try again.
const ramp = 60 * time.Microsecond

// spread returns when worker w begins.
func spread(w, workers int, interval time.Duration) time.Duration {
	if interval > 0 {
		return interval * time.Duration(w) / time.Duration(workers)
	}
	return ramp * time.Duration(w)
}

// More reports whether there is more to measure.
func (c *Closed) More() bool { return c.ended.Load() < c.all }

// Begin is Load's. The workers go on until all that is measured has been
// answered, so that none of it is answered in a lull.
func (c *Closed) Begin(w int) (time.Duration, bool) {
	if !c.More() {
		return 0, false
	}
	me := &c.workers[w]
	if me.going && c.interval == 0 {
		return 0, true // due when the last one ended, which is now
	}
	me.going = true
	now := time.Since(c.started)
	if me.due > now {
		return me.due - now, true
	}
	if c.interval == 0 {
		me.due = now
	}
	return 0, true
}

// End is Load's.
func (c *Closed) End(w int) {
	now := time.Since(c.started)
	me := &c.workers[w]
	c.Took(now - me.due)
	if c.interval > 0 {
		me.due += c.interval
	} else {
		me.due = now
	}
}

// Took is End where the worker knows better how long it was.
func (c *Closed) Took(d time.Duration) {
	n := c.ended.Add(1)
	if i := n - 1 - c.warm; i >= 0 && n <= c.all {
		c.took[i] = tenths(d)
	}
	switch n {
	case c.warm:
		c.from = take(c.origin)
	case c.all:
		c.to = take(c.origin)
	}
}

// Sample returns what was measured.
func (c *Closed) Sample() Sample {
	s := between(&c.from, &c.to, len(c.took))
	s.Figures["goroutines"] -= float64(c.fibers)
	s.times(c.took)
	s.lag(&c.common)
	return s
}
