package webqq

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

const fontJSON = `["font",{"size":10,"color":"000000","style":[0,0,0],"name":"宋体"}]`

func TestDecodeContent(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     Content
		text     string
	}{
		{"text, font first, blank last", `[` + fontJSON + `,"hi "]`, Content{{Text: "hi"}}, "hi"},
		{"one blank of two goes", `[` + fontJSON + `,"hi  "]`, Content{{Text: "hi "}}, "hi "},
		{"face", `[` + fontJSON + `,"a",["face",14]," "]`, Content{{Text: "a"}, {Kind: ItemFace, Face: 14}}, "a[微笑]"},
		{"face without a name", `[["face",200],"x "]`, Content{{Kind: ItemFace, Face: 200}, {Text: "x"}}, "[表情200]x"},
		{"group picture", `[` + fontJSON + `,["cface",{"name":"A.jpg","file_id":1,"key":"k","server":"10.0.0.1:80"}],"see "]`,
			Content{{Kind: ItemPicture, Text: "A.jpg"}, {Text: "see"}}, "[图片]see"},
		{"friend picture", `[` + fontJSON + `,["cface","A.jPg",""]]`, Content{{Kind: ItemPicture, Text: "A.jPg"}}, "[图片]"},
		{"offline picture", `[["offpic",{"success":1,"file_path":"/uuid"}]]`, Content{{Kind: ItemPicture, Text: "/uuid"}}, "[图片]"},
		{"only the font is a picture", `[` + fontJSON + `]`, Content{{Kind: ItemPicture}}, "[图片]"},
		{"newlines", `["a\rb\r\nc\nd "]`, Content{{Text: "a\nb\nc\nd"}}, "a\nb\nc\nd"},
		{"entities stay in texts", `["&lt;b&gt; "]`, Content{{Text: "&lt;b&gt;"}}, "&lt;b&gt;"},
		{"note of another client", `["hi【提示：此用户正在使用Q+ Web：http://web.qq.com/】 "]`, Content{{Text: "hi"}}, "hi"},
		{"texts in a row", `["a","b "]`, Content{{Text: "ab"}}, "ab"},
		{"unknown items", `[["shake",1],7,null,"x "]`, Content{{Text: "x"}}, "x"},
		{"bare string", `"hi "`, Content{{Text: "hi"}}, "hi"},
		{"newlines of a bare string", `"a\rb\r\nc "`, Content{{Text: "a\nb\nc"}}, "a\nb\nc"},
		{"nothing", `[]`, nil, ""},
		{"not content", `{}`, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeContent(json.RawMessage(tt.in))
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v; want %+v", got, tt.want)
			}
			if got.Text() != tt.text {
				t.Errorf("got text %q; want %q", got.Text(), tt.text)
			}
		})
	}
}

func TestEncodeContent(t *testing.T) {
	c := Content{{Text: "你好\n\"<&+%;'\\"}, {Kind: ItemFace, Face: 14}, {Text: " x"}}
	const font = `["font",{"name":"宋体","size":10,"style":[0,0,0],"color":"000000"}]`
	if got, want := encodeContent(c), `["你好\n\"<&+%;'\\",["face",14]," x",`+font+`]`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	// The service takes nothing without a string in it.
	if got, want := encodeContent(Content{{Kind: ItemFace, Face: 0}}), `[["face",0]," ",`+font+`]`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

func TestParseFaces(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Content
	}{
		{"a[微笑]b", Content{{Text: "a"}, {Kind: ItemFace, Face: 14}, {Text: "b"}}},
		{"[惊讶][NO]", Content{{Kind: ItemFace, Face: 0}, {Kind: ItemFace, Face: 123}}},
		{"[nobody][", Content{{Text: "[nobody]["}}},
		{"[[微笑]]", Content{{Text: "["}, {Kind: ItemFace, Face: 14}, {Text: "]"}}},
		{"", nil},
	} {
		if got := ParseFaces(tt.in); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("ParseFaces(%q): got %+v; want %+v", tt.in, got, tt.want)
		}
		if got := ParseFaces(tt.in).Text(); got != tt.in {
			t.Errorf("back again: got %q; want %q", got, tt.in)
		}
	}
}

func TestMention(t *testing.T) {
	for _, tt := range []struct {
		text, nick, rest string
		ok               bool
	}{
		{"@bot ping", "bot", "ping", true},
		{"@bot", "bot", "", true},
		{"hello @bot", "bot", "hello", true},
		{"tell @bot, please", "bot", "tell , please", true},
		{"@bot，你好", "bot", "，你好", true},
		{"@bottle ping", "bot", "@bottle ping", false},
		{"@bottle @bot ping", "bot", "@bottle ping", true},
		{"bot ping", "bot", "bot ping", false},
		{"@ x", "", "@ x", false},
	} {
		rest, ok := Mention(tt.text, tt.nick)
		if rest != tt.rest || ok != tt.ok {
			t.Errorf("Mention(%q, %q): got %q, %v; want %q, %v", tt.text, tt.nick, rest, ok, tt.rest, tt.ok)
		}
	}
}

func TestSplit(t *testing.T) {
	texts := func(pieces []Content) (s []string) {
		for _, p := range pieces {
			s = append(s, p.Text())
		}
		return s
	}
	face := Item{Kind: ItemFace, Face: 14} // eight bytes as text
	for _, tt := range []struct {
		name  string
		in    Content
		limit int
		want  []string
	}{
		{"short", TextContent("hello"), 10, []string{"hello"}},
		{"exactly", TextContent("0123456789"), 10, []string{"0123456789"}},
		{"at a blank", TextContent("hello world again"), 11, []string{"hello world", "again"}},
		{"a newline before a blank", TextContent("one\ntwo three four"), 12, []string{"one", "two three", "four"}},
		{"no blank", TextContent("0123456789abcdef"), 10, []string{"0123456789", "abcdef"}},
		{"runes stay whole", TextContent("你好吗"), 7, []string{"你好", "吗"}},
		{"a rune longer than the limit", TextContent("你好"), 1, []string{"你", "好"}},
		{"accents stay on their letters", TextContent("abce\u0301"), 4, []string{"abc", "e\u0301"}},
		{"a family stays together", TextContent("ab👨\u200d👩"), 11, []string{"ab", "👨\u200d👩"}},
		{"a face stays whole", Content{{Text: "abc"}, face, {Text: "d"}}, 10, []string{"abc", "[微笑]d"}},
		{"blanks alone are nothing", TextContent(" \n "), 10, nil},
		{"nothing", nil, 10, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := texts(split(tt.in, tt.limit)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

// Whatever the text: no piece is too long, none is empty, no rune is broken,
// and nothing but blanks at the cuts is lost.
func TestSplitKeepsEverything(t *testing.T) {
	squeeze := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' }), "")
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(16, 80).Draw(t, "limit")
		var c Content
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			if rapid.Bool().Draw(t, "face") {
				c = append(c, Item{Kind: ItemFace, Face: rapid.IntRange(0, 14).Draw(t, "id")})
			} else {
				c = c.addText(rapid.StringOf(rapid.RuneFrom([]rune("ab \n你好é\u0301👍\U0001F3FD"))).Draw(t, "text"))
			}
		}
		var all string
		for _, p := range split(c, limit) {
			s := p.Text()
			if len(s) > limit || strings.TrimSpace(s) == "" || !utf8.ValidString(s) {
				t.Fatalf("got the piece %q; want 1 to %d bytes of whole runes", s, limit)
			}
			all += s
		}
		if squeeze(all) != squeeze(c.Text()) {
			t.Fatalf("got %q; want %q", squeeze(all), squeeze(c.Text()))
		}
	})
}

func FuzzContent(f *testing.F) {
	f.Add([]byte(`[["font",{"size":10}],"hi "]`))
	f.Add([]byte(`[["cface",{"name":"a.jpg"}],["offpic",{}],["face",14],["face",-1],["face",1e99]]`))
	f.Add([]byte(`"x"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := decodeContent(raw)
		// What was read can be sent, and reads the same.
		again := decodeContent(json.RawMessage(encodeContent(c)))
		if utf8.Valid(raw) && len(c) > 0 && strings.TrimRight(again.Text(), " ") != strings.TrimRight(c.Text(), " ") &&
			!strings.Contains(c.Text(), "【提示") {
			t.Fatalf("got %q; want %q", again.Text(), c.Text())
		}
	})
}
