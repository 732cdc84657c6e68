package sched

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/qqloop/qqloop/internal/pool"
)

// This file is about the host of a request: as connections, certificates, name
// servers and the Host field know it.

// keyOf says which connections can serve u.
func keyOf(u *url.URL) pool.Key {
	key := pool.Key{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(authority(u))}
	switch key.Scheme {
	case "http":
		key.Host = strings.TrimSuffix(key.Host, ":80")
	case "https":
		key.Host = strings.TrimSuffix(key.Host, ":443")
	}
	return key
}

// key says which connections can serve x. Those to a proxy that forwards serve
// every host.
func (x *exchange) key() pool.Key {
	key := keyOf(x.req.URL)
	key.Unix = x.req.UnixSocket
	if x.via != nil {
		key.Via = x.viaURL
		if x.forwarded() {
			key.Host = ""
		}
	}
	return key
}

// hostname is the host of the request without its port, as certificates and
// name servers know it.
func (x *exchange) hostname() string {
	u := x.req.URL
	if !isASCII(u.Host) {
		u = &url.URL{Host: authority(u)}
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// portOf returns the port of the request's URL.
func (x *exchange) portOf() string {
	if p := x.req.URL.Port(); p != "" {
		return p
	}
	if x.secure {
		return "443"
	}
	return "80"
}

// authority is the host of u and its port, as they go out. A name that is not in
// ASCII goes out as RFC 5891 has it: nobody out there knows another spelling.
func authority(u *url.URL) string {
	if isASCII(u.Host) {
		return u.Host
	}
	host, err := toASCII(u.Hostname())
	if err != nil {
		return u.Host // nobody asks before unusable has seen to it
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return host
}

// toASCII maps a name as UTS 46 says, and encodes what is then not ASCII. Wide
// and other compatible forms become the plain ones. What would become another
// part of a URL, such as the wide slash, is refused.
func toASCII(host string) (string, error) {
	if isASCII(host) {
		return host, nil
	}
	if !utf8.ValidString(host) {
		return "", errors.New("it is not UTF-8")
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err == nil && strings.Trim(ascii, ".") == "" {
		err = errors.New("nothing of it is left")
	}
	return ascii, err
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
