package sim

import (
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
)

// worker is the world's kernel.Worker: what it does happens in Poller.Wait.
type worker struct {
	w    *World
	last time.Duration // when the latest piece of work is done
}

// Worker returns a worker for which each piece of work takes as long as
// WorkTakes says.
func (k system) Worker() kernel.Worker { return &worker{w: k.w} }

func (k *worker) Do(work func()) {
	k.last = max(k.last, k.w.now) + k.w.work
	k.w.at(k.last, work)
}

func (k *worker) End() {}

// WorkTakes says how long everything takes that is given to a worker from now
// on, such as to read the next piece of a request's body. At first it takes no
// time. So a reader that has nothing to give for an hour is simulated by one
// that never waits.
func (w *World) WorkTakes(d time.Duration) { w.work = max(d, 0) }
