package coding

import (
	"bytes"
	"io"
)

// input is what a decoder reads: pieces that more returns. It is an
// io.ByteReader, so that compress/flate reads no further than the content goes
// and puts no buffer of its own before it.
type input struct {
	more  func() ([]byte, error) // the next piece, never empty; or an error, which is final
	in    []byte                 // the rest of the last piece
	err   error                  // what more said, for when in is used up
	total int64                  // the length of all pieces
}

// fill sees to it that in is not empty. The lender takes a piece back when more
// is called for the next one, and not before.
func (i *input) fill() bool {
	if len(i.in) == 0 && i.err == nil {
		i.in, i.err = i.more()
		i.total += int64(len(i.in))
	}
	return len(i.in) > 0
}

// Read reads what there is of a piece.
func (i *input) Read(p []byte) (int, error) {
	if !i.fill() {
		return 0, i.err
	}
	n := copy(p, i.in)
	i.in = i.in[n:]
	return n, nil
}

// ReadByte reads one byte.
func (i *input) ReadByte() (byte, error) {
	if len(i.in) == 0 && !i.fill() {
		return 0, i.err
	}
	c := i.in[0]
	i.in = i.in[1:]
	return c, nil
}

// peek returns the next n bytes and leaves them unread: fewer only where
// nothing follows them.
func (i *input) peek(n int) []byte {
	i.fill()
	for len(i.in) < n && i.err == nil {
		rest := bytes.Clone(i.in) // the lender takes the piece back
		i.in = nil
		i.fill()
		i.in = append(rest, i.in...)
	}
	return i.in[:min(n, len(i.in))]
}

// shown returns a little of what comes next, for an error.
func (i *input) shown() []byte { return i.in[:min(16, len(i.in))] }

// used returns how many bytes have been read.
func (i *input) used() int64 { return i.total - int64(len(i.in)) }

// broken returns the error of what lies below, if that is why reading failed:
// it says more than what a decoder makes of it.
func (i *input) broken() error {
	if i.err == io.EOF {
		return nil
	}
	return i.err
}
