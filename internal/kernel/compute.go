package kernel

import (
	"runtime"
	"sync"
)

// computers run work that would hold the loop: a fixed number of goroutines,
// started when they are first needed. One processor is left to the loop, if
// there is another.
type computers struct {
	mu     sync.Mutex
	more   sync.Cond // there are jobs, or it is closed
	jobs   []job     // oldest first
	begun  bool
	closed bool
}

type job struct{ work, done func() }

// computeQueue is how much work may wait. It is long, since a caller who is
// refused works himself: a burst of a thousand handshakes would hold the loop
// for a tenth of a second.
const computeQueue = 1 << 14

// Compute hands work to a worker; see Kernel.
func (c *computers) Compute(work, done func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.jobs) == computeQueue {
		return false
	}
	if !c.begun {
		c.begun = true
		c.more.L = &c.mu
		for range c.Computers() {
			go c.compute()
		}
	}
	c.jobs = append(c.jobs, job{work, done})
	c.more.Signal()
	return true
}

// Computers is one less than there are processors: the loop has the last.
func (c *computers) Computers() int { return max(1, runtime.GOMAXPROCS(0)-1) }

func (c *computers) compute() {
	for {
		j, ok := c.next()
		if !ok {
			return
		}
		j.work()
		j.done()
	}
}

// next waits for a job. There is none once all are done and c is shut down.
func (c *computers) next() (job, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.jobs) == 0 {
		if c.closed {
			return job{}, false
		}
		c.more.Wait()
	}
	j := c.jobs[0]
	c.jobs[0] = job{} // what it holds is free when it is done
	if c.jobs = c.jobs[1:]; len(c.jobs) == 0 {
		c.jobs = nil
	}
	return j, true
}

// shutdown ends the workers when they have done what waits.
func (c *computers) shutdown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.more.Broadcast()
}
