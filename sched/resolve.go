package sched

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/internal/proxy"
)

// A way is where an exchange connects to. It has one from the moment when it
// asks until it has a connection: those that wait for an answer have none.
type way struct {
	addrs  []netip.Addr // that were not tried yet; shared with the cache
	port   uint16
	waiter *names.Waiter // while resolving

	exchange      *exchange
	ticket        uint64 // its place in the queue; 0: it has not come there
	ahead, behind *way   // there
	held          *line  // that of its host, where it waits; nil: the queue

	attempts []attempt     // that are under way, oldest first
	failed   []AddrError   // that are over
	began    time.Duration // to connect
	next     time.Duration // when to look whether another should begin, or never
	patience time.Duration // until when the newest is waited for in any case, or never
}

// atUnix are the addresses of a Unix socket: one, and it is none.
var atUnix = []netip.Addr{{}}

// located reports whether the addresses are known.
func (x *exchange) located() bool { return x.way != nil && x.way.addrs != nil }

// aiming reports whether the next address to find is the target's, for a proxy
// that wants to be told one, and not that of the host to connect to.
func (x *exchange) aiming() bool {
	return x.via != nil && x.via.Scheme == proxy.SOCKS5 && x.targets == nil
}

// askedFor is the host whose addresses x wants next.
func (x *exchange) askedFor() string {
	if x.via != nil && !x.aiming() {
		return strings.ToLower(x.via.Host)
	}
	return x.hostname()
}

// resolve finds the addresses to connect to.
func (x *exchange) resolve() {
	s := x.stream
	host, port := x.askedFor(), x.portOf()
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		x.failLater(InvalidRequest, errors.New("the port must be 1 to 65535, not "+port))
		return
	}
	if x.via != nil && !x.aiming() {
		n = uint64(x.via.Port)
		port = strconv.Itoa(int(n))
	}
	if x.way == nil {
		x.way = &way{exchange: x}
	}
	x.way.port = uint16(n)
	if x.req.UnixSocket != "" {
		x.found(atUnix)
		return
	}
	if s.options.Resolve != nil {
		if at, ok := s.options.Resolve(host, port); ok {
			x.way.port = at.Port()
			x.found([]netip.Addr{at.Addr()})
			return
		}
	}
	addrs, err := s.names.Cached(host)
	switch {
	case err != nil:
		x.phase = resolving
		x.failLater(Resolve, err)
	case addrs != nil:
		x.found(addrs)
	default:
		x.enter(resolving)
		x.trace(Trace{Op: TraceLookup, Host: host})
		s.asking++
		x.way.waiter = s.names.Lookup(host, x.resolved)
	}
}

func (x *exchange) resolved(addrs []netip.Addr, err error) {
	s := x.stream
	x.way.waiter = nil
	s.asking--
	x.info.Timing.Resolve = max(0, x.info.Timing.Resolve) + s.loop.Time() - x.since
	switch {
	case err == nil:
		x.trace(Trace{Op: TraceFound, Host: x.askedFor(), Addrs: addrs})
		x.found(addrs)
	case noDescriptor(err):
		x.traceFailure(err)
		s.waiting.starve(x, err)
	default:
		// Not now: others wait for the same answer, and a readback may panic.
		x.failLater(Resolve, err)
	}
}

// found takes addresses, and goes on to the connect, or to those of the proxy.
func (x *exchange) found(addrs []netip.Addr) {
	if x.aiming() {
		x.aside().targets = addrs
		x.resolve()
		return
	}
	x.way.addrs = addrs
	x.stream.waiting.join(x)
}
