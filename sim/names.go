package sim

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
)

// A NameAnswer is what the name service says about a name. The zero value is
// that there is no such host.
type NameAnswer struct {
	Addrs []netip.Addr
	Err   error         // in the place of Addrs; see NoSuchHost and NameServerFails
	Delay time.Duration // zero means one round trip
	Never bool          // no answer at all
}

// nameScript is the answers about one name; the last one stays.
type nameScript struct{ answers []NameAnswer }

func (s *nameScript) next() NameAnswer {
	if s == nil || len(s.answers) == 0 {
		return NameAnswer{}
	}
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return a
}

// Host makes the name known.
func (w *World) Host(name string, addrs ...netip.Addr) {
	w.Name(name, NameAnswer{Addrs: addrs})
}

// Name sets the answers to the next look-ups of name; the last one is given
// from then on. A name that was never set does not exist.
func (w *World) Name(name string, answers ...NameAnswer) {
	w.names[canonical(name)] = &nameScript{slices.Clone(answers)}
}

// canonical makes one of the spellings of a name (RFC 4343).
func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// NoSuchHost returns the error of a name that does not exist.
func NoSuchHost(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// NameServerFails returns the error of a name service that is out of order for
// the moment.
func NameServerFails(name string) error {
	return &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
}

// A lookup is on its way until its done has been called.
type lookup struct {
	ctx  context.Context
	host string
	done func([]netip.Addr, error)
}

// Lookup asks the world's name service, for which it needs a free descriptor,
// as every resolver does. done is called inside Wait.
func (k system) Lookup(ctx context.Context, host string, done func([]netip.Addr, error)) {
	w := k.w
	l := &lookup{ctx, host, done}
	w.lookups = append(w.lookups, l)
	w.stats.Lookups++
	w.still = 0
	w.tracef("look up %q", host)

	a := w.names[canonical(host)].next()
	if ip, err := netip.ParseAddr(host); err == nil {
		a = NameAnswer{Addrs: []netip.Addr{ip}, Delay: 1}
	} else if w.free() >= w.limit {
		a = NameAnswer{Err: &kernel.DescriptorError{Host: host, Err: syscall.EMFILE}}
	} else {
		w.profile.drawName(w, host, &a)
	}
	switch {
	case a.Never:
		return
	case a.Err != nil:
		a.Addrs = nil
	case len(a.Addrs) == 0:
		a.Err = NoSuchHost(host)
	}
	if a.Delay == 0 {
		a.Delay = 2 * w.o.Latency
	}
	w.After(a.Delay, func() { w.answer(l, slices.Clone(a.Addrs), a.Err) })
}

// drawName lets the weather have its way with an answer.
func (p *Profile) drawName(w *World, host string, a *NameAnswer) {
	switch {
	case w.line.dark > w.now:
		a.Never = true // the name server is on the network, too
	case w.chance(p.NameFails):
		*a = NameAnswer{Err: NameServerFails(host)}
	case w.chance(p.NameSilent):
		a.Never = true
	case w.chance(p.NameWrong):
		*a = NameAnswer{}
	case w.chance(p.NameSlow):
		a.Delay = 1 + time.Duration(w.luck.Int64N(int64(10*time.Second)))
	}
}

// answer calls done, unless the look-up was given up.
func (w *World) answer(l *lookup, addrs []netip.Addr, err error) {
	i := slices.Index(w.lookups, l)
	if i < 0 {
		return
	}
	w.lookups = slices.Delete(w.lookups, i, i+1)
	if l.ctx.Err() != nil {
		addrs, err = nil, l.ctx.Err()
	}
	w.tracef("name %q: %v %v", l.host, addrs, err)
	l.done(addrs, err)
}

// abandonLookups ends those whose context has ended. The world looks itself,
// between two events, because a context would tell it on another goroutine.
func (w *World) abandonLookups() {
	for _, l := range slices.Clone(w.lookups) {
		if l.ctx.Err() != nil {
			w.answer(l, nil, nil)
		}
	}
}
