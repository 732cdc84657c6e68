package webqq

import (
	"strings"

	"github.com/qqloop/qqloop/internal/cut"
)

// maxPiece is the longest text of one message in bytes. The service's own
// limit was never published; this is what clients kept to for years.
const maxPiece = 720

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
			at, skip := cut.Text(text, limit-size)
			if at+skip == 0 && size == 0 {
				at = cut.Rune(text)
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
