package httpwire

import "encoding/binary"

// tokenByte marks the bytes of a token (RFC 9110 section 5.6.2): methods and
// field names are made of them.
var tokenByte = func() (t [256]bool) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = true
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()

// isText reports whether c may stand in a field value or a reason phrase:
// TAB, space, visible ASCII and obs-text (RFC 9110 section 5.5).
func isText(c byte) bool { return c >= 0x20 && c != 0x7f || c == '\t' }

// textPrefix returns the length of the longest prefix of b made of text.
//
// Eight bytes at a time: a subtraction that borrows finds a byte below 0x20,
// and the same after an exclusive or finds 0x7f. A hit sends the eight to the
// byte loop, which knows that TAB is welcome.
func textPrefix(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := 0
	for len(b)-n >= 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		del := x ^ ones*0x7f
		if ((x-ones*0x20)&^x|(del-ones)&^del)&highs != 0 {
			for _, c := range b[n : n+8] {
				if !isText(c) {
					return n
				}
				n++
			}
			continue
		}
		n += 8
	}
	for n < len(b) && isText(b[n]) {
		n++
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// trimSpace removes the optional white space, SP and TAB, around b.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold compares ASCII without case. strings.EqualFold would not do: to
// Unicode the Kelvin sign is a k.
func equalFold[A, B ~string | ~[]byte](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
