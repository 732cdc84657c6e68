package rules

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A file is seen to change however an editor writes it: in place, or another one
// that takes its name.
func TestWatch(t *testing.T) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "qqloop.toml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "one")
	seen := ""
	w, err := Watch(l, path, slog.New(slog.DiscardHandler), func() {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		seen = string(text)
		l.Stop()
	})
	if err != nil {
		t.Fatal(err)
	}
	guard := l.CallLater(time.Minute, func() { t.Error("the change was not seen"); l.Stop() })
	defer guard.Stop()
	await := func(want string) {
		t.Helper()
		for seen != want && !t.Failed() {
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
		}
	}

	write(filepath.Join(dir, "another"), "not this one")
	write(path, "two")
	await("two")
	write(filepath.Join(dir, ".new"), "three")
	if err := os.Rename(filepath.Join(dir, ".new"), path); err != nil {
		t.Fatal(err)
	}
	await("three")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(path, "four")
	await("four")
	if err := w.Close(); err != nil {
		t.Error(err)
	}

	if _, err := Watch(l, filepath.Join(dir, "absent", "x.toml"), slog.New(slog.DiscardHandler), func() {}); err == nil {
		t.Error("a directory that is not there is watched")
	}
}
