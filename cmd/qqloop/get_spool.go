package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// A spool keeps what waits for its turn at standard output: with -Z, bodies
// come side by side, and must not be mixed. What is long waits on the disk, so
// that a thousand of them do not fill the memory.
type spool struct {
	short bytes.Buffer
	long  *os.File // what did not find room; nil: nothing
}

// spoolMemory is how much of a body waits in memory.
const spoolMemory = 16 << 10

// Write takes p over.
func (s *spool) Write(p []byte) (int, error) {
	if s.long == nil && s.short.Len()+len(p) <= spoolMemory {
		return s.short.Write(p)
	}
	if s.long == nil {
		f, err := os.CreateTemp("", "qqloop-")
		if err != nil {
			return 0, fmt.Errorf("-Z: no place to keep a body until its turn: %w", err)
		}
		os.Remove(f.Name()) // it lives as long as it is open, whatever becomes of us
		s.long = f
	}
	return s.long.Write(p)
}

// WriteTo writes all of it to w, and forgets it.
func (s *spool) WriteTo(w io.Writer) (int64, error) {
	n, err := s.short.WriteTo(w)
	if s.long == nil || err != nil {
		return n, err
	}
	if _, err := s.long.Seek(0, io.SeekStart); err != nil {
		return n, err
	}
	more, err := io.Copy(w, s.long)
	return n + more, err
}

// drop gives everything up.
func (s *spool) drop() {
	if s.long != nil {
		s.long.Close()
	}
	*s = spool{}
}
