package sim

import (
	"fmt"
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// poller is epoll(7) in virtual time, level-triggered.
//
// Like the kernel it keeps a list of what may be ready, in the order in which
// it became so, and looks only at these: a Wait costs nothing for the thousand
// connections where nothing happens.
type poller struct {
	w      *World
	ready  []*registration
	woken  atomic.Bool // all that another goroutine may touch
	inWait bool
	closed bool
	gens   map[int]uint32 // the last registration of each number
	stale  []loop.Event   // of earlier ones, whose number was registered anew since the last Wait
	// process counts the Exits before this poller was made.
	process int
}

var _ loop.Poller = (*poller)(nil)

// A registration is a descriptor's, until Remove or Close.
type registration struct {
	p      *poller
	sock   *socket
	gen    uint32
	want   loop.Events
	listed bool // in p.ready
}

// spinLimit is how many Waits may follow each other while nothing moves.
const spinLimit = 100_000

func spinError(why string) error { return fmt.Errorf("%w: %s", ErrSpinning, why) }

func (p *poller) Add(fd int, gen uint32, want loop.Events) error {
	s := p.w.socket(fd)
	switch {
	case s == nil:
		p.w.violationf("fd %d registered, but it is not open", fd)
		return syscall.EBADF
	case s.reg != nil:
		return syscall.EEXIST
	}
	p.w.tracef("fd %d add %v", fd, want)
	s.reg = &registration{p: p, sock: s, gen: gen, want: want}
	if last, ok := p.gens[fd]; ok && last != gen {
		p.stale = append(p.stale, loop.Event{FD: fd, Gen: last, Ready: loop.Read | loop.Write})
	}
	p.gens[fd] = gen
	s.changed()
	return nil
}

func (p *poller) Modify(fd int, gen uint32, want loop.Events) error {
	r, err := p.registered(fd)
	if err != nil {
		return err
	}
	p.w.tracef("fd %d update %v", fd, want)
	r.gen, r.want = gen, want
	r.sock.changed()
	return nil
}

func (p *poller) Remove(fd int) error {
	r, err := p.registered(fd)
	if err != nil {
		return err
	}
	p.w.tracef("fd %d remove", fd)
	r.sock.reg = nil
	return nil
}

func (p *poller) registered(fd int) (*registration, error) {
	switch s := p.w.socket(fd); {
	case s == nil:
		return nil, syscall.EBADF
	case s.reg == nil || s.reg.p != p:
		return nil, syscall.ENOENT
	default:
		return s.reg, nil
	}
}

// Wait lets the world go on until a registered descriptor is ready, Wake was
// called, or the timeout has passed, to the nanosecond. It never blocks.
func (p *poller) Wait(dst []loop.Event, timeout time.Duration) (int, error) {
	w := p.w
	if p.closed {
		return 0, syscall.EBADF
	}
	if p.inWait {
		w.violationf("Wait inside Wait")
		return 0, syscall.EINVAL
	}
	p.inWait = true
	defer func() { p.inWait = false }()
	w.stats.Waits++
	w.still++
	if w.chance(w.profile.Interrupt) {
		return 0, nil
	}
	if p.process != w.process {
		return 0, ErrExited
	}
	if n := p.outdated(dst); n > 0 {
		return n, nil
	}
	deadline := time.Duration(math.MaxInt64) // on the program's clock
	if timeout >= 0 && timeout < deadline-w.now {
		deadline = w.monotonic() + timeout
	}
	for {
		if err := w.happen(); err != nil {
			return 0, err
		}
		if p.process != w.process {
			return 0, ErrExited
		}
		if w.asleep() {
			w.now = w.wakeAt
			if at, ok := w.events.next(); ok {
				w.now = min(w.now, at)
			}
			w.still = 0
			continue
		}
		until := deadline
		if deadline < math.MaxInt64 {
			until += w.missed
		}
		w.abandonLookups()
		n := p.collect(dst)
		woken := p.woken.Swap(false)
		if n > 0 && w.still > spinLimit {
			return 0, spinError(fmt.Sprintf("fd %d is %v, and nobody acts on it", dst[0].FD, dst[0].Ready))
		}
		if w.chance(w.profile.Shuffle) {
			w.luck.Shuffle(n, func(i, j int) { dst[i], dst[j] = dst[j], dst[i] })
		}
		if n > 0 || woken || until <= w.now {
			if w.still > 2*spinLimit {
				return 0, spinError("turn after turn at one instant, and nothing is done")
			}
			return n, nil
		}
		next, ok := w.events.next()
		if !ok && until == math.MaxInt64 {
			return 0, ErrNothing
		}
		if !ok || next > until {
			next = until
		}
		w.now = next
		w.still = 0
	}
}

// outdated fills dst with what an earlier owner of a number that has been
// registered anew was ready for. A kernel tells of it in a batch whose earlier
// handler closes one descriptor and opens another: the rest of that batch is
// what this is.
func (p *poller) outdated(dst []loop.Event) (n int) {
	for _, ev := range p.stale {
		if n < len(dst) && p.w.chance(p.w.profile.Stale) {
			dst[n] = ev
			n++
			p.w.tracef("fd %d is %v (%#x), says an earlier registration", ev.FD, ev.Ready, uint32(ev.Ready))
		}
	}
	p.stale = p.stale[:0]
	return n
}

// collect fills dst with what is ready. What it reports goes to the end of the
// list, so that a small dst does not make the same ones wait for ever; what is
// not ready any more leaves it.
func (p *poller) collect(dst []loop.Event) (n int) {
	for range len(p.ready) {
		if n == len(dst) {
			break
		}
		r := p.ready[0]
		p.ready = p.ready[1:]
		r.listed = false
		if r.sock.reg != r {
			continue // removed, or closed
		}
		ready := r.sock.readiness() & (r.want | loop.Error)
		if ready == 0 {
			continue
		}
		dst[n] = loop.Event{FD: r.sock.fd, Gen: r.gen, Ready: ready}
		n++
		r.list()
		p.w.tracef("fd %d is %v (%#x)", r.sock.fd, ready, uint32(ready))
	}
	p.w.stats.Ready += uint64(n)
	return n
}

func (r *registration) list() {
	if !r.listed {
		r.listed = true
		r.p.ready = append(r.p.ready, r)
	}
}

// Wake is the one method of this package for other goroutines. But a world
// does not wait for them: if Wait finds nothing to come it says ErrNothing,
// whoever may be about to call Wake.
func (p *poller) Wake() error {
	p.woken.Store(true)
	return nil
}

func (p *poller) Close() error {
	if p.closed {
		return syscall.EBADF
	}
	p.closed = true
	for _, s := range p.w.fds {
		if s != nil && s.reg != nil && s.reg.p == p {
			s.reg = nil
		}
	}
	return nil
}
