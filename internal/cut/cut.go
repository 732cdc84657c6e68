// Package cut finds the places at which a long text may be cut in pieces: rather
// after a newline or a blank, never inside a letter.
package cut

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// reach is how far before the limit a good place to cut may lie.
const reach = 100

// Text returns where to cut text, which is longer than room bytes, so that at
// most room bytes come before, and how many bytes to leave out there: the newline
// or blank at which it was cut. Zero is that nothing fits.
func Text(text string, room int) (at, skip int) {
	if room <= 0 {
		return 0, 0
	}
	from := max(0, room-reach)
	// The byte at room itself may be the blank that goes.
	window := text[from:min(len(text), room+1)]
	if i := strings.LastIndexByte(window, '\n'); i >= 0 {
		return from + i, 1
	}
	if i := strings.LastIndexByte(window, ' '); i >= 0 {
		return from + i, 1
	}
	at = room
	for at > 0 && !boundary(text, at) {
		at--
	}
	if at == 0 { // a heap of combining marks: keep at least the runes whole
		for at = room; at > 0 && !utf8.RuneStart(text[at]); at-- {
		}
	}
	return at, 0
}

// boundary reports whether text may be cut before byte at: between runes, and
// not before one that belongs to the letter in front of it.
func boundary(text string, at int) bool {
	if !utf8.RuneStart(text[at]) {
		return false
	}
	const joiner, tone1, tone6 = '\u200d', '\U0001F3FB', '\U0001F3FF'
	next, _ := utf8.DecodeRuneInString(text[at:])
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	switch {
	case unicode.In(next, unicode.Mn, unicode.Me), next == joiner, last == joiner:
		return false
	case tone1 <= next && next <= tone6:
		return false
	}
	return true
}

// Rune returns the length of text's first rune, for a piece that must not be
// empty however small the room.
func Rune(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	return n
}
