package coding

import (
	"errors"
	"io"
	"strings"
)

// A stage takes one coding off. What it returns is the next stage's input, or
// the content.
type stage struct {
	coding
	in     input
	limits *Limits
	used   func() int64 // of the content as it came, for the ratio

	r    io.Reader // nil: not opened
	buf  []byte
	out  int64
	over error // what follows the last piece
}

// more returns the next piece of the decoded content. It is valid until the
// next call.
func (s *stage) more() ([]byte, error) {
	if s.r == nil {
		if !s.in.fill() {
			return nil, s.in.err // no content is no error: a response to HEAD has none
		}
		r, err := s.open(&s.in)
		if err != nil {
			return nil, s.fail(err)
		}
		s.r, s.buf = r, make([]byte, pieceSize)
	}
	if s.over != nil {
		return nil, s.over
	}
	for {
		n, err := s.r.Read(s.buf)
		if err != nil {
			s.over = s.fail(err) // brotli would not say it again
		}
		switch {
		case n > 0:
			return s.bound(s.buf[:n])
		case err != nil:
			return nil, s.over
		}
	}
}

// pieceSize is how much is decoded at once: the window of deflate, which is
// what compress/flate returns at most.
const pieceSize = 32 << 10

// bound cuts the piece that goes beyond a bound: the content up to it is handed
// out, however the pieces fell.
func (s *stage) bound(piece []byte) ([]byte, error) {
	room, bound, limit := s.limits.room(s.used())
	if left := room - s.out; int64(len(piece)) > left {
		s.over = &TooLargeError{Coding: s.name, Bound: bound, Limit: limit, In: s.used()}
		if left <= 0 {
			return nil, s.over
		}
		piece = piece[:left]
	}
	s.out += int64(len(piece))
	return piece, nil
}

// fail returns an error that names the coding, unless the fault lies below it.
func (s *stage) fail(err error) error {
	if below := s.in.broken(); below != nil {
		return below
	}
	if err == io.EOF {
		return err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if err == io.ErrUnexpectedEOF {
		return &Error{s.name, "the content ends too early", err}
	}
	// The libraries begin their texts with their own names.
	_, text, found := strings.Cut(err.Error(), ": ")
	if !found {
		text = err.Error()
	}
	return &Error{s.name, "the content is damaged: " + text, err}
}

// close lets go of the decoder.
func (s *stage) close() {
	if c, ok := s.r.(interface{ Close() }); ok {
		c.Close()
	}
}
