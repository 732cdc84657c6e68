package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qqloop/qqloop/bot"
)

// A file system without room: what cannot be saved is said, what was saved stays,
// and when there is room again saving goes on, in this process and the next.
func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no file system of 256 KiB can be mounted here: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	d := newDesk(t)
	d.path = filepath.Join(dir, "state.db")
	s := d.open()
	if errs := d.save(s, []bot.Change{set("a", "1", "early")}); errs[0] != nil {
		t.Fatal(errs[0])
	}

	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("1 MiB on a disk of 256 KiB: got %v; want ENOSPC", err)
	}
	large := strings.Repeat("x", 60<<10)
	errs := d.save(s, []bot.Change{set("a", "2", large)}, []bot.Change{set("a", "3", large)})
	for _, err := range errs {
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v; want that there is no space", err)
		}
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if errs := d.save(s, []bot.Change{set("a", "4", "late")}); errs[0] != nil {
		t.Errorf("after there was room again: %v", errs[0])
	}
	d.close(s)
	s = d.open()
	defer d.close(s)
	if got := text(s, "a"); got != "1=early 4=late" {
		t.Errorf("got %.80q; want what was saved before and after", got)
	}
}
