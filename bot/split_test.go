package bot

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLongMessages(t *testing.T) {
	l := newLine(t, Options{MaxText: 9})
	l.say("echo one two three\nfour", "echo 一二三四五六")
	want := []string{"one two", "three", "four", "一二三", "四五六"}
	if got := l.answers(); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	if len(l.done) != 2 {
		t.Errorf("OnDone was called %d times; want 2", len(l.done))
	}
}

// TestLongMessageOutcome: whoever says a long message hears once, when its last
// piece has ended, and of the first thing that went wrong.
func TestLongMessageOutcome(t *testing.T) {
	l := newLine(t, Options{MaxText: 3}, nil, ErrOutcomeUnknown, errLost)
	var got []error
	l.loop.AddCallback(func() {
		l.bot.Say(Chat{Friend, "1"}, Text("aa bb cc dd"), func(err error) {
			got = append(got, err)
			if len(l.lines) != 4 {
				t.Errorf("told after %d of 4 pieces", len(l.lines))
			}
		})
	})
	l.run()
	if !slices.Equal(got, []error{ErrOutcomeUnknown}) {
		t.Errorf("got %v; want %v, once", got, ErrOutcomeUnknown)
	}
}

func TestSplit(t *testing.T) {
	face := Segment{Type: "face", Data: map[string]string{"id": "14"}}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		var c Content
		faces := 0
		for range rapid.IntRange(0, 6).Draw(t, "segments") {
			if rapid.Bool().Draw(t, "face") {
				c = append(c, face)
				faces++
				continue
			}
			c = append(c, Text(rapid.StringOfN(rapid.SampledFrom([]rune("ab \n一😀\u0301")), 0, 30, -1).Draw(t, "text"))...)
		}
		var all strings.Builder
		for _, piece := range split(c, limit) {
			text := piece.Text()
			if len(text) > limit && utf8.RuneCountInString(text) > 1 {
				t.Fatalf("a piece of %d bytes: %q", len(text), text)
			}
			if !utf8.ValidString(text) {
				t.Fatalf("a rune was cut: %q", text)
			}
			all.WriteString(text)
			for _, s := range piece {
				if s.Type == "face" {
					faces--
				}
			}
		}
		blank := strings.NewReplacer(" ", "", "\n", "")
		if got, want := blank.Replace(all.String()), blank.Replace(c.Text()); got != want {
			t.Fatalf("got %q; want %q", got, want)
		}
		if faces != 0 {
			t.Fatalf("%d faces were lost", faces)
		}
	})
}
