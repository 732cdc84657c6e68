package digest

import (
	"fmt"
	"strings"
)

// A Session is a challenge that is being answered, by one request after the
// other, each with a number. It holds no name and no password.
type Session struct {
	challenge Challenge

	// One for the whole session: with -sess the session key is made with that
	// of the first request (RFC 7616 section 3.4.2), but servers that keep
	// nothing make it with that of the request at hand. It need not change,
	// for the number does.
	cnonce string
	count  uint32
}

// Begin returns a session in which nothing has been answered yet. cnonce is the
// client's share of it: text that nobody can foretell, without double quotes
// and backslashes.
func (c *Challenge) Begin(cnonce string) *Session { return &Session{challenge: *c, cnonce: cnonce} }

// Goes reports whether c is a challenge of this very session, which then goes
// on, with the next number: a server may give one nonce to many requests that
// came without an answer.
func (s *Session) Goes(c *Challenge) bool {
	with := *c
	with.Stale = s.challenge.Stale
	return with == s.challenge && !c.Stale
}

// Count says that one more request is sent. A number is used once, be it that
// the request never arrives.
func (s *Session) Count() { s.count++ }

// Authorization returns the value of the field for the request that was
// counted last. uri is what stands on its request line.
func (s *Session) Authorization(user, password, method, uri string) string {
	c := &s.challenge
	sum := c.algorithm.sum
	nc := fmt.Sprintf("%08x", s.count)

	key := sum(user + ":" + c.realm + ":" + password)
	if c.algorithm.sess {
		key = sum(key + ":" + c.nonce + ":" + s.cnonce)
	}
	what := sum(method + ":" + uri)
	proof := key + ":" + c.nonce + ":" + what
	if c.auth {
		proof = key + ":" + c.nonce + ":" + nc + ":" + s.cnonce + ":auth:" + what
	}
	if c.userhash {
		user = sum(user + ":" + c.realm)
	}

	// Some servers look for the parameters where everybody has them.
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s", quote(user), quote(c.realm), quote(c.nonce), quote(uri))
	if c.auth {
		fmt.Fprintf(&b, `, cnonce=%s, nc=%s, qop=auth`, quote(s.cnonce), nc)
	}
	fmt.Fprintf(&b, `, response="%s"`, sum(proof))
	if c.opaque != "" {
		b.WriteString(", opaque=" + quote(c.opaque))
	}
	if c.named != "" {
		b.WriteString(", algorithm=" + c.named)
	}
	if c.userhash {
		b.WriteString(", userhash=true")
	}
	return b.String()
}

// Follow reads the Authentication-Info of a response: a server may name the
// nonce of the next request there.
func (s *Session) Follow(info string) {
	if next := parseInfo(info).params["nextnonce"]; next != "" && next != s.challenge.nonce {
		s.challenge.nonce, s.count = next, 0
	}
}

// quote writes s as a quoted-string (RFC 9110 section 5.6.4).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
