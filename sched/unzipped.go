package sched

import (
	"bufio"
	"compress/gzip"
	"io"
	"sync"
)

// unzipped is a body with gzip taken off, for a caller who did not ask for
// gzip: we did. It is decoded by the goroutine that reads it, when it does.
type unzipped struct {
	*spool
	z   *unzipper
	err error
}

// An unzipper is what decoding needs, kept for the next.
type unzipper struct {
	gzip.Reader
	in bufio.Reader
}

var unzippers = sync.Pool{New: func() any { return new(unzipper) }}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.err == nil && u.z == nil {
		u.z = unzippers.Get().(*unzipper)
		u.z.in.Reset(u.spool)
		u.err = u.z.Reset(&u.z.in)
	}
	n := 0
	if u.err == nil {
		n, u.err = u.z.Read(p)
	}
	if u.err != nil && u.z != nil {
		// Not in Close, which another goroutine may call while this one reads.
		u.z.in.Reset(nothing{})
		unzippers.Put(u.z)
		u.z = nil
	}
	return n, u.err
}

// nothing is a reader at its end.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
