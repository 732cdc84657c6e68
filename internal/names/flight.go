package names

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A flight is one question to the name service. One that was given up is no
// longer its entry's, so that its late answer, or the error of its context,
// cannot reach those who asked again meanwhile.
type flight struct {
	cancel context.CancelFunc
	began  time.Duration
	timer  loop.Timer
}

// ask puts the question of host.
func (c *Cache) ask(host string, e *entry) {
	ctx, cancel := context.WithCancel(context.Background())
	now := c.loop.Time()
	f := &flight{cancel: cancel, began: now}
	f.timer.Init(c.loop, func() { c.late(host, e, f) })
	e.flight = f
	if c.serves(e) {
		f.timer.Reset(now + c.options.Grace)
	} else {
		f.timer.Reset(now + c.options.Patience)
	}
	c.kernel.Lookup(ctx, host, func(addrs []netip.Addr, err error) {
		c.loop.AddCallback(func() {
			cancel()
			if e.flight == f {
				e.land()
				c.answer(host, e, addrs, err)
			}
		})
	})
}

// late is called when a question has gone unanswered for a while.
func (c *Cache) late(host string, e *entry, f *flight) {
	now := c.loop.Time()
	if c.serves(e) {
		e.recheck = now + c.options.Recheck
		e.tell(e.addrs, nil)
	}
	if end := f.began + c.options.Patience; now < end {
		f.timer.Reset(end) // the answer may still come, for the next one
		return
	}
	e.land()
	f.cancel()
	switch {
	case e.first != nil:
		c.ask(host, e)
	case e.addrs == nil && e.err == nil:
		delete(c.entries, host)
	}
}

// answer keeps what the name service said and tells everybody who waits.
func (c *Cache) answer(host string, e *entry, addrs []netip.Addr, err error) {
	now := c.loop.Time()
	switch {
	case err == nil:
		addrs = interleave(addrs)
		e.addrs, e.err, e.expires = addrs, nil, now+c.options.TTL
	case notFound(err):
		e.addrs, e.err, e.expires = nil, err, now+c.options.Negative
	case c.serves(e):
		e.recheck = now + c.options.Recheck
		addrs, err = e.addrs, nil
	}
	if e.addrs == nil && e.err == nil {
		delete(c.entries, host)
	}
	e.tell(addrs, err)
}

// tell answers all who wait. One that is cancelled meanwhile is no longer in the
// list.
func (e *entry) tell(addrs []netip.Addr, err error) {
	for w := e.first; w != nil; w = e.first {
		e.remove(w)
		w.done(addrs, err)
	}
}

// land ends the flight, whose answer is then nobody's.
func (e *entry) land() {
	e.flight.timer.Stop()
	e.flight = nil
}

func notFound(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
