package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// cookies are those of one run: an http.CookieJar for the engine, which can
// also be listed, as the standard library's cannot.
type cookies struct {
	// jar decides which cookie goes where. Nil: what servers say is forgotten.
	jar  *cookiejar.Jar
	kept []keptCookie // what the jar has taken, oldest first

	// given is what -b says to send, word for word, to the hosts of the command
	// line: not to others to which they redirect, and to those that were given
	// with https over nothing else.
	given   *http.Cookie
	servers []*url.URL
}

// A keptCookie is a cookie with what its response left unsaid.
type keptCookie struct {
	http.Cookie
	domain   string // without a dot in front
	hostOnly bool
	path     string
	expires  time.Time // zero: with the session
}

// cookies reads -b, and returns nil where neither -b nor -c is given. As with
// curl a -b that holds a "=" is the cookies themselves, any other one a file,
// which need not exist: that only says that cookies are wanted.
func (c *getCmd) cookies(urls []string, stdin io.Reader) (*cookies, error) {
	if len(c.Cookie) == 0 && c.CookieJar == "" {
		return nil, nil
	}
	k := &cookies{}
	for _, raw := range urls {
		if t, err := parseTarget(raw); err == nil {
			k.servers = append(k.servers, t.url)
		}
	}
	var given, files []string
	for _, arg := range c.Cookie {
		if strings.Contains(arg, "=") {
			given = append(given, arg)
		} else {
			files = append(files, arg)
		}
	}
	if len(given) > 0 {
		name, rest, _ := strings.Cut(strings.Join(given, "; "), "=")
		k.given = &http.Cookie{Name: name, Value: rest}
	}
	if len(files) == 0 && c.CookieJar == "" {
		return k, nil
	}
	var err error
	if k.jar, err = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}); err != nil {
		return nil, err
	}
	for _, name := range files {
		if text, err := readNamed(name, stdin); err == nil {
			k.load(string(text))
		}
	}
	return k, nil
}

// Cookies implements http.CookieJar.
func (k *cookies) Cookies(u *url.URL) []*http.Cookie {
	var all []*http.Cookie
	if k.jar != nil {
		all = k.jar.Cookies(u)
	}
	for _, s := range k.servers {
		if k.given != nil && strings.EqualFold(s.Hostname(), u.Hostname()) && (s.Scheme == u.Scheme || s.Scheme == "http") {
			return append(all, k.given)
		}
	}
	return all
}

// SetCookies implements http.CookieJar. What the jar takes is noted: it is
// asked, so that there are no two opinions on what may be taken.
func (k *cookies) SetCookies(u *url.URL, set []*http.Cookie) {
	if k.jar == nil {
		return
	}
	k.jar.SetCookies(u, set)
	for _, c := range set {
		k.note(u, c)
	}
}

func (k *cookies) note(u *url.URL, c *http.Cookie) {
	n := keptCookie{Cookie: *c, domain: strings.ToLower(strings.TrimPrefix(c.Domain, ".")), path: c.Path, expires: c.Expires}
	if host := strings.ToLower(u.Hostname()); n.domain == "" || n.domain == host && strings.Trim(host, "0123456789.:") == "" {
		n.domain, n.hostOnly = host, true
	}
	if !strings.HasPrefix(n.path, "/") { // RFC 6265 section 5.1.4
		n.path = u.Path[:max(0, strings.LastIndexByte(u.Path, '/'))]
		if n.path == "" {
			n.path = "/"
		}
	}
	if c.MaxAge > 0 {
		n.expires = time.Now().Add(time.Duration(min(c.MaxAge, 1e9)) * time.Second)
	}
	at := slices.IndexFunc(k.kept, func(o keptCookie) bool {
		return o.Name == n.Name && o.domain == n.domain && o.hostOnly == n.hostOnly && o.path == n.path
	})
	where := &url.URL{Scheme: "https", Host: u.Host, Path: n.path}
	taken := slices.ContainsFunc(k.jar.Cookies(where), func(o *http.Cookie) bool { return o.Name == n.Name && o.Value == n.Value })
	switch {
	case taken && at >= 0:
		k.kept[at] = n
	case taken:
		k.kept = append(k.kept, n)
	case at >= 0:
		k.kept = slices.Delete(k.kept, at, at+1)
	}
}
