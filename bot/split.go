package bot

import (
	"slices"
	"strings"

	"github.com/qqloop/qqloop/internal/cut"
)

// defaultMaxText is Options.MaxText: a thousand Chinese characters. No service
// has published its limit; those that people have met lie above.
const defaultMaxText = 3000

// split cuts content into pieces of at most limit bytes of text, as package cut
// does. Pieces that are no text stay whole and count nothing. A piece of blanks
// alone is left out.
func split(c Content, limit int) []Content {
	if len(c.Text()) <= limit {
		return []Content{c}
	}
	var pieces []Content
	var piece Content
	size := 0
	end := func() {
		if strings.TrimSpace(piece.Text()) != "" || slices.ContainsFunc(piece, func(s Segment) bool { return s.Type != "text" }) {
			pieces = append(pieces, piece)
		}
		piece, size = nil, 0
	}
	for _, s := range c {
		if s.Type != "text" {
			piece = append(piece, s)
			continue
		}
		text := s.Data["text"]
		for size+len(text) > limit {
			at, skip := cut.Text(text, limit-size)
			if at+skip == 0 && size == 0 {
				at = cut.Rune(text)
			}
			if at > 0 {
				piece = append(piece, Text(text[:at])...)
			}
			text = text[at+skip:]
			end()
		}
		if text != "" {
			piece = append(piece, Text(text)...)
		}
		size += len(text)
	}
	end()
	return pieces
}
