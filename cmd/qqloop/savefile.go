package main

import (
	"log/slog"
	"os"
	"path/filepath"
)

// A saver keeps a small secret file up to date without holding up the loop: a
// disk may take its time. Of several contents that come while it writes, it
// writes the last.
type saver struct {
	path string
	log  *slog.Logger
	next chan []byte // holds at most the newest
	done chan struct{}
}

func newSaver(path string, log *slog.Logger) *saver {
	s := &saver{path: path, log: log, next: make(chan []byte, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// save takes over data and returns at once; nil removes the file. It is
// called from one goroutine only.
func (s *saver) save(data []byte) {
	select {
	case <-s.next:
	default:
	}
	s.next <- data
}

// close returns when the last content is on the disk.
func (s *saver) close() {
	close(s.next)
	<-s.done
}

func (s *saver) run() {
	defer close(s.done)
	for data := range s.next {
		var err error
		if data == nil {
			if err = os.Remove(s.path); os.IsNotExist(err) {
				err = nil
			}
		} else {
			err = writeSecret(s.path, data)
		}
		if err != nil {
			s.log.Warn("the session could not be kept", "err", err)
		}
	}
}

// writeSecret replaces a file as a whole: a reader finds the old content or
// the new one, and nobody else finds anything (CreateTemp makes files 0600).
func writeSecret(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if bad := f.Close(); err == nil {
		err = bad
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
