package proxy

import (
	"slices"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
)

// Forwards reports whether requests for http URLs are sent to the proxy itself,
// after Forward. Otherwise they go through a tunnel.
func (p Proxy) Forwards() bool { return p.Scheme == HTTP }

// Forward changes a request for an http URL into one for the proxy: its target
// becomes absolute, and credentials are added where r has none. authority is
// the host of the URL, with its port if it has one, and without a user; the
// Host field may differ from it. r.Header is not written to but replaced, so
// that its array may be shared.
//
// The connection to the proxy may be used for every host that is reached so.
func (p Proxy) Forward(r *httpwire.Request, authority string) {
	switch {
	case r.Target == "*":
		r.Target = "http://" + authority // RFC 9112 section 3.2.4
	case r.Target == "":
		r.Target = "http://" + authority + "/"
	case strings.HasPrefix(r.Target, "/"):
		r.Target = "http://" + authority + r.Target
	}
	if p.hasCredentials() && !r.Header.Has("Proxy-Authorization") {
		r.Header = slices.Concat(httpwire.Header{{Name: "Proxy-Authorization", Value: p.authorization()}}, r.Header)
	}
}
