package digest

import "strings"

// An offer is a challenge as it stands in a field, of whatever scheme (RFC 9110
// section 11.3): a scheme, and parameters or one token68.
type offer struct {
	scheme string            // in lower case
	params map[string]string // by name in lower case
}

// parse reads a WWW-Authenticate value. It is a list of lists with the same
// comma in both: a word that no "=" follows begins a new challenge. Where the
// value breaks the grammar it ends, and the challenge that is broken does not
// count.
func parse(value string) []offer {
	var all []offer
	s := scanner{rest: value}
	for s.more() {
		word := s.token()
		if s.take('=') {
			v := s.value()
			if len(all) == 0 {
				return nil // a parameter of nothing
			}
			all[len(all)-1].set(word, v)
		} else {
			all = append(all, offer{strings.ToLower(word), map[string]string{}})
			s.token68()
		}
		if s.bad {
			return all[:len(all)-1]
		}
	}
	return all
}

// parseInfo reads an Authentication-Info value, which is parameters alone.
func parseInfo(value string) offer {
	o := offer{params: map[string]string{}}
	s := scanner{rest: value}
	for s.more() {
		word := s.token()
		s.bad = s.bad || !s.take('=')
		v := s.value()
		if s.bad {
			break
		}
		o.set(word, v)
	}
	return o
}

// set takes a parameter. Each may stand there once: of two the first counts.
func (o *offer) set(name, value string) {
	name = strings.ToLower(name)
	if _, twice := o.params[name]; !twice {
		o.params[name] = value
	}
}

// A scanner takes words off the front of a value.
type scanner struct {
	rest string
	bad  bool // what stood there was none
}

// more passes over commas and blanks, and reports whether anything follows.
func (s *scanner) more() bool {
	s.rest = strings.TrimLeft(s.rest, " \t,")
	return s.rest != "" && !s.bad
}

// take takes c off, and the blanks around it, if it is there.
func (s *scanner) take(c byte) bool {
	after := strings.TrimLeft(s.rest, " \t")
	if after == "" || after[0] != c {
		return false
	}
	s.rest = strings.TrimLeft(after[1:], " \t")
	return true
}

// token takes a word (RFC 9110 section 5.6.2).
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isToken(s.rest[n]) {
		n++
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	s.bad = s.bad || n == 0
	return word
}

// value takes a word, or what stands in double quotes.
func (s *scanner) value() string {
	if !strings.HasPrefix(s.rest, `"`) {
		return s.token()
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
		}
		b.WriteByte(s.rest[i])
	}
	s.bad = true // the quotes never end
	return ""
}

// token68 takes what a scheme may have in the place of parameters, if it is
// there: letters, digits and a few more, then any number of "=", and then the
// comma or the end.
func (s *scanner) token68() {
	if s.rest != "" && strings.IndexByte(" \t,", s.rest[0]) < 0 {
		s.bad = true // a scheme ends with a blank
		return
	}
	after := strings.TrimLeft(s.rest, " \t")
	n := 0
	for n < len(after) && (isAlnum(after[n]) || strings.IndexByte("-._~+/", after[n]) >= 0) {
		n++
	}
	end := strings.TrimLeft(strings.TrimLeft(after[n:], "="), " \t")
	if n > 0 && (end == "" || end[0] == ',') {
		s.rest = end
	}
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isToken(c byte) bool { return isAlnum(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 }
