//go:build linux

package peers

import (
	"sync"
	"time"

	"github.com/qqloop/qqloop/bench/load"
)

// goroutines runs a goroutine for each worker, for clients that block. begin
// makes what a worker needs and returns what sends a request and reads the
// answer.
func goroutines(job *Job, ld load.Load, begin func() func() error) {
	stop := probe(ld)
	var all sync.WaitGroup
	for w := range job.Conns {
		all.Go(func() {
			var exchange func() error
			for {
				delay, ok := ld.Begin(w)
				if !ok {
					return
				}
				if delay > 0 {
					time.Sleep(delay)
				}
				if exchange == nil {
					exchange = begin()
				}
				if err := exchange(); err != nil {
					ld.Fail(err)
					return
				}
				ld.End(w)
			}
		})
	}
	all.Wait()
	stop()
	ld.Over()
}

// beat is how often the probes look.
const beat = 10 * time.Millisecond

// probe measures how late timers are that the client's goroutines would use.
func probe(ld load.Load) (stop func()) {
	var mu sync.Mutex // the function may run before AfterFunc returns, and while stop does
	mu.Lock()
	defer mu.Unlock()
	due := time.Now().Add(beat)
	ended := false
	var timer *time.Timer
	timer = time.AfterFunc(beat, func() {
		mu.Lock()
		defer mu.Unlock()
		if ended {
			return
		}
		now := time.Now()
		ld.Lag(now.Sub(due))
		due = now.Add(beat)
		timer.Reset(beat)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		timer.Stop()
	}
}
