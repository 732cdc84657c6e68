package script

import "bytes"

// maxLine is the longest line of a child that is read. Of a longer one the
// beginning is passed on.
const maxLine = 64 << 10

// A lineWriter cuts what a child prints into lines. It is an io.Writer of a
// goroutine of os/exec.
type lineWriter struct {
	// line is given each line without its end, valid until it returns; cut
	// says that it was too long. It may block: then the child does.
	line func(line []byte, cut bool)
	held []byte
	skip bool // the rest of a line that was too long
}

// Write implements io.Writer. It takes all of p.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		piece := p
		if i >= 0 {
			piece = p[:i]
		}
		if !w.skip {
			room := maxLine - len(w.held)
			w.held = append(w.held, piece[:min(len(piece), room)]...)
			if len(piece) > room {
				w.skip = true
				w.line(w.held, true)
			}
		}
		if i < 0 {
			return n, nil
		}
		if !w.skip {
			w.line(bytes.TrimSuffix(w.held, []byte("\r")), false)
		}
		w.held, w.skip = w.held[:0], false
		p = p[i+1:]
	}
	return n, nil
}

// flush passes on a last line that has no end.
func (w *lineWriter) flush() {
	if len(w.held) > 0 && !w.skip {
		w.line(w.held, false)
	}
	w.held, w.skip = nil, false
}
