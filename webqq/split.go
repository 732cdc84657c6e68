package webqq

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPiece is the longest text of one message in bytes. The service's own
// limit was never published; this is what clients kept to for years.
const maxPiece = 720

// splitReach is how far before the limit a good place to cut may lie.
const splitReach = 100

// split cuts content into pieces of at most limit bytes of Text, never inside
// a rune or a face, and rather after a newline or a blank, which is then left
// out. A piece of blanks alone is left out too: the service would refuse it.
func split(c Content, limit int) []Content {
	var pieces []Content
	var piece Content
	size := 0
	end := func() {
		if strings.TrimSpace(piece.Text()) != "" {
			pieces = append(pieces, piece)
		}
		piece, size = nil, 0
	}
	for _, item := range c {
		if item.Kind != ItemText {
			if n := len(item.String()); size > 0 && size+n > limit {
				end()
			}
			piece = append(piece, item)
			size += len(item.String())
			continue
		}
		text := item.Text
		for size+len(text) > limit {
			at, skip := cut(text, limit-size)
			if at+skip == 0 && size == 0 {
				at = wholeRune(text)
			}
			piece = piece.addText(text[:at])
			text = text[at+skip:]
			end()
		}
		piece = piece.addText(text)
		size += len(text)
	}
	end()
	return pieces
}

// cut returns where to cut text so that at most room bytes come before, and
// how many bytes to leave out there.
func cut(text string, room int) (at, skip int) {
	if room <= 0 {
		return 0, 0
	}
	from := max(0, room-splitReach)
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

// wholeRune returns the length of text's first rune: a piece is never empty,
// however small the limit.
func wholeRune(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	return n
}
