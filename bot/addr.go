package bot

import (
	"fmt"
	"net/netip"
)

// A ForbiddenAddr is the error of an address to which a stranger must not
// send the bot: it leads, or may lead, into the bot's own network.
type ForbiddenAddr struct {
	Addr netip.Addr
	What string // "loopback"
}

// Error returns "127.0.0.1 is a loopback address".
func (e *ForbiddenAddr) Error() string {
	return fmt.Sprintf("%v is a %s address", e.Addr, e.What)
}

// special lists what the public Internet does not route, or routes to us, as
// far as netip.Addr has no method for it (the IANA special-purpose registries,
// RFC 6890). Addresses that carry an IPv4 address inside are here too: what
// they lead to depends on a translator that we do not know.
var special = [...]struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this-network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol-assignment"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("100::/64"), "discard-only"},
	{netip.MustParsePrefix("2001::/32"), "Teredo"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
}

// PublicAddr returns nil if a is an ordinary address of the public Internet or
// lies in one of the allowed prefixes, else a *ForbiddenAddr. It is meant for
// sched.Request.AllowAddr, which sees addresses after the name was resolved:
// to check the name would be no check at all.
func PublicAddr(a netip.Addr, allowed []netip.Prefix) error {
	for _, p := range allowed {
		if p.Contains(a.WithZone("")) {
			return nil
		}
	}
	what := ""
	switch {
	case a.Is4In6():
		what = "IPv4-mapped"
	case a.IsLoopback():
		what = "loopback"
	case a.IsUnspecified():
		what = "unspecified"
	case a.IsPrivate():
		what = "private"
	case a.IsLinkLocalUnicast():
		what = "link-local"
	case a.IsMulticast():
		what = "multicast"
	default:
		for _, s := range special {
			if s.prefix.Contains(a.WithZone("")) {
				what = s.what
				break
			}
		}
	}
	if what == "" {
		return nil
	}
	return &ForbiddenAddr{Addr: a, What: what}
}
