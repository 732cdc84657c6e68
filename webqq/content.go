package webqq

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ItemKind says what an Item is.
type ItemKind uint8

// The kinds of item.
const (
	ItemText ItemKind = iota
	ItemFace
	ItemPicture // only ever received
)

// An Item is a piece of a message's content.
type Item struct {
	Kind ItemKind
	Text string // ItemText: the text; ItemPicture: a file's name, or ""
	Face int    // ItemFace: its number, see FaceName
}

// Content is what a message says, in order.
type Content []Item

// TextContent returns content of that text and nothing else: brackets in it
// stay brackets.
func TextContent(text string) Content { return Content{{Kind: ItemText, Text: text}} }

// ParseFaces returns text with each face that is written by its name, such as
// [微笑], as a face.
func ParseFaces(text string) Content {
	var c Content
	for rest := text; rest != ""; {
		open := strings.IndexByte(rest, '[')
		end := -1
		if open >= 0 {
			end = strings.IndexByte(rest[open:], ']')
		}
		if end < 0 {
			return c.addText(rest)
		}
		if id, ok := FaceID(rest[open : open+end+1]); ok {
			c = append(c.addText(rest[:open]), Item{Kind: ItemFace, Face: id})
			rest = rest[open+end+1:]
		} else {
			c = c.addText(rest[:open+1])
			rest = rest[open+1:]
		}
	}
	return c
}

// addText appends text, to the last item where that is text too.
func (c Content) addText(text string) Content {
	if text == "" {
		return c
	}
	if n := len(c); n > 0 && c[n-1].Kind == ItemText {
		c[n-1].Text += text
		return c
	}
	return append(c, Item{Kind: ItemText, Text: text})
}

// String returns the item as a person reads it.
func (i Item) String() string {
	switch i.Kind {
	case ItemFace:
		if name := FaceName(i.Face); name != "" {
			return "[" + name + "]"
		}
		return "[表情" + strconv.Itoa(i.Face) + "]"
	case ItemPicture:
		return "[图片]"
	}
	return i.Text
}

// Text returns the content as a person reads it: faces by name, [图片] for a
// picture.
func (c Content) Text() string {
	if len(c) == 1 {
		return c[0].String()
	}
	var b strings.Builder
	for _, item := range c {
		b.WriteString(item.String())
	}
	return b.String()
}

// Mention reports whether text calls nick, as "@nick" followed by its end or
// by something that cannot go on a name, and returns the text without the
// call. The protocol knows no mentions: this is all there is.
func Mention(text, nick string) (rest string, ok bool) {
	if nick == "" {
		return text, false
	}
	call := "@" + nick
	for from := 0; ; {
		i := strings.Index(text[from:], call)
		if i < 0 {
			return text, false
		}
		i += from
		after := text[i+len(call):]
		next, _ := utf8.DecodeRuneInString(after)
		if after == "" || unicode.IsSpace(next) || unicode.IsPunct(next) {
			before := strings.TrimRightFunc(text[:i], unicode.IsSpace)
			after = strings.TrimLeftFunc(after, unicode.IsSpace)
			if before != "" && after != "" {
				before += " "
			}
			return before + after, true
		}
		from = i + len(call)
	}
}

// font is the item that the service wants at the end of what is sent.
var font = json.RawMessage(`["font",{"name":"宋体","size":10,"style":[0,0,0],"color":"000000"}]`)

// encodeContent returns the value of "content" in a send: JSON text, which
// becomes a string of the JSON around it. The font stands last.
func encodeContent(c Content) string {
	var items []any
	text := false
	for _, item := range c {
		if item.Kind == ItemFace {
			items = append(items, []any{"face", item.Face})
			continue
		}
		items = append(items, item.String())
		text = true
	}
	if !text { // the service takes no message without a string in it
		items = append(items, " ")
	}
	return string(appendJSON(nil, append(items, font)))
}

// appendJSON appends v without the escapes for HTML that nothing here needs.
func appendJSON(dst []byte, v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // all our values are structs of strings and numbers
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte{'\n'})...)
}

// qplusNote is what the classic page hung on texts written in another client.
const qplusNote = "【提示：此用户正在使用Q+ Web：http://web.qq.com/】"

// decodeContent reads the array of a received message: the font first, then
// strings and named items. What cannot be read is left out, since the rest of
// a message is better than none of it. The service ends each text with a blank
// that nobody typed.
func decodeContent(raw json.RawMessage) Content {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		// In one short week of 2017 it was a bare string.
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return nil
		}
		return cleanText(Content(nil).addText(newlines(text)))
	}
	var c Content
	only := true // nothing but the font: how SmartQQ shows a picture
	for _, item := range items {
		if item[0] == '"' {
			var text string
			if json.Unmarshal(item, &text) != nil {
				continue
			}
			c = c.addText(newlines(text))
			only = false
			continue
		}
		name, args := decodeItem(item)
		switch name {
		case "font":
		case "face":
			var id number
			if len(args) > 0 && json.Unmarshal(args[0], &id) == nil && id < 1<<16 {
				c = append(c, Item{Kind: ItemFace, Face: int(id)})
			}
			only = false
		case "cface", "offpic":
			c = append(c, Item{Kind: ItemPicture, Text: pictureName(args)})
			only = false
		}
	}
	if only && len(items) > 0 {
		return Content{{Kind: ItemPicture}}
	}
	return cleanText(c)
}

// newlines returns text with \n for \r and \r\n, which some clients send.
func newlines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// decodeItem splits ["face",14] into its name and the rest.
func decodeItem(raw json.RawMessage) (name string, args []json.RawMessage) {
	if json.Unmarshal(raw, &args) != nil || len(args) == 0 || json.Unmarshal(args[0], &name) != nil {
		return "", nil
	}
	return name, args[1:]
}

// pictureName reads the second item of a cface or offpic: a name, or an object
// that holds one.
func pictureName(args []json.RawMessage) string {
	if len(args) == 0 {
		return ""
	}
	var name string
	if json.Unmarshal(args[0], &name) == nil {
		return name
	}
	var picture struct {
		Name string `json:"name"`
		Path string `json:"file_path"`
	}
	if json.Unmarshal(args[0], &picture) != nil {
		return ""
	}
	if picture.Name != "" {
		return picture.Name
	}
	return picture.Path
}

// cleanText takes the blank off the end, and the classic note before it.
func cleanText(c Content) Content {
	n := len(c)
	if n == 0 || c[n-1].Kind != ItemText {
		return c
	}
	text := strings.TrimSuffix(c[n-1].Text, " ")
	if cut, ok := strings.CutSuffix(text, qplusNote); ok {
		text = strings.TrimSuffix(cut, " ")
	}
	if text == "" && n > 1 {
		return c[:n-1]
	}
	c[n-1].Text = text
	return c
}
