package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/qqloop/qqloop/sched"
)

// A sink is where one response goes: its heads to -D, and, behind them if they
// are wanted, its body to standard output or a file. It writes at once what it
// is given, so that a body may be longer than the memory; only side by side
// with others what is for standard output waits until it is whole.
type sink struct {
	writer *getWriter
	file   string // "" is standard output
	have   int64  // -C: how much of the body is there already
	held   *spool // what waits; nil: nothing has to

	begun bool // something may have been written that cannot be taken back
	mute  bool // the rest is read, and goes nowhere
	open  *os.File
	err   error // the first one; nothing more is written
}

// newSink returns where the body of l's URL goes.
func (f *fetch) newSink(l *lane) *sink {
	s := &sink{writer: f.writer, file: f.fileOf(l)}
	s.have = f.cmd.have(s.file)
	if f.cmd.Parallel && s.file == "" && !f.cmd.NDJSON {
		s.held = &spool{}
	}
	return s
}

// begin writes what stands before the body. Only the first call does anything.
func (s *sink) begin(heads []byte, r *sched.Response) {
	if s.begun {
		return
	}
	s.begun = true
	w := s.writer
	s.dumpHeads(heads)
	s.mute = w.cmd.NDJSON && s.file == ""
	if w.cmd.showsHeads() {
		s.write(heads)
	}
	if r != nil && (w.cmd.refuses(r) || s.beyond(r)) {
		s.mute = true
	}
}

// showsHeads reports whether heads stand before the body.
func (c *getCmd) showsHeads() bool { return c.Include || c.Head || c.method() == "HEAD" }

// trailer writes what stands behind the body, as a part of the head.
func (s *sink) trailer(r *sched.Response) {
	var fields []byte
	for name, value := range r.Trailer.All() {
		fields = fmt.Appendf(fields, "%s: %s\r\n", name, value)
	}
	s.dumpHeads(fields)
	if s.writer.cmd.showsHeads() {
		s.write(fields)
	}
}

// dumpHeads writes heads to where -D says.
func (s *sink) dumpHeads(heads []byte) {
	switch w := s.writer; {
	case w.dump != nil:
		_, err := w.dump.Write(heads)
		w.problem("-D", err)
	case w.cmd.DumpHeader == "-" && s.held != nil:
		s.held.Write(heads)
	case w.cmd.DumpHeader == "-":
		_, err := w.stdout.Write(heads)
		w.keep(err)
	}
}

// write writes the next piece, and returns the first error there was. A file
// is made when there is something to write, and what was written stays.
func (s *sink) write(p []byte) error {
	switch {
	case s.mute || s.err != nil || len(p) == 0:
	case s.held != nil:
		_, s.err = s.held.Write(p)
	case s.file == "":
		_, err := s.writer.stdout.Write(p)
		s.writer.keep(err)
		s.writer.flush()
		s.err = s.writer.err
	default:
		s.create()
		if s.err == nil {
			_, s.err = s.open.Write(p)
		}
	}
	return s.err
}

// create opens the file: a new one, or with -C what there is, to go on.
func (s *sink) create() {
	how := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if s.have > 0 {
		how = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	if s.open == nil {
		s.open, s.err = os.OpenFile(s.file, how, 0o666)
	}
}

// end writes what has waited and closes the file. That of a whole response is
// there even if it is empty.
func (s *sink) end(whole bool) error {
	if s.held != nil {
		_, err := s.held.WriteTo(s.writer.stdout)
		s.held.drop()
		s.writer.keep(err)
		return s.err
	}
	if whole && !s.mute && s.err == nil && s.file != "" {
		s.create()
	}
	if s.open != nil {
		if err := s.open.Close(); s.err == nil {
			s.err = err
		}
	}
	return s.err
}

// mayRestart reports whether another response may take the place of the one
// that was begun: nobody has seen anything of it.
func (s *sink) mayRestart() bool { return !s.begun || s.held != nil && s.writer.dump == nil }

// restart makes ready for that.
func (s *sink) restart() {
	if s.held != nil {
		s.held.drop()
	}
	s.begun, s.mute = false, false
}

// refuses reports whether -f has resp for a failure.
func (c *getCmd) refuses(resp *sched.Response) bool { return c.Fail && resp.Status >= 400 }

// piece is the request's OnBody.
func (l *lane) piece(resp *sched.Response, p []byte) error {
	if l.postpones(resp) {
		return nil
	}
	l.begin(resp)
	if l.fetch.cmd.stuck(resp) {
		return nil
	}
	if err := l.out.fits(resp); err != nil {
		return err
	}
	l.streamed += int64(len(p))
	l.fetch.meter.add(len(p), length(resp))
	err := l.out.write(p)
	if err != nil && l.out.file != "" {
		return fmt.Errorf("-o: %w", err)
	}
	return err
}

// begin is for a response that nothing can replace any more.
func (l *lane) begin(resp *sched.Response) {
	l.out.begin(appendHead(l.heads, resp), resp)
}

// stuck reports whether resp is a redirect that should be followed, but must
// not: the engine has no number for "follow, but none".
func (c *getCmd) stuck(resp *sched.Response) bool {
	return c.Location && c.MaxRedirs == 0 && isRedirect(resp.Status)
}

// complete takes a failure that is none: -C has found that everything is there.
func complete(failure *sched.Error) bool {
	return failure != nil && errors.Is(failure.Err, errHaveAll)
}
