package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSaverOnFullDisk: what was saved before the disk was full stays, it is said
// that the new could not be saved, and saving goes on when there is room.
func TestSaverOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system of 64 KiB can be mounted here: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	file := filepath.Join(dir, "bot.session")
	save := func(data string) (logged string) {
		var log bytes.Buffer
		s := newSaver(file, slog.New(slog.NewTextHandler(&log, nil)))
		s.save([]byte(data))
		s.close()
		return log.String()
	}
	want := func(content string) {
		t.Helper()
		if got, err := os.ReadFile(file); string(got) != content {
			t.Errorf("the file holds %q (%v); want %q", got, err, content)
		}
	}
	if logged := save("old"); logged != "" {
		t.Errorf("logged %q", logged)
	}
	want("old")

	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 128<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("128 KiB on a disk of 64: got %v; want ENOSPC", err)
	}
	logged := save("new")
	if !strings.Contains(logged, "no space left on device") || !strings.Contains(logged, "bot.session") {
		t.Errorf("logged %q; want the file, and that there is no space", logged)
	}
	want("old")
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 2 {
		t.Errorf("%q are left; want the file and the filler", names)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if logged := save("new"); logged != "" {
		t.Errorf("logged %q", logged)
	}
	want("new")
}
