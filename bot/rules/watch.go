package rules

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/qqloop/qqloop/loop"
)

// settle is how long a file must have been left alone: an editor writes it in
// several steps, and half a file is a bad one.
const settle = 200 * time.Millisecond

// A Watcher tells a loop that a file has changed.
type Watcher struct {
	files *fsnotify.Watcher
	ended chan struct{}
}

// Watch has changed called on l's goroutine whenever the file at path has been
// written or replaced. Close ends it.
//
// The directory is watched, not the file: most editors write another file and
// rename it, and a watch on the old one would see nothing more.
func Watch(l *loop.Loop, path string, log *slog.Logger, changed func()) (*Watcher, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	if err := files.Add(filepath.Dir(path)); err != nil {
		files.Close()
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	w := &Watcher{files: files, ended: make(chan struct{})}
	go w.run(l, path, log, changed)
	return w, nil
}

func (w *Watcher) run(l *loop.Loop, path string, log *slog.Logger, changed func()) {
	defer close(w.ended)
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case e, ok := <-w.files.Events:
			if !ok {
				return
			}
			if e.Name == path && !e.Has(fsnotify.Chmod) && !e.Has(fsnotify.Remove) {
				quiet.Reset(settle)
			}
		case err := <-w.files.Errors:
			if err != nil {
				log.Warn("changes of a file may go unnoticed", "file", path, "err", err)
			}
		case <-quiet.C:
			l.AddCallback(changed)
		}
	}
}

// Close ends the watch. changed may still be called once, if it was on its way.
func (w *Watcher) Close() error {
	err := w.files.Close()
	<-w.ended
	return err
}
