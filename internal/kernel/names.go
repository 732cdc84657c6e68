package kernel

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// names hands look-ups to a few goroutines, because the system's resolver
// blocks: it reads files, asks a server over UDP, or calls getaddrinfo(3).
//
// A look-up that has had no answer for a second is slow: it no longer counts, and
// another worker takes the place of its own. So a name server that is silent
// about some names does not hold up the others, as long as there are not too many.
//
// Its lock and that of the loop's door are the only ones below sched. It is
// never held while the resolver or a done function runs.
type names struct {
	resolve func(context.Context, string) ([]netip.Addr, error)
	workers int // at most, beside those of slow look-ups
	bound   int // of queue

	mu      sync.Mutex
	work    sync.Cond // queue has grown, or closed is set
	queue   []*lookup // waiting for a worker, oldest first
	running []*lookup // a worker asks for them
	slow    int       // of running
	started int       // workers
	idle    int       // workers that wait on work
	closed  bool
}

// A lookup is one call of Lookup. Its answer and the end of its context race
// to call done; stop tells the worker whether it has won.
type lookup struct {
	caller context.Context
	ctx    context.Context // caller's, which Shutdown ends too
	cancel context.CancelFunc
	stop   func() bool
	host   string
	done   func([]netip.Addr, error)
	timer  *time.Timer // until it is slow
	slow   bool
}

// slowAfter is when a look-up is slow. An answer from the next resolver takes a
// few milliseconds, and one from the other end of the world less than a second.
const slowAfter = time.Second

// slowPerWorker is how many slow look-ups there may be for each worker. Each
// holds a goroutine and two descriptors or so.
const slowPerWorker = 3

func newNames(o Options) *names {
	n := &names{resolve: o.Resolver, workers: o.LookupWorkers, bound: o.LookupQueue}
	n.work.L = &n.mu
	return n
}

// Lookup asks a worker for the addresses of host; see Names. It calls done on
// a goroutine of its own choosing. Besides the resolver's errors there are
// *QueueError, *DescriptorError and ErrShutdown.
func (n *names) Lookup(ctx context.Context, host string, done func([]netip.Addr, error)) {
	j := &lookup{host: host, done: done, caller: ctx}
	j.ctx, j.cancel = context.WithCancel(ctx)

	n.mu.Lock()
	err := n.enqueue(j)
	if err == nil {
		// This costs no goroutine before the context ends: a thousand look-ups
		// in the queue are a thousand small structs.
		j.stop = context.AfterFunc(j.ctx, func() { n.abandon(j) })
	}
	n.mu.Unlock()
	if err != nil {
		j.cancel()
		go done(nil, err) // not from here: the caller is not ready for it
	}
}

// enqueue appends j and finds a worker for it.
func (n *names) enqueue(j *lookup) error {
	switch {
	case n.closed:
		return ErrShutdown
	case len(n.queue) >= n.bound:
		return &QueueError{Host: j.host, Bound: n.bound}
	}
	n.queue = append(n.queue, j)
	n.hire()
	return nil
}

// hire finds a worker for the queue.
func (n *names) hire() {
	if n.idle < len(n.queue) && n.started < n.wanted() {
		n.started++
		go n.serve()
	} else {
		n.work.Signal()
	}
}

// wanted is how many workers there may be now.
func (n *names) wanted() int { return n.workers + min(n.slow, slowPerWorker*n.workers) }

// slowed is called when j has taken a second.
func (n *names) slowed(j *lookup) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed && slices.Contains(n.running, j) {
		j.slow = true
		n.slow++
		n.hire()
	}
}

// serve is a worker.
func (n *names) serve() {
	for j := n.next(nil); j != nil; j = n.next(j) {
		j.timer = time.AfterFunc(slowAfter, func() { n.slowed(j) })
		addrs, err := n.resolve(j.ctx, j.host)
		j.timer.Stop()
		if j.stop() {
			if err != nil && j.ctx.Err() != nil {
				err = j.ended() // the resolver has heard of it before abandon
			}
			j.done(addrs, notAName(j.host, err))
		}
		j.cancel()
	}
}

// next ends the look-up last, which may be nil, and waits for another one. It
// returns nil after Shutdown, and to a worker too many.
func (n *names) next(last *lookup) *lookup {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running = without(n.running, last)
	if last != nil && last.slow {
		n.slow--
	}
	for len(n.queue) == 0 && !n.closed && n.started <= n.wanted() {
		n.idle++
		n.work.Wait()
		n.idle--
	}
	if n.closed || n.started > n.wanted() {
		n.started--
		return nil
	}
	j := n.queue[0]
	n.queue = slices.Delete(n.queue, 0, 1)
	n.running = append(n.running, j)
	return j
}

// abandon ends j when its context has ended. If it was still in the queue,
// it gives its place there to another.
func (n *names) abandon(j *lookup) {
	n.mu.Lock()
	n.queue = without(n.queue, j)
	n.mu.Unlock()
	j.done(nil, j.ended())
}

// ended is why j's context has ended before there was an answer.
func (j *lookup) ended() error {
	if err := j.caller.Err(); err != nil {
		return err
	}
	return ErrShutdown // nobody else cancels it
}

// Shutdown ends the workers, and each look-up under way with ErrShutdown. It
// does not wait for a resolver that hangs.
func (n *names) Shutdown() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, j := range slices.Concat(n.queue, n.running) {
		j.cancel()
	}
	n.queue = nil
	n.work.Broadcast()
}

func without(list []*lookup, j *lookup) []*lookup {
	if i := slices.Index(list, j); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// ErrShutdown is what a look-up gets that Shutdown has ended.
var ErrShutdown = errors.New("name look-ups have been shut down")
