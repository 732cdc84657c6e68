package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/qqloop/qqloop/loop"
)

// A terminal is the demo's screen where somebody sits. The line being typed
// stays at the bottom, and messages appear above it.
type terminal struct {
	in, out *os.File
	editor  lineEditor
	colour  bool
	raw     *term.State // what to go back to
	typing  bool        // the editor's line is on the screen
	partial []byte      // of a diagnostic line
	keys    chan struct{}
	echo    func(line string) // shows a line that was typed; nil: as the demo does
}

// newTerminal takes the terminal over; close gives it back.
func newTerminal(e *env) (*terminal, error) {
	t := &terminal{in: e.stdin.(*os.File), out: e.stdout.(*os.File), colour: wantColour(e.stdout)}
	t.editor.prompt = utterance{who: "friend"}.prefix()
	t.editor.style = t.style(utterance{who: "friend"})
	t.keys = make(chan struct{}, 1)
	var err error
	t.raw, err = term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("the terminal: %w", err)
	}
	return t, nil
}

func (t *terminal) close() {
	if t.typing {
		io.WriteString(t.out, t.editor.Hide())
	}
	term.Restore(int(t.in.Fd()), t.raw)
}

// print writes whole lines above the one being typed.
func (t *terminal) print(text string) error {
	text = strings.ReplaceAll(text, "\n", "\r\n") // nobody else does, in raw mode
	if t.typing {
		t.editor.columns, _, _ = term.GetSize(int(t.out.Fd()))
		text = t.editor.Hide() + text + t.editor.Show()
	}
	_, err := io.WriteString(t.out, text)
	return err
}

func (t *terminal) welcome(service, address string) {
	if service == "onebot" {
		t.print("Here is a OneBot server, as NapCat is one, on " + address + ", and a bot that\n" +
			"listens to it: every request is a socket on one event loop.\n\n")
		return
	}
	t.print("WebQQ was switched off in 2019. Here it is again, on " + address + ", and a bot that\n" +
		"logs in to it: every request is a socket on one event loop.\n\n")
}

func (t *terminal) note(text string) { t.print(t.dim(text) + "\n") }

func (t *terminal) complain(err error) { t.note("qqloop: " + err.Error()) }

func (t *terminal) dim(text string) string {
	if t.colour {
		return "\x1b[2m" + text + "\x1b[0m"
	}
	return text
}

func (t *terminal) qr(code qrCode) {
	t.print("To log in, the bot shows a QR code. No need for a phone: the demo scans it in a\nmoment.\n\n" +
		code.text(t.colour) + "\n")
}

// listen shows the prompt and passes on what is typed.
func (t *terminal) listen(d *demo) {
	t.print("\nThe bot is online, and you are its friend. Say something to it:\n\n" +
		"    help                  what it can do (帮助: in Chinese)\n" +
		"    ping                  is it there?\n" +
		"    remind 5s tea         it comes back to you\n" +
		"    /group @bot time      the same in a group, where it wants to be mentioned\n\n" +
		"Ctrl-D leaves.\n\n")
	t.read(d.engine.loop, d)
}

// read shows the prompt and passes on to d, on the loop's goroutine, what is
// typed.
func (t *terminal) read(l *loop.Loop, d typist) {
	t.typing = true
	t.print("")
	go func() {
		for {
			buf := make([]byte, 256)
			n, err := t.in.Read(buf)
			l.AddCallback(func() {
				t.press(d, buf[:n])
				if err != nil {
					d.leave()
				}
				t.keys <- struct{}{}
			})
			if <-t.keys; err != nil {
				return
			}
		}
	}()
}

// press gives what was typed to the editor.
func (t *terminal) press(d typist, keys []byte) {
	for len(keys) > 0 && t.typing {
		t.editor.columns, _, _ = term.GetSize(int(t.out.Fd()))
		out, event, line, n := t.editor.Type(keys)
		keys = keys[n:]
		io.WriteString(t.out, out)
		switch event {
		case keyLine:
			if t.echo != nil {
				t.echo(line)
			} else {
				t.shown(line)
			}
			d.typed(line)
		case keyEnd:
			t.typing = false
			t.note("Good-bye.")
			d.leave()
		case keyInterrupt:
			t.typing = false
			d.interrupt()
		}
	}
}

// shown leaves a typed line on the screen at once, whenever it may be said.
func (t *terminal) shown(line string) {
	u := utterance{who: "friend", text: line}
	if text, ok := strings.CutPrefix(line, "/group "); ok {
		u.group, u.text = true, text
	}
	if strings.TrimSpace(line) != "" {
		t.write(u)
	} else {
		t.print("")
	}
}

// show shows what the bot says; what is said to it is on the screen already.
func (t *terminal) show(u utterance) error {
	if u.who == "friend" {
		return nil
	}
	return t.write(u)
}

// write writes a message; its further lines stand under the first.
func (t *terminal) write(u utterance) error {
	prefix := u.prefix()
	indent := strings.Repeat(" ", len(prefix))
	text := strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1 // somebody may echo what clears the screen
		}
		return r
	}, u.text)
	text = strings.ReplaceAll(text, "\n", "\n"+indent)
	if style := t.style(u); style != "" {
		prefix = style + prefix + "\x1b[0m"
	}
	return t.print(prefix + text + "\n")
}

// style tells the speakers apart by colour.
func (t *terminal) style(u utterance) string {
	switch {
	case !t.colour:
		return ""
	case u.who == "bot":
		return "\x1b[32m"
	}
	return "\x1b[36m"
}

func (t *terminal) done() {}

// stderr returns a writer that puts whole lines above the one being typed, if
// standard error is the same screen.
func (t *terminal) stderr(w io.Writer) io.Writer {
	if !isTerminal(w) {
		return w
	}
	return t
}

// Write takes diagnostics.
func (t *terminal) Write(b []byte) (int, error) {
	t.partial = append(t.partial, b...)
	for {
		line, rest, ok := bytes.Cut(t.partial, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		t.note(string(line))
		t.partial = rest
	}
}
