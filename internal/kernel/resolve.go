package kernel

import (
	"context"
	"net"
	"net/netip"
)

// ResolveBy returns an Options.Resolver that asks r. The system's resolver is
// whichever of its two package net thinks right: its own, or the C library's
// where nsswitch.conf needs that.
func ResolveBy(r *net.Resolver) func(context.Context, string) ([]netip.Addr, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		if addr, err := netip.ParseAddr(host); err == nil {
			return []netip.Addr{addr.Unmap()}, nil // LookupNetIP would lose the zone
		}
		addrs, err := r.LookupNetIP(ctx, "ip", host)
		for i, a := range addrs {
			addrs[i] = a.Unmap() // an IPv4 address may come as ::ffff:a.b.c.d
		}
		return addrs, err
	}
}
