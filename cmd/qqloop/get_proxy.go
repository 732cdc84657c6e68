package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/qqloop/qqloop/internal/proxy"
)

// A way is a choice of proxies, by the scheme of what is fetched: that of -x
// and its kin, or those of the environment.
type way struct {
	proxies map[string]*url.URL
	exempt  string // hosts that are asked directly: the value of --noproxy
}

// proxy is the engine's Options.Proxy.
func (w *way) proxy(to *url.URL) (*url.URL, error) {
	if exempt(w.exempt, to.Hostname()) {
		return nil, nil
	}
	return w.proxies[to.Scheme], nil
}

// way reads the flags, and where they name no proxy the environment. It is not
// httpproxy that does so, for that never goes through a proxy to loopback.
func (c *getCmd) way(getenv func(string) string) (*way, error) {
	// As curl: HTTP_PROXY is not read, since a CGI program's would be a field
	// of the request that it serves.
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	w := &way{proxies: make(map[string]*url.URL)}
	if c.NoProxy != nil {
		w.exempt = *c.NoProxy
	} else {
		_, w.exempt = first("no_proxy", "NO_PROXY")
	}
	flag, raw := "", ""
	for _, given := range []struct {
		name, scheme string
		value        *string
	}{{"-x", "", c.Proxy}, {"--socks5", "socks5://", c.Socks5}, {"--socks5-hostname", "socks5h://", c.Socks5Hostname}} {
		if given.value == nil {
			continue
		}
		if flag != "" {
			return nil, usagef("%s and %s: there is one proxy on the way: choose one of them", flag, given.name)
		}
		flag, raw = given.name, given.scheme+*given.value
	}
	if flag != "" {
		if raw == "" { // -x '': none, whatever the environment says
			return w, nil
		}
		u, err := c.parseProxy(raw)
		if err != nil {
			return nil, usagef("%s: %w", flag, err)
		}
		w.proxies["http"], w.proxies["https"] = u, u
		return w, nil
	}
	for scheme, names := range map[string][]string{
		"http":  {"http_proxy", "all_proxy", "ALL_PROXY"},
		"https": {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
	} {
		name, value := first(names...)
		if value == "" {
			continue
		}
		u, err := c.parseProxy(value)
		if err != nil {
			return nil, usagef("the environment's %s: %w", name, err)
		}
		w.proxies[scheme] = u
	}
	return w, nil
}

// parseProxy reads a proxy's URL, with curl's port 1080 where it names none
// and the credentials of --proxy-user.
func (c *getCmd) parseProxy(raw string) (*url.URL, error) {
	p, err := proxy.Parse(raw)
	if err != nil {
		return nil, err
	}
	u := &url.URL{Scheme: string(p.Scheme), Host: p.Addr()}
	userinfo := c.ProxyUser
	if userinfo == "" {
		at := strings.LastIndexByte(raw, '@')
		if at < 0 {
			return u, nil
		}
		userinfo = raw[:at]
		if _, rest, ok := strings.Cut(userinfo, "://"); ok {
			userinfo = rest
		}
	}
	user, password, colon := strings.Cut(userinfo, ":")
	if c.ProxyUser != "" {
		if !colon {
			return nil, fmt.Errorf("--proxy-user %q: write USER:PASSWORD, or 'USER:' for an empty password", c.ProxyUser)
		}
	} else {
		user, _ = url.PathUnescape(user) // Parse has seen to it
		password, _ = url.PathUnescape(password)
	}
	u.User = url.UserPassword(user, password)
	if _, err := proxy.Parse(u.String()); err != nil {
		return nil, err
	}
	return u, nil
}

// exempt reports whether host is on the list, as curl reads it: names, which
// stand for what is below them too, addresses and CIDR blocks, with commas or
// blanks between them; "*" alone is everything.
func exempt(list, host string) bool {
	if list == "*" {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, err := netip.ParseAddr(host)
	isAddr := err == nil
	for _, entry := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if isAddr {
			entry = strings.Trim(entry, "[]")
			if block, err := netip.ParsePrefix(entry); err == nil && block.Contains(addr) {
				return true
			}
			if one, err := netip.ParseAddr(entry); err == nil && one == addr {
				return true
			}
			continue
		}
		entry = strings.ToLower(strings.Trim(entry, "."))
		if entry != "" && (host == entry || strings.HasSuffix(host, "."+entry)) {
			return true
		}
	}
	return false
}
