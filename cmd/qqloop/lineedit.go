package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// A lineEditor is one line being typed on a terminal in raw mode: keys in,
// bytes for the terminal out, and no I/O of its own. Messages can arrive above
// the line while it is being typed. The editor knows that a Chinese character
// is two columns wide, which golang.org/x/term's does not.
//
// A line that is longer than the terminal is shown from where the cursor is.
type lineEditor struct {
	prompt  string // without colour; what is before the cursor at the start
	style   string // an SGR sequence for the prompt, or ""
	columns int    // of the terminal; zero means 80

	line    []rune
	cursor  int // index into line
	history []string
	back    int    // how far up the history we are; 0 is the new line
	saved   string // the new line while we look at an old one
	pending []byte // the beginning of a key that has not come whole
}

// A keyEvent is what typing led to.
type keyEvent int

const (
	keyNothing   keyEvent = iota
	keyLine               // a line is complete
	keyEnd                // Ctrl-D on an empty line
	keyInterrupt          // Ctrl-C
)

// maxHistory bounds the lines that the arrow up brings back.
const maxHistory = 100

// Type takes the next bytes from the keyboard, in pieces of any size, up to
// the first event. It returns what to write to the terminal, the line if there
// is one, and how many bytes it took. After an event the line is hidden.
func (e *lineEditor) Type(in []byte) (out string, event keyEvent, line string, n int) {
	for n < len(in) {
		e.pending = append(e.pending, in[n])
		n++
		key, ok := e.key()
		if !ok {
			continue
		}
		switch event := e.press(key); event {
		case keyNothing:
		case keyLine:
			line := string(e.line)
			if len(e.history) == 0 || e.history[len(e.history)-1] != line && line != "" {
				e.history = append(e.history[max(0, len(e.history)-maxHistory+1):], line)
			}
			e.line, e.cursor, e.back = nil, 0, 0
			return e.Hide(), event, line, n
		default:
			return e.Hide(), event, "", n
		}
	}
	return e.Show(), keyNothing, "", n
}

// Show returns what draws the line with the cursor in its place.
func (e *lineEditor) Show() string { return e.redraw(e.cursor) }

// Hide returns what takes the line off the terminal, so that something else
// can be written there.
func (e *lineEditor) Hide() string { return "\r\x1b[K" }

func (e *lineEditor) redraw(cursor int) string {
	columns := e.columns
	if columns <= 0 {
		columns = 80
	}
	// One column stays free: a terminal that has filled its last one has the
	// cursor in no man's land.
	room := max(columns-1-textWidth([]rune(e.prompt)), 10)
	start := 0
	for textWidth(e.line[start:cursor]) > room {
		start++
	}
	end := len(e.line)
	for textWidth(e.line[start:end]) > room {
		end--
	}
	prompt := e.prompt
	if e.style != "" {
		prompt = e.style + e.prompt + "\x1b[0m"
	}
	out := e.Hide() + prompt + string(e.line[start:end])
	if behind := textWidth(e.line[cursor:end]); behind > 0 {
		out += fmt.Sprintf("\x1b[%dD", behind)
	}
	return out
}

// key takes a whole key out of pending: a character, or an escape sequence as
// one string.
func (e *lineEditor) key() (string, bool) {
	p := e.pending
	whole := true
	switch {
	case p[0] != 0x1b:
		whole = utf8.FullRune(p)
	case len(p) == 1:
		whole = false
	case p[1] == '[' || p[1] == 'O':
		// The sequence ends with a byte from 0x40 on (ECMA-48 section 5.4).
		last := p[len(p)-1]
		whole = len(p) > 2 && last >= 0x40 && last <= 0x7e
	}
	if !whole {
		return "", false
	}
	e.pending = e.pending[:0]
	return string(p), true
}

// press applies a key to the line.
func (e *lineEditor) press(key string) keyEvent {
	switch key {
	case "\r", "\n":
		return keyLine
	case "\x03":
		return keyInterrupt
	case "\x04":
		if len(e.line) == 0 {
			return keyEnd
		}
		e.erase(e.cursor, e.cursor+1)
	case "\x7f", "\b":
		e.erase(e.cursor-1, e.cursor)
	case "\x1b[3~":
		e.erase(e.cursor, e.cursor+1)
	case "\x15": // Ctrl-U
		e.erase(0, e.cursor)
	case "\x0b": // Ctrl-K
		e.erase(e.cursor, len(e.line))
	case "\x17": // Ctrl-W
		start := e.cursor
		for start > 0 && unicode.IsSpace(e.line[start-1]) {
			start--
		}
		for start > 0 && !unicode.IsSpace(e.line[start-1]) {
			start--
		}
		e.erase(start, e.cursor)
	case "\x1b[D", "\x1bOD", "\x02":
		e.cursor = max(0, e.cursor-1)
	case "\x1b[C", "\x1bOC", "\x06":
		e.cursor = min(len(e.line), e.cursor+1)
	case "\x1b[H", "\x1bOH", "\x1b[1~", "\x01":
		e.cursor = 0
	case "\x1b[F", "\x1bOF", "\x1b[4~", "\x05":
		e.cursor = len(e.line)
	case "\x1b[A", "\x1bOA", "\x10":
		e.recall(e.back + 1)
	case "\x1b[B", "\x1bOB", "\x0e":
		e.recall(e.back - 1)
	default:
		// A tab is as wide as it likes; a blank is what was meant.
		key = strings.ReplaceAll(key, "\t", " ")
		if r, _ := utf8.DecodeRuneInString(key); unicode.IsPrint(r) {
			e.line = append(e.line[:e.cursor:e.cursor], append([]rune{r}, e.line[e.cursor:]...)...)
			e.cursor++
		}
	}
	return keyNothing
}

// erase removes line[from:to], as far as that exists.
func (e *lineEditor) erase(from, to int) {
	from, to = max(from, 0), min(to, len(e.line))
	if from >= to {
		return
	}
	e.line = append(e.line[:from:from], e.line[to:]...)
	e.cursor = from
}

// recall shows the line that is back steps up the history.
func (e *lineEditor) recall(back int) {
	if back < 0 || back > len(e.history) || back == e.back {
		return
	}
	if e.back == 0 {
		e.saved = string(e.line)
	}
	line := e.saved
	if back > 0 {
		line = e.history[len(e.history)-back]
	}
	e.back, e.line = back, []rune(line)
	e.cursor = len(e.line)
}

// textWidth is the number of columns that runes take.
func textWidth(runes []rune) int {
	columns := 0
	for _, r := range runes {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			columns += 2
		default:
			columns++
		}
	}
	return columns
}
