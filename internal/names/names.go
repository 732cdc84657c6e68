// Package names turns host names into addresses without holding the loop:
// a cache, one look-up per name at a time, and old answers when the name
// service fails.
package names

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// Options configures a Cache. Zero fields mean the defaults.
type Options struct {
	// TTL is how long an answer is used; default 1 min. The resolver does not
	// tell us the record's own.
	TTL time.Duration

	// Negative is how long "no such host" is believed; default 5 s.
	Negative time.Duration

	// Stale is how long after its TTL an answer still serves when the name
	// service fails to give a new one, or lets us wait for it; default 1 h.
	Stale time.Duration

	// Grace is how long such an answer waits for a new one; default 1.8 s, as
	// RFC 8767 section 5 has it.
	Grace time.Duration

	// Recheck is how long the name service is then left alone; default 30 s,
	// from the same place.
	Recheck time.Duration

	// Patience is how long a question may go unanswered. Then it is given up,
	// and put again if somebody still waits: how long is his own business;
	// default 10 s.
	Patience time.Duration

	// Size is how many names are kept; default 1,024.
	Size int
}

// Cache is owned by a loop's goroutine, like everything on it.
type Cache struct {
	loop    *loop.Loop
	kernel  kernel.Names
	options Options
	entries map[string]*entry
}

// entry is what is known of one name, and who waits to know it.
type entry struct {
	addrs   []netip.Addr
	err     error         // "no such host", as believed until expires
	expires time.Duration // on the loop's scale
	recheck time.Duration // an answer that is stale serves until then unasked
	flight  *flight       // the look-up under way, if any
	first   *Waiter       // in order of asking
	last    *Waiter
}

// A Waiter waits for the addresses of one name.
type Waiter struct {
	done       func([]netip.Addr, error)
	entry      *entry // nil when it waits no more
	prev, next *Waiter
}

// New returns a cache that asks k and answers on l.
func New(l *loop.Loop, k kernel.Names, o Options) *Cache {
	for _, d := range [...]struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.TTL, time.Minute}, {&o.Negative, 5 * time.Second}, {&o.Stale, time.Hour},
		{&o.Grace, 1800 * time.Millisecond}, {&o.Recheck, 30 * time.Second}, {&o.Patience, 10 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Size == 0 {
		o.Size = 1024
	}
	return &Cache{loop: l, kernel: k, options: o, entries: make(map[string]*entry)}
}

// Cached returns what needs no asking: the address that host itself is, those of
// this machine for localhost, or an answer that is still good. Both results are
// zero where host must be asked for.
func (c *Cache) Cached(host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return loopback, nil
	}
	e := c.entries[host]
	switch now := c.loop.Time(); {
	case e == nil:
	case now < e.expires:
		return e.addrs, e.err
	case now < e.recheck && c.serves(e):
		return e.addrs, nil
	}
	return nil, nil
}

// loopback is where every name under localhost is, whatever a name server might
// say (RFC 6761 section 6.3), in the order of RFC 6724.
var loopback = []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}

// serves reports whether e has an answer that will do if there is no better.
func (c *Cache) serves(e *entry) bool {
	return e.addrs != nil && c.loop.Time() < e.expires+c.options.Stale
}

// Lookup asks for the addresses of host. It calls done once, on the loop's
// goroutine, never before it has returned, unless the Waiter is cancelled. The
// addresses are in the order in which to try them. The slice is shared: it must
// not be changed.
func (c *Cache) Lookup(host string, done func([]netip.Addr, error)) *Waiter {
	e := c.entries[host]
	if e == nil {
		c.makeRoom()
		e = &entry{}
		c.entries[host] = e
	}
	w := &Waiter{done: done}
	e.append(w)
	if e.flight == nil {
		c.ask(host, e)
	}
	return w
}

// Cancel makes w wait no more. The last one to go gives the look-up up.
func (w *Waiter) Cancel() {
	e := w.entry
	if e == nil {
		return
	}
	e.remove(w)
	if f := e.flight; e.first == nil && f != nil {
		e.land()
		f.cancel()
	}
}

// Close gives up the look-ups that nobody waits for, once all waiters were
// cancelled.
func (c *Cache) Close() {
	for _, host := range slices.Sorted(maps.Keys(c.entries)) { // the same order in every life of a seed
		if e := c.entries[host]; e.flight != nil {
			f := e.flight
			e.land()
			f.cancel()
		}
	}
}

// Size returns how many names are known or asked for.
func (c *Cache) Size() int { return len(c.entries) }

// makeRoom drops the entries that expired, or where none has, any one that
// nobody waits for: a cache of names needs a bound more than a policy.
func (c *Cache) makeRoom() {
	if len(c.entries) < c.options.Size {
		return
	}
	now := c.loop.Time()
	var spare string
	for host, e := range c.entries {
		switch {
		case e.flight != nil:
		case now >= e.expires+c.options.Stale:
			delete(c.entries, host)
		case spare == "" || host < spare: // the same one in every life of a seed
			spare = host
		}
	}
	if len(c.entries) >= c.options.Size && spare != "" {
		delete(c.entries, spare)
	}
}

func (e *entry) append(w *Waiter) {
	w.entry, w.prev = e, e.last
	if e.last == nil {
		e.first = w
	} else {
		e.last.next = w
	}
	e.last = w
}

func (e *entry) remove(w *Waiter) {
	if w.prev == nil {
		e.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		e.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.entry, w.prev, w.next = nil, nil, nil
}
