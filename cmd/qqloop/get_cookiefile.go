package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// This file is Netscape's format of cookie files, which curl, wget and browser
// extensions write: seven fields with tabs between them,
//
//	domain  subdomains-too  path  secure  expires  name  value
//
// "#HttpOnly_" before the domain is no comment. Expires is in seconds since
// 1970, 0 for the end of the session.

const httpOnlyMark = "#HttpOnly_"

// load takes the cookies of a file in that format, or of heads: lines that
// begin with "Set-Cookie:". Lines that are neither are passed over.
func (k *cookies) load(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Set-Cookie") {
			k.loadHeader(value)
		} else if u, c, ok := parseCookieLine(line); ok {
			k.SetCookies(u, []*http.Cookie{c})
		}
	}
}

// loadHeader takes a Set-Cookie of which nobody knows who said it: without a
// Domain it was every server that we shall ask.
func (k *cookies) loadHeader(value string) {
	c, err := http.ParseSetCookie(strings.TrimSpace(value))
	if err != nil {
		return
	}
	if host := strings.TrimPrefix(c.Domain, "."); host != "" {
		if hostlike(host) {
			k.SetCookies(&url.URL{Scheme: "https", Host: host, Path: "/"}, []*http.Cookie{c})
		}
		return
	}
	for _, u := range k.servers {
		k.SetCookies(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}, []*http.Cookie{c})
	}
}

// parseCookieLine reads a line of seven fields, and says whose cookie it is.
func parseCookieLine(line string) (*url.URL, *http.Cookie, bool) {
	line, httpOnly := strings.CutPrefix(line, httpOnlyMark)
	f := strings.Split(line, "\t")
	if len(f) == 6 { // an editor has cut the tab before an empty value
		f = append(f, "")
	}
	if len(f) != 7 || strings.HasPrefix(line, "#") && !httpOnly || !writable(line) || f[5] == "" || strings.ContainsAny(f[5], "=;") || strings.Contains(f[6], ";") {
		return nil, nil, false
	}
	expires, err := strconv.ParseInt(f[4], 10, 64)
	if err != nil {
		return nil, nil, false
	}
	host := strings.TrimPrefix(f[0], ".")
	if !hostlike(host) {
		return nil, nil, false
	}
	c := &http.Cookie{Name: f[5], Value: f[6], Path: f[2], Secure: strings.EqualFold(f[3], "TRUE"), HttpOnly: httpOnly}
	if strings.EqualFold(f[1], "TRUE") {
		c.Domain = host
	}
	if expires > 0 {
		c.Expires = time.Unix(expires, 0)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]:443" // the jar strips brackets only together with a port
	}
	return &url.URL{Scheme: "https", Host: host, Path: "/"}, c, true
}

// hostlike reports whether s may be the name or the address of a host.
func hostlike(s string) bool {
	if in, ok := strings.CutPrefix(s, "["); ok {
		in, ok = strings.CutSuffix(in, "]")
		_, err := netip.ParseAddr(in)
		return ok && err == nil
	}
	return strings.Trim(s, ".") != "" && !strings.HasPrefix(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:", r))
	})
}

// writable reports whether a line can hold s: tabs stand between its fields.
func writable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// file returns the cookies that are left as such a file.
func (k *cookies) file(now time.Time) []byte {
	out := []byte("# Netscape HTTP Cookie File\n# Written by qqloop get -c.\n\n")
	for _, c := range k.kept {
		var expires int64
		if !c.expires.IsZero() {
			if !c.expires.After(now) {
				continue
			}
			expires = c.expires.Unix()
		}
		mark, domain, value := "", c.domain, c.Value
		if c.HttpOnly {
			mark = httpOnlyMark
		}
		if !c.hostOnly {
			domain = "." + domain
		}
		if c.Quoted {
			value = `"` + value + `"`
		}
		if strings.Contains(c.path, "\t") || !writable(c.path) {
			continue
		}
		out = fmt.Appendf(out, "%s%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			mark, domain, upper(!c.hostOnly), c.path, upper(c.Secure), expires, c.Name, value)
	}
	return out
}

func upper(b bool) string { return strings.ToUpper(strconv.FormatBool(b)) }
