package kernel

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Options configures a System. The zero value is ready to use.
type Options struct {
	// LookupWorkers is how many names are looked up at the same time. Zero
	// means 4. Those that have had no answer for a second do not count; of them
	// there may be three times as many.
	LookupWorkers int

	// LookupQueue is how many look-ups may wait for a worker. Zero means
	// 1,024. One more fails with a *QueueError.
	LookupQueue int

	// Resolver asks for the addresses of host; it runs on a worker's
	// goroutine and should return soon after ctx ends. Nil means the
	// system's, as package net finds it; see ResolveBy for another.
	Resolver func(ctx context.Context, host string) ([]netip.Addr, error)
}

// System is the operating system this program runs on.
type System struct {
	sockets
	*names
	computers
}

var _ Kernel = (*System)(nil)

// New returns the operating system. It starts nothing: the first look-up
// does, and Shutdown ends it.
func New(o Options) *System {
	if o.LookupWorkers <= 0 {
		o.LookupWorkers = 4
	}
	if o.LookupQueue <= 0 {
		o.LookupQueue = 1024
	}
	if o.Resolver == nil {
		o.Resolver = ResolveBy(net.DefaultResolver)
	}
	return &System{names: newNames(o)}
}

// Uint64 returns a random number that nobody can foretell.
func (*System) Uint64() uint64 { return rand.Uint64() }

// Shutdown ends the workers of both kinds.
func (s *System) Shutdown() {
	s.names.Shutdown()
	s.computers.shutdown()
}
