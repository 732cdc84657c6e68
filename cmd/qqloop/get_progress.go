package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"
)

// A progress is the line on a terminal that tells how far things are: one for
// each transfer that goes to a file, which stays when that is done; or one for
// all of them, with -Z. Nothing is there where nobody sits: see
// newProgress. A nil *progress shows nothing.
type progress struct {
	out     io.Writer
	columns func() int
	now     func() time.Duration
	bar     bool // -#
	stdout  bool // standard output is a file, too

	// With -Z, all transfers together.
	parallel, all  bool
	done, failed   int
	running, total int

	current transfer
	drawn   bool // a line is there that will be overwritten
}

// A transfer is how far one of them is, or all of them.
type transfer struct {
	name  string
	start time.Duration
	got   int64
	had   int64 // -C: so much was there before
	whole int64 // -1: nobody knows
	marks []mark
}

// A mark is how far it was at that time.
type mark struct {
	at  time.Duration
	got int64
}

// progressStep is how often the line changes, and speedSteps over how many of
// them a speed is measured: what a transfer does now, and not what it did once.
const (
	progressStep = 200 * time.Millisecond
	speedSteps   = 25
)

// newProgress returns nil unless standard error is a terminal, nobody wants
// silence, and bodies go to files: between the lines of a body it would be in
// its way, in a pipe in somebody else's.
func newProgress(f *fetch) *progress {
	c, e := f.cmd, f.world
	file, ok := e.stderr.(*os.File)
	stdout := isRegular(e.stdout)
	if !ok || !isTerminal(e.stderr) || c.Silent || c.NDJSON || c.SSE || c.Verbose ||
		c.Parallel && len(f.outputs) < len(f.urls) && !c.RemoteNameAll && !stdout {
		return nil
	}
	columns := func() int {
		n, _, _ := term.GetSize(int(file.Fd()))
		return n
	}
	return &progress{out: e.stderr, columns: columns, now: f.loop.Time, bar: c.ProgressBar, stdout: stdout, parallel: c.Parallel, total: len(f.urls)}
}

func isRegular(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// begin is for a transfer to that file, "" for standard output.
func (p *progress) begin(file, url string, had int64) {
	switch {
	case p == nil:
	case p.parallel:
		p.running++
		if p.running == 1 && !p.all {
			p.all = true
			p.current = transfer{start: p.now(), whole: -1}
		}
	case file == "" && !p.stdout:
		p.current = transfer{}
	default:
		if file == "" {
			file = url
		}
		p.current = transfer{name: printable(file), start: p.now(), had: had, whole: -1}
	}
}

// printable is s without what would do something to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// add says that n more bytes have come, of so many; -1: nobody knows.
func (p *progress) add(n int, whole int64) {
	if p == nil {
		return
	}
	p.current.got += int64(n)
	if !p.parallel && whole >= 0 {
		p.current.whole = whole + p.current.had
	}
}

// restart says that what came does not count: it comes once more.
func (p *progress) restart() {
	if p != nil && !p.parallel {
		p.current.got, p.current.marks = 0, nil
	}
}

// end says how the transfer ended. Its line stays if it went well: else a
// message says more.
func (p *progress) end(ok bool) {
	switch {
	case p == nil:
	case p.parallel:
		p.running--
		p.done++
		if !ok {
			p.failed++
		}
	case p.current.name != "":
		if ok {
			p.draw(p.current.finished(p.now(), p.columns()))
			fmt.Fprintln(p.out)
			p.drawn = false
		}
		p.clear()
		p.current = transfer{}
	}
}

// close ends the line of -Z.
func (p *progress) close() {
	if p != nil && p.all {
		p.draw(p.summary())
		fmt.Fprintln(p.out)
		p.drawn = false
	}
}

// tick draws the line anew.
func (p *progress) tick() {
	t := &p.current
	if t.marks = append(t.marks, mark{p.now(), t.got}); len(t.marks) > speedSteps {
		t.marks = t.marks[1:]
	}
	switch {
	case p.parallel && p.all:
		p.draw(p.summary())
	case p.parallel || t.name == "":
	case p.bar:
		p.draw(t.bar(p.columns()))
	default:
		p.draw(t.line(p.now(), p.columns()))
	}
}

func (p *progress) draw(line string) {
	fmt.Fprint(p.out, "\r"+line+"\x1b[K")
	p.drawn = true
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}

// Write writes a message: the line goes out of its way, and comes back with the
// next tick.
func (p *progress) Write(message []byte) (int, error) {
	p.clear()
	return p.out.Write(message)
}
