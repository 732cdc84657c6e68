package sched

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"runtime"
	"sync"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// A Group is several Streams, each on a loop and a goroutine of its own: for
// programs that need more than one core. Most do not: one loop is full only when
// loop.Stats says that it is always busy.
//
// Every origin, which is scheme, host and port, has its loop, always the same
// one: so its connections are in one pool, and the limits per host hold. A
// chain stays where it began. Its readbacks run on one goroutine for as long as
// it lives, one at a time, and so do all readbacks of chains that began with the
// same origin: what only these touch needs no lock; what chains of different
// origins share does. The price is that a readback or a redirect which leads to
// another origin opens connections to it from here, beside those of that
// origin's own loop. Who minds that ends the chain and calls Add.
//
// All methods may be called from any goroutine.
type Group struct {
	members []*member
}

// A member is one of a Group's loops. What comes from other goroutines lies in
// its mail, and not only in the loop's queue: when the loop stops, whatever the
// cause, everything that was accepted must still be done.
type member struct {
	loop   *loop.Loop
	stream *Stream
	empty  func() // m.emptyMail, bound once
	ended  chan struct{}
	err    error // of Run and of closing; good when ended is closed

	mu   sync.Mutex
	mail []func()
	over bool // nothing more is accepted
}

// NewGroup returns a Group of n loops that run; zero means as many as Go may use
// processors. Each loop gets lo, which must have no Poller, and its hooks are
// called on n goroutines, as are those of o, which must have no Kernel. MaxConns,
// MaxQueue and MaxIdle are divided among the loops.
func NewGroup(n int, lo loop.Options, o Options) (*Group, error) {
	switch {
	case n < 0:
		return nil, fmt.Errorf("sched: a group of %d loops; it must not be negative", n)
	case lo.Poller != nil:
		return nil, errors.New("sched: the loops of a group cannot share a Poller")
	case o.Kernel != nil:
		return nil, errors.New("sched: the loops of a group cannot share a Kernel")
	case n == 0:
		n = runtime.GOMAXPROCS(0)
	}
	if o.MaxConns == 0 {
		o.MaxConns = max(n, defaultMaxConns(kernel.New(kernel.Options{})))
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = max(n, defaultMaxQueue)
	}
	for _, b := range o.bounds() {
		if *b.value > 0 && *b.value < n {
			return nil, fmt.Errorf("sched: %s is %d, too few for %d loops", b.name, *b.value, n)
		}
	}
	g := &Group{}
	for i := range n {
		l, err := loop.New(lo)
		if err != nil {
			return nil, errors.Join(err, g.Close())
		}
		share := o
		for _, b := range share.bounds() {
			whole := *b.value
			*b.value = whole / n
			if i < whole%n {
				*b.value++
			}
		}
		m := &member{loop: l, stream: New(l, share), ended: make(chan struct{})}
		m.empty = m.emptyMail
		g.members = append(g.members, m)
		go m.run()
	}
	return g, nil
}

// A bound is an option that is divided among the loops of a group.
type bound struct {
	name  string
	value *int
}

func (o *Options) bounds() []bound {
	return []bound{{"MaxConns", &o.MaxConns}, {"MaxQueue", &o.MaxQueue}, {"MaxIdle", &o.MaxIdle}}
}

// Len returns how many loops there are.
func (g *Group) Len() int { return len(g.members) }

// Stream returns the Stream of the loop number i. Its methods are for that
// loop's goroutine, but for Snapshot and Loop. Stopping the loop, or closing the
// stream, takes it out of the group: what leads there fails.
func (g *Group) Stream(i int) *Stream { return g.members[i].stream }

// For returns the Stream of u's origin. See Stream.
func (g *Group) For(u *url.URL) *Stream { return g.of(u).stream }

// of returns the loop of u's origin. What has no origin has the first.
func (g *Group) of(u *url.URL) *member {
	if u == nil || u.Host == "" {
		return g.members[0]
	}
	key := keyOf(u)
	h := fnv.New64a()
	h.Write([]byte(key.Scheme + "://" + key.Host))
	return g.members[h.Sum64()%uint64(len(g.members))]
}

// On calls fn once on the loop of u's origin, with its Stream. When it fails the
// group was closed, or that loop has broken down, and fn is not called.
func (g *Group) On(u *url.URL, fn func(*Stream)) error {
	m := g.of(u)
	return m.post(func() { fn(m.stream) })
}

// Add starts a chain, as Stream.Add does, on the loop of req's origin. When it
// fails, as On does, rb is not called; otherwise rb is called once, whatever
// happens. The function it returns cancels the chain, as Chain.Cancel does; it
// may be called from any goroutine, at any time.
func (g *Group) Add(req *Request, rb Readback) (cancel func(), err error) {
	var u *url.URL
	if req != nil {
		u = req.URL
	}
	m := g.of(u)
	var chain Chain // the loop's
	if err := m.post(func() { chain = m.stream.Add(req, rb) }); err != nil {
		return func() {}, err
	}
	return func() { m.post(func() { chain.Cancel() }) }, nil
}

// Metrics returns what all streams together have open and have counted. See
// Stream.Snapshot about ctx; what the loops that have not answered in time were
// last known to have is in the sum.
func (g *Group) Metrics(ctx context.Context) (Metrics, error) {
	var sum Metrics
	var errs []error
	for _, m := range g.members {
		part, err := m.stream.Snapshot(ctx)
		sum.Merge(part)
		errs = append(errs, err)
	}
	return sum, errors.Join(errs...)
}

// Close closes all streams and ends all loops. The readbacks that are still
// owed are called before it returns; so it must not be called by one, nor by
// anything else that runs on one of the loops. It returns what made a loop break
// down, if one did.
func (g *Group) Close() error {
	for _, m := range g.members {
		m.loop.Stop()
	}
	var errs []error
	for _, m := range g.members {
		<-m.ended
		errs = append(errs, m.err)
	}
	return errors.Join(errs...)
}

// run is the goroutine of m.
func (m *member) run() {
	defer close(m.ended)
	m.err = m.loop.Run()
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	m.emptyMail()
	m.err = errors.Join(m.err, m.stream.Close(), m.loop.Close())
}

// post has fn called on the loop.
func (m *member) post(fn func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return ErrClosed
	}
	m.mail = append(m.mail, fn)
	if len(m.mail) == 1 {
		m.loop.AddCallback(m.empty)
	}
	return nil
}

// emptyMail does what was posted. What is posted meanwhile waits for the next
// turn.
func (m *member) emptyMail() {
	m.mu.Lock()
	mail := m.mail
	m.mail = nil
	m.mu.Unlock()
	done := 0
	defer func() {
		if done == len(mail) {
			return
		}
		// One has panicked, and Options.OnPanic may let the loop go on.
		m.mu.Lock()
		m.mail = append(mail[done:], m.mail...)
		m.mu.Unlock()
		m.loop.AddCallback(m.empty)
	}()
	for _, fn := range mail {
		done++
		fn()
	}
}
