package names

import "net/netip"

// interleave returns addrs in the order in which to try them: the two families
// by turns, beginning with that of the first address, and within each family as
// the resolver gave them (RFC 8305 section 4). The resolver has sorted them by
// the rules of RFC 6724 already; but where all of its first family lead nowhere,
// a client that went through them one by one would come to the other late.
func interleave(addrs []netip.Addr) []netip.Addr {
	var families [2][]netip.Addr // the one of the first address, and the other
	for _, a := range addrs {
		a = a.Unmap()
		i := 0
		if a.Is4() != addrs[0].Unmap().Is4() {
			i = 1
		}
		families[i] = append(families[i], a)
	}
	all := make([]netip.Addr, 0, len(addrs))
	for i := range len(addrs) {
		for _, family := range families {
			if i < len(family) {
				all = append(all, family[i])
			}
		}
	}
	return all
}
