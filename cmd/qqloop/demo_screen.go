package main

import "io"

// An utterance is what somebody says somewhere.
type utterance struct {
	who   string // "friend" or "bot"
	group bool
	text  string
}

// A screen is where the conversation is held: a terminal or a pipe.
type screen interface {
	welcome(service, address string)
	// note tells of progress; a pipe has no place for it.
	note(text string)
	qr(code qrCode)
	// complain tells of a line that could not be said.
	complain(err error)
	// listen begins to pass on what is typed, and then its end: d.typed, and
	// d.hangUp or d.leave or d.interrupt, on the loop's goroutine.
	listen(d *demo)
	// show shows what the bot said, or what is now said to it. done says that
	// the next line may come.
	show(u utterance) error
	done()
	// stderr returns a writer for diagnostics that respects what is on screen.
	stderr(w io.Writer) io.Writer
}

// A typist hears what is typed, and of its end: hangUp is the end of the input,
// leave somebody's who has seen enough, interrupt a Ctrl-C.
type typist interface {
	typed(line string)
	hangUp()
	leave()
	interrupt()
}

// prefix returns "group friend> ".
func (u utterance) prefix() string {
	if u.group {
		return "group " + u.who + "> "
	}
	return u.who + "> "
}
