package bot

import "strings"

// A Segment is one piece of a message, in the words of OneBot 11: "text" with
// Data "text"; "at" with "qq", a number or "all"; "image" with "file" and
// "url"; "face" with "id"; "reply" with "id". A service that has no such
// piece leaves it out, or says it in words.
type Segment struct {
	Type string            `json:"type"`
	Data map[string]string `json:"data"`
}

// Content is what a message says, piece by piece. It is not changed once it
// was made: whoever wants another makes another.
type Content []Segment

// Text returns text as content. It is never read as anything but text.
func Text(text string) Content {
	return Content{{Type: "text", Data: map[string]string{"text": text}}}
}

// Text returns the pieces of text, joined. The others are left out.
func (c Content) Text() string {
	if len(c) == 1 && c[0].Type == "text" {
		return c[0].Data["text"]
	}
	var b strings.Builder
	for _, s := range c {
		if s.Type == "text" {
			b.WriteString(s.Data["text"])
		}
	}
	return b.String()
}
