package main

import (
	"net/netip"
	"strconv"
	"strings"
)

// hostPort is a host, in lower case, and a port, as --resolve has them. The
// host "*" is any.
type hostPort struct{ host, port string }

// resolved is where hosts are that --resolve names.
type resolved map[hostPort]netip.AddrPort

// parseResolve reads "HOST:PORT:ADDR"; an IPv6 address may stand in brackets.
// Of several for the same host and port the last one holds.
func parseResolve(args []string) (resolved, error) {
	hosts := make(resolved, len(args))
	for _, arg := range args {
		host, rest, _ := strings.Cut(arg, ":")
		port, text, ok := strings.Cut(rest, ":")
		number, err := strconv.ParseUint(port, 10, 16)
		if !ok || host == "" || err != nil || number == 0 {
			return nil, usagef("--resolve %q: write HOST:PORT:ADDR, such as example.com:443:127.0.0.1", arg)
		}
		if inner, ok := strings.CutPrefix(text, "["); ok {
			text = strings.TrimSuffix(inner, "]")
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, usagef("--resolve %q: %q is no address such as 127.0.0.1 or [::1]", arg, text)
		}
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		hosts[hostPort{host, port}] = netip.AddrPortFrom(addr, uint16(number))
	}
	return hosts, nil
}

// resolve is a sched.Options.Resolve.
func (r resolved) resolve(host, port string) (netip.AddrPort, bool) {
	at, ok := r[hostPort{host, port}]
	if !ok {
		at, ok = r[hostPort{"*", port}]
	}
	return at, ok
}
