//go:build linux

package load

import (
	"errors"
	"sync/atomic"
	"time"
)

// Once sends one request for each worker, all of which the origin holds until
// it is told to answer them.
type Once struct {
	common
	started  time.Time
	sent     []bool
	ended    atomic.Int64
	released atomic.Int64 // when, in nanoseconds since started
	took     []uint32     // from then, units of 100 ns
	origin   int

	before, held memory
	from, to     mark
}

// NewOnce returns a load of one request for each of so many workers. Nothing
// of the peer's may have been made before.
func NewOnce(workers, origin int) *Once {
	o := &Once{sent: make([]bool, workers), took: make([]uint32, workers), origin: origin}
	o.init()
	o.before = hold()
	o.from = take(origin)
	o.started = time.Now()
	return o
}

// Begin is Load's.
func (o *Once) Begin(w int) (time.Duration, bool) {
	if o.sent[w] {
		return 0, false
	}
	o.sent[w] = true
	return max(spread(w, len(o.sent), 0)-time.Since(o.started), 0), true
}

// End is Load's.
func (o *Once) End(w int) {
	now := time.Since(o.started)
	released := o.released.Load()
	if released == 0 {
		o.Fail(errors.New("an answer came before its time"))
		return
	}
	n := o.ended.Add(1)
	if n > int64(len(o.took)) {
		o.Fail(errors.New("there are more answers than requests"))
		return
	}
	o.took[n-1] = tenths(now - time.Duration(released))
	if n == int64(len(o.took)) {
		o.to = take(o.origin)
	}
}

// Hold measures the memory that is held now.
func (o *Once) Hold() { o.held = hold() }

// Release says that the origin is about to answer.
func (o *Once) Release() { o.released.Store(int64(time.Since(o.started))) }

// Lost returns how many answers have not come.
func (o *Once) Lost() int { return len(o.took) - int(o.ended.Load()) }

// Sample returns what was measured: times are from the release, and the
// processor time is that of the whole: connecting, sending, waiting, answering.
func (o *Once) Sample() Sample {
	n := len(o.took)
	s := between(&o.from, &o.to, n)
	delete(s.Figures, "rps") // it waited to be told
	delete(s.Figures, "gc_share")
	delete(s.Figures, "origin_share")
	s.times(o.took)
	s.lag(&o.common)
	s.Figures["bytes_per_waiting"] = (o.held.used - o.before.used) / float64(n)
	s.Figures["rss_per_waiting"] = (o.held.resident - o.before.resident) / float64(n)
	s.Figures["goroutines"] = float64(o.held.fibers - o.before.fibers)
	return s
}
