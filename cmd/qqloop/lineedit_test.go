package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLineEditor(t *testing.T) {
	for _, test := range []struct{ name, keys, want string }{
		{"text", "ping\r", "ping"},
		{"Chinese", "帮助\r", "帮助"},
		{"emoji", "a😀b\r", "a😀b"},
		{"backspace", "pinx\x7fg\r", "ping"},
		{"backspace over a wide character", "帮x助\x7f\x7f助\r", "帮助"},
		{"backspace at the start", "\x7f\x7fa\r", "a"},
		{"left and insert", "pg\x1b[Din\x1b[Dx\r", "pixng"},
		{"right at the end", "a\x1b[Cb\r", "ab"},
		{"home and end", "b\x01a\x05c\r", "abc"},
		{"home and end keys", "b\x1b[Ha\x1b[Fc\r", "abc"},
		{"delete", "abc\x01\x1b[3~\r", "bc"},
		{"delete by Ctrl-D", "abc\x01\x04\r", "bc"},
		{"kill to the start", "abc def\x15x\r", "x"},
		{"kill to the end", "abc\x01\x0bx\r", "x"},
		{"kill a word", "one two  \x17x\r", "one x"},
		{"unknown sequences", "a\x1b[5~\x1b[1;5Cb\x1bfc\r", "abc"},
		{"a tab is a blank", "a\tb\r", "a b"},
		{"controls are nothing", "a\x07\x00b\r", "ab"},
		{"newline ends too", "a\n", "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e lineEditor
			_, event, line, n := e.Type([]byte(test.keys))
			if event != keyLine || line != test.want || n != len(test.keys) {
				t.Errorf("got event %d, line %q after %d bytes; want a line %q after %d", event, line, n, test.want, len(test.keys))
			}
		})
	}
}

func TestLineEditorEvents(t *testing.T) {
	var e lineEditor
	if _, event, _, n := e.Type([]byte("ab\x03cd")); event != keyInterrupt || n != 3 {
		t.Errorf("Ctrl-C: got event %d after %d bytes; want keyInterrupt after 3", event, n)
	}
	e = lineEditor{}
	if _, event, _, _ := e.Type([]byte("\x04")); event != keyEnd {
		t.Errorf("Ctrl-D on an empty line: got event %d; want keyEnd", event)
	}
}

func TestLineEditorHistory(t *testing.T) {
	var e lineEditor
	for _, line := range []string{"one\r", "two\r", "two\r", "\r"} {
		e.Type([]byte(line))
	}
	for _, test := range []struct{ keys, want string }{
		{"\x1b[A\r", "two"},
		{"\x1b[A\x1b[A\r", "one"}, // two, one: equal lines are one
		{"\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r", "one"},
		{"new\x1b[A\x1b[B\r", "new"},
		{"\x1b[B\r", ""},
	} {
		e := e
		e.history = append([]string(nil), e.history...)
		if _, _, line, _ := e.Type([]byte(test.keys)); line != test.want {
			t.Errorf("%q: got %q; want %q", test.keys, line, test.want)
		}
	}
}

func TestLineEditorShows(t *testing.T) {
	for _, test := range []struct {
		keys    string
		columns int
		want    string
	}{
		{"ping", 80, "> ping"},
		{"ping\x1b[D", 80, "> ping\x1b[1D"},
		{"帮助\x1b[D", 80, "> 帮助\x1b[2D"},           // a wide character is two columns
		{"abcdefghijklmno", 15, "> defghijklmno"}, // its end, where the cursor is
		{"abcdefghijklmno\x01", 15, "> abcdefghijkl\x1b[12D"},
	} {
		e := lineEditor{prompt: "> ", columns: test.columns}
		e.Type([]byte(test.keys))
		if got := strings.TrimPrefix(e.Show(), "\r\x1b[K"); got != test.want {
			t.Errorf("%q in %d columns: got %q; want %q", test.keys, test.columns, got, test.want)
		}
	}
}

// TestLineEditorSplits types the same keys whole and in pieces.
func TestLineEditorSplits(t *testing.T) {
	keys := rapid.SliceOf(rapid.SampledFrom([]string{
		"a", "帮", "😀", " ", "\x7f", "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[3~", "\x01", "\x05", "\x15", "\x0b", "\x17", "\r", "\xff",
	}))
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(strings.Join(keys.Draw(t, "keys"), ""))
		cut := rapid.IntRange(1, 5).Draw(t, "cut")
		play := func(piece int) (e lineEditor, lines []string) {
			for rest := in; len(rest) > 0; {
				chunk := rest[:min(piece, len(rest))]
				rest = rest[len(chunk):]
				for len(chunk) > 0 {
					_, event, line, n := e.Type(chunk)
					chunk = chunk[n:]
					if event == keyLine {
						lines = append(lines, line)
					}
				}
			}
			return e, lines
		}
		whole, lines := play(len(in) + 1)
		pieces, same := play(cut)
		if strings.Join(lines, "\n") != strings.Join(same, "\n") || string(whole.line) != string(pieces.line) || whole.cursor != pieces.cursor {
			t.Fatalf("whole: %q, %q at %d; in pieces of %d: %q, %q at %d",
				lines, string(whole.line), whole.cursor, cut, same, string(pieces.line), pieces.cursor)
		}
		if !utf8.ValidString(string(whole.line)) || whole.cursor < 0 || whole.cursor > len(whole.line) {
			t.Fatalf("got line %q with the cursor at %d; want valid text and the cursor inside", string(whole.line), whole.cursor)
		}
	})
}
