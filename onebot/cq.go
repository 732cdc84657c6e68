package onebot

import (
	"slices"
	"strings"
)

// The two sets of escapes. In text a comma stays; in a parameter it would end
// it. The ampersand is first where escapes are made; strings.Replacer looks
// at each byte once, so that no order is needed where they are undone.
var (
	textEscapes  = strings.NewReplacer("&", "&amp;", "[", "&#91;", "]", "&#93;")
	paramEscapes = strings.NewReplacer("&", "&amp;", "[", "&#91;", "]", "&#93;", ",", "&#44;")
	unescapes    = strings.NewReplacer("&#91;", "[", "&#93;", "]", "&#44;", ",", "&amp;", "&")
)

// EscapeText returns text as it stands in a message of the string format.
func EscapeText(text string) string { return textEscapes.Replace(text) }

// EscapeParam returns value as it stands in a parameter of a CQ code.
func EscapeParam(value string) string { return paramEscapes.Replace(value) }

// Unescape undoes both: implementations undo all four escapes in either place.
func Unescape(s string) string { return unescapes.Replace(s) }

// CQ returns m in the string format. The parameters of a code are in the
// order of their names, so that one message is always one string.
func (m Message) CQ() string {
	var b strings.Builder
	for _, s := range m {
		if s.Type == "text" {
			b.WriteString(EscapeText(s.Data["text"]))
			continue
		}
		b.WriteString("[CQ:" + s.Type)
		keys := make([]string, 0, len(s.Data))
		for key := range s.Data {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			b.WriteString("," + key + "=" + EscapeParam(s.Data[key]))
		}
		b.WriteByte(']')
	}
	return b.String()
}

// ParseCQ reads a message of the string format. A bracket that begins no
// well-formed code is text, as it is to the implementations.
func ParseCQ(s string) Message {
	var m Message
	text := 0 // where the text before the present place begins
	flush := func(end int) {
		if end > text {
			m = append(m, Segment{"text", map[string]string{"text": Unescape(s[text:end])}})
		}
	}
	for at := 0; ; {
		i := strings.Index(s[at:], "[CQ:")
		if i < 0 {
			flush(len(s))
			return m
		}
		begin := at + i
		code, n, ok := parseCode(s[begin:])
		if !ok {
			at = begin + len("[CQ:")
			continue
		}
		flush(begin)
		m = append(m, code)
		at = begin + n
		text = at
	}
}

// parseCode reads the code at the head of s, and returns its length.
func parseCode(s string) (code Segment, n int, ok bool) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return Segment{}, 0, false
	}
	body := s[len("[CQ:"):end]
	if strings.ContainsRune(body, '[') { // the one before was only text
		return Segment{}, 0, false
	}
	name, rest, more := strings.Cut(body, ",")
	if !isName(name) {
		return Segment{}, 0, false
	}
	code = Segment{Type: name, Data: map[string]string{}}
	for more {
		var pair string
		pair, rest, more = strings.Cut(rest, ",")
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return Segment{}, 0, false
		}
		code.Data[key] = Unescape(value)
	}
	return code, end + 1, true
}

// isName reports whether s may name a segment: letters, digits, '-', '_' and
// '.'.
func isName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return s != ""
}
