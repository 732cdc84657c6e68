package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/qqloop/qqloop/loop"
)

// A pipe is the demo's screen where nobody sits: one message a line, and
// nothing else on standard output.
type pipe struct {
	in    io.Reader
	out   io.Writer
	err   io.Writer
	ready chan struct{} // asks for the next line
}

// Progress is nobody's business here.
func (p *pipe) welcome(_, _ string) {}
func (p *pipe) note(string)         {}
func (p *pipe) qr(qrCode)           {}

func (p *pipe) complain(err error) { fmt.Fprintf(p.err, "qqloop: %v\n", err) }

func (p *pipe) stderr(w io.Writer) io.Writer { return w }

// listen reads a line whenever one is asked for: not more, for the input may
// be as long as it likes.
func (p *pipe) listen(d *demo) { p.read(d.engine.loop, d) }

func (p *pipe) read(l *loop.Loop, d typist) {
	p.done()
	go func() {
		in := bufio.NewReader(p.in)
		for range p.ready {
			line, err := in.ReadString('\n')
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if line != "" || err == nil {
				l.AddCallback(func() { d.typed(line) })
			}
			if err != nil {
				l.AddCallback(d.hangUp)
				return
			}
		}
	}()
}

// done asks for the next line. There is room for one request: the reader has
// answered the one before.
func (p *pipe) done() {
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *pipe) show(u utterance) error {
	_, err := io.WriteString(p.out, u.prefix()+strings.ReplaceAll(u.text, "\n", `\n`)+"\n")
	return err
}
