package sched

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/digest"
	"github.com/qqloop/qqloop/internal/pool"
)

// Auth are credentials for the server of a Request (RFC 9110 section 11). They
// stay with its origin: a redirect to another one is followed without them. A
// request that brings an Authorization field of its own sends that one instead.
type Auth struct {
	User, Password string
	Scheme         AuthScheme
}

// AuthScheme says how Auth is shown to the server.
type AuthScheme uint8

const (
	// AuthBasic sends user and password at once, as good as in the clear (RFC
	// 7617).
	AuthBasic AuthScheme = iota

	// AuthDigest proves that the password is known (RFC 7616). The server has to
	// ask for that first, with a 401; until it has, a request is sent without
	// its body. The readback does not hear of it. The stream remembers what each
	// server asks for, so that later requests send the proof at once.
	AuthDigest

	// AuthAny waits to be asked, and answers Digest rather than Basic. The body
	// is sent in any case, for the server may have nothing to ask.
	AuthAny
)

// A space is a protection space (RFC 9110 section 11.5), as far as a client
// tells them apart before it is asked, and who wants in.
type space struct {
	origin pool.Key
	user   string
}

// access is how a user gets into a space. It holds no password: each request
// has its own.
type access struct {
	digest *digest.Session // nil: by Basic
}

// maxSpaces bounds what a stream remembers. What it has forgotten it is asked
// for again.
const maxSpaces = 256

// remember keeps a for those that come later.
func (s *Stream) remember(in space, a access) {
	if s.spaces == nil || len(s.spaces) >= maxSpaces {
		s.spaces = make(map[space]access)
	}
	s.spaces[in] = a
}

func (x *exchange) space() space { return space{keyOf(x.req.URL), x.req.Auth.User} }

// mayBeAsked reports whether x shows its credentials only to a server that asks.
func (x *exchange) mayBeAsked() bool {
	a := x.req.Auth
	return a != nil && a.Scheme != AuthBasic && !x.req.Header.Has("Authorization")
}

// access returns how x gets in, if that is known.
func (x *exchange) access() (a access, known bool) {
	if x.mayBeAsked() {
		a, known = x.stream.spaces[x.space()]
		known = known && (a.digest != nil || x.req.Auth.Scheme == AuthAny)
	}
	return a, known
}

// probes reports whether x is to be sent without its body, to be asked.
func (x *exchange) probes() bool {
	if !x.mayBeAsked() || x.req.Auth.Scheme != AuthDigest || x.req.bodyLength() == 0 || x.unasked {
		return false
	}
	_, known := x.access()
	return !known
}

// authorize puts the credentials in front of the fields of a request, and takes
// the body off one that only wants to be asked.
func (x *exchange) authorize(wire *httpwire.Request) {
	auth, value := x.req.Auth, ""
	switch a, known := x.access(); {
	case auth == nil || x.req.Header.Has("Authorization"):
		return
	case auth.Scheme == AuthBasic, known && a.digest == nil:
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(auth.User+":"+auth.Password))
	case known:
		value = a.digest.Authorization(auth.User, auth.Password, x.req.method(), wire.Target)
	}
	if value != "" {
		wire.Header = slices.Concat(httpwire.Header{{Name: "Authorization", Value: value}}, wire.Header)
	}
	if x.probes() {
		wire.Body, wire.Length = nil, 0
		wire.Header = slices.Clone(wire.Header)
		wire.Header.Del("Transfer-Encoding")
		if wire.Header.Has("Content-Length") {
			wire.Header.Set("Content-Length", "0")
		}
	}
}

// countAuth notes that x is sent now: with the next number of its session, or
// without its body.
func (x *exchange) countAuth() {
	if x.probes() {
		x.aside().probing = true
	} else if a, known := x.access(); known && a.digest != nil {
		a.digest.Count()
	}
}

// challenged looks at the head of a response, and reports whether the request
// is sent again: the server asks for credentials, and can have them; or it did
// not ask, and has not had the body.
func (x *exchange) challenged(h *httpwire.Head) bool {
	if !x.mayBeAsked() {
		return false
	}
	a, known := x.access()
	if h.Status != 401 {
		if known && a.digest != nil {
			a.digest.Follow(h.Fields.Get("Authentication-Info"))
		}
		if !x.probing || h.Status/100 != 2 {
			return false
		}
		x.aside().unasked = true
		return true
	}
	var values []string
	for v := range h.Fields.Values("WWW-Authenticate") {
		values = append(values, string(v))
	}
	c, basic := digest.Choose(slices.Values(values))
	d := x.aside()
	switch {
	case c != nil && (d.answers == 0 || c.Stale && d.answers < maxAnswers):
		if a.digest == nil || !a.digest.Goes(c) {
			share := fmt.Sprintf("%016x%016x", x.stream.kernel.Uint64(), x.stream.kernel.Uint64())
			a.digest = c.Begin(share)
		}
		x.stream.remember(x.space(), a)
	case c == nil && basic && !known && x.req.Auth.Scheme == AuthAny:
		x.stream.remember(x.space(), access{})
	default:
		return false
	}
	d.answers++
	return true
}

// maxAnswers is how often one request answers a server that finds every nonce
// stale.
const maxAnswers = 3
