package onebot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// A Segment is one piece of a message (OneBot 11, "message segments"): "text"
// with Data "text"; "at" with "qq", a number or "all"; "image" with "file"
// and, received, "url"; "face" and "reply" with "id". Types that nobody knows
// are kept as they came.
type Segment struct {
	Type string            `json:"type"`
	Data map[string]string `json:"data"`
}

// UnmarshalJSON reads a segment. Values that are no strings are kept as the
// JSON they came as, so that a number is its digits; null is left out.
func (s *Segment) UnmarshalJSON(b []byte) error {
	var raw struct {
		Type string                     `json:"type"`
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*s = Segment{Type: raw.Type, Data: make(map[string]string, len(raw.Data))}
	for key, value := range raw.Data {
		if string(value) == "null" {
			continue
		}
		text := string(value)
		if value[0] == '"' {
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		}
		s.Data[key] = text
	}
	return nil
}

// A Message is what was said, piece by piece. It is always sent as an array
// of segments: text in a string would have to be escaped, and what is
// forgotten there is an injection.
type Message []Segment

// Text returns text as a message. No CQ code in it means anything.
func Text(text string) Message {
	return Message{{Type: "text", Data: map[string]string{"text": text}}}
}

// At returns a segment that mentions somebody.
func At(user ID) Segment { return Segment{Type: "at", Data: map[string]string{"qq": user.String()}} }

// Text returns the pieces of text, joined.
func (m Message) Text() string {
	var b strings.Builder
	for _, s := range m {
		if s.Type == "text" {
			b.WriteString(s.Data["text"])
		}
	}
	return b.String()
}

// UnmarshalJSON reads either format of messages: an array of segments or a
// string with CQ codes; and the single segment that some put in the place of
// an array.
func (m *Message) UnmarshalJSON(b []byte) error {
	switch b = bytes.TrimSpace(b); {
	case len(b) == 0 || string(b) == "null":
		*m = nil
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*m = ParseCQ(s)
		return nil
	case b[0] == '{':
		var s Segment
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*m = Message{s}
		return nil
	case b[0] == '[':
		var all []Segment
		if err := json.Unmarshal(b, &all); err != nil {
			return err
		}
		*m = all
		return nil
	}
	return fmt.Errorf("message %.40s is neither a string nor segments", b)
}
