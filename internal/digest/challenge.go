package digest

import (
	"iter"
	"strings"
)

// A Challenge is one of Digest that is understood.
type Challenge struct {
	// Stale says that the server knows the password to be right, and only the
	// nonce to be used up: the same answer with the new one will do.
	Stale bool

	realm, nonce, opaque string
	algorithm            *algorithm
	named                string // the algorithm as it was spelt; "" where it was not
	auth                 bool   // qop=auth; else none
	userhash             bool
}

// Choose reads the values of WWW-Authenticate fields. It returns the Digest
// challenge with the strongest hash, or nil where none is understood, and
// whether the server would take Basic.
func Choose(values iter.Seq[string]) (best *Challenge, basic bool) {
	for value := range values {
		for _, o := range parse(value) {
			switch {
			case o.scheme == "basic":
				basic = true
			case o.scheme == "digest":
				if c := o.challenge(); c != nil && (best == nil || c.algorithm.rank > best.algorithm.rank) {
					best = c
				}
			}
		}
	}
	return best, basic
}

// challenge returns what o asks for, or nil where that is not understood.
func (o *offer) challenge() *Challenge {
	c := &Challenge{
		Stale:     strings.EqualFold(o.params["stale"], "true"),
		realm:     o.params["realm"],
		nonce:     o.params["nonce"],
		opaque:    o.params["opaque"],
		named:     o.params["algorithm"],
		algorithm: algorithmOf(o.params["algorithm"]),
		userhash:  strings.EqualFold(o.params["userhash"], "true"),
	}
	_, realm := o.params["realm"]
	if c.algorithm == nil || c.nonce == "" || !realm {
		return nil
	}
	if list := o.params["qop"]; strings.TrimSpace(list) != "" {
		for word := range strings.SplitSeq(list, ",") {
			c.auth = c.auth || strings.EqualFold(strings.TrimSpace(word), "auth")
		}
		if !c.auth {
			return nil
		}
	}
	// The session key of -sess is made with a cnonce, which only a qop sends.
	if c.algorithm.sess && !c.auth {
		return nil
	}
	return c
}
