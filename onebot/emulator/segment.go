package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A segment is one piece of a message. Its data keeps its order; a value is a
// string, or a json.RawMessage where it was an object or a list, as in a node.
type segment struct {
	kind string
	data object
}

func textSegment(text string) segment { return segment{"text", object{"text", text}} }

// get returns a value of the data, "" if there is none or it is no string.
func (g segment) get(name string) string {
	for i := 0; i+1 < len(g.data); i += 2 {
		if g.data[i] == name {
			text, _ := g.data[i+1].(string)
			return text
		}
	}
	return ""
}

// readMessage reads what a call may give as a message: a string, with CQ codes
// unless plain, one segment, or a list of segments.
func readMessage(raw json.RawMessage, plain bool) ([]segment, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, errors.New("the message is missing")
	}
	switch raw[0] {
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		var all []segment
		for _, item := range items {
			g, err := readSegment(item)
			if err != nil {
				return nil, err
			}
			all = append(all, g)
		}
		return all, nil
	case '{':
		g, err := readSegment(raw)
		return []segment{g}, err
	}
	text, ok := scalar(raw)
	if !ok {
		return nil, fmt.Errorf("%.40s is no message", raw)
	}
	if plain {
		if text == "" {
			return nil, nil
		}
		return []segment{textSegment(text)}, nil
	}
	return parseCQ(text), nil
}

func readSegment(raw json.RawMessage) (segment, error) {
	var in struct {
		Type string                     `json:"type"`
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.Type == "" {
		return segment{}, fmt.Errorf(`%.40s is no segment; want {"type":"text","data":{"text":"hi"}}`, raw)
	}
	g := segment{kind: in.Type}
	names := make([]string, 0, len(in.Data))
	for name := range in.Data {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if text, ok := scalar(in.Data[name]); ok {
			g.data = append(g.data, name, text)
		} else {
			g.data = append(g.data, name, in.Data[name])
		}
	}
	return g, nil
}

// scalar returns a JSON string, number or boolean as text: the standard's
// values are strings, and applications send whatever they have.
func scalar(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
		return "", false
	}
	if raw[0] != '"' {
		if string(raw) == "null" {
			return "", true
		}
		return string(raw), true
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}

// cqCode is a whole CQ code: a bracket that begins none is text.
var cqCode = regexp.MustCompile(`\[CQ:([A-Za-z0-9._-]+)((?:,[^,=\[\]]+=[^,\[\]]*)*)\]`)

var cqDecode = strings.NewReplacer("&#91;", "[", "&#93;", "]", "&#44;", ",", "&amp;", "&")

func parseCQ(text string) []segment {
	var all []segment
	plain := func(s string) {
		if s != "" {
			all = append(all, textSegment(cqDecode.Replace(s)))
		}
	}
	end := 0
	for _, at := range cqCode.FindAllStringSubmatchIndex(text, -1) {
		plain(text[end:at[0]])
		end = at[1]
		g := segment{kind: text[at[2]:at[3]]}
		for pair := range strings.SplitSeq(strings.TrimPrefix(text[at[4]:at[5]], ","), ",") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				g.data = append(g.data, name, cqDecode.Replace(value))
			}
		}
		all = append(all, g)
	}
	plain(text[end:])
	return all
}

// cqText is a message in its string form.
func cqText(message []segment) string {
	inText := strings.NewReplacer("&", "&amp;", "[", "&#91;", "]", "&#93;")
	inValue := strings.NewReplacer("&", "&amp;", "[", "&#91;", "]", "&#93;", ",", "&#44;")
	var b strings.Builder
	for _, g := range message {
		if g.kind == "text" {
			b.WriteString(inText.Replace(g.get("text")))
			continue
		}
		b.WriteString("[CQ:" + g.kind)
		for i := 0; i+1 < len(g.data); i += 2 {
			value, ok := g.data[i+1].(string)
			if !ok {
				value = string(g.data[i+1].(json.RawMessage))
			}
			b.WriteString("," + g.data[i].(string) + "=" + inValue.Replace(value))
		}
		b.WriteByte(']')
	}
	return b.String()
}

// plainText joins the segments of text.
func plainText(message []segment) string {
	var b strings.Builder
	for _, g := range message {
		if g.kind == "text" {
			b.WriteString(g.get("text"))
		}
	}
	return b.String()
}

// segments is a message in its array form.
func segments(message []segment) list {
	all := list{}
	for _, g := range message {
		data := g.data
		if data == nil {
			data = object{}
		}
		all = append(all, object{"type", g.kind, "data", data})
	}
	return all
}
