package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// A desk is a loop on which a store is tried.
type desk struct {
	t    *testing.T
	loop *loop.Loop
	path string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &desk{t, l, filepath.Join(t.TempDir(), "state.db")}
}

func (d *desk) open() *Store {
	d.t.Helper()
	s, err := Open(d.loop, d.path)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// save saves each of the batches at once, runs the loop until all are done,
// and returns the errors.
func (d *desk) save(s *Store, batches ...[]bot.Change) []error {
	d.t.Helper()
	var errs []error
	d.loop.AddCallback(func() {
		for _, b := range batches {
			returned := false
			s.Save(b, func(err error) {
				if !returned {
					d.t.Error("done was called before Save returned")
				}
				if errs = append(errs, err); len(errs) == len(batches) {
					d.loop.Stop()
				}
			})
			returned = true
		}
	})
	if err := d.loop.Run(); err != nil {
		d.t.Fatal(err)
	}
	return errs
}

func (d *desk) close(s *Store) {
	d.t.Helper()
	if err := s.Close(); err != nil {
		d.t.Error(err)
	}
}

func set(table, key, value string) bot.Change {
	return bot.Change{Table: table, Key: key, Value: []byte(value)}
}

// text returns a table as "k=v k=v".
func text(s *Store, table string) string {
	var all []string
	for _, e := range s.Load(table) {
		all = append(all, e.Key+"="+string(e.Value))
	}
	return strings.Join(all, " ")
}

func TestKept(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	if got := text(s, "a"); got != "" {
		t.Errorf("a new file holds %q", got)
	}
	errs := d.save(s,
		[]bot.Change{set("a", "2", "two"), set("a", "1", "one"), set("b", "1", "")},
		[]bot.Change{set("a", "3", "three"), {Table: "a", Key: "2"}, {Table: "none", Key: "2"}},
		[]bot.Change{set("a", "1", "uno")})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := text(s, "a"); got != "" {
		t.Errorf("Load after a save: got %q; want the table as it was at Open", got)
	}
	d.close(s)
	if info, err := os.Stat(d.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: got %v, %v; want mode 0600", info.Mode(), err)
	}

	s = d.open()
	defer d.close(s)
	if got, want := text(s, "a"), "1=uno 3=three"; got != want {
		t.Errorf("table a: got %q; want %q", got, want)
	}
	if b := s.Load("b"); len(b) != 1 || b[0].Value == nil {
		t.Errorf("table b: got %v; want one entry, empty but not nil", b)
	}
}

// TestCloseKeeps is what a process does that ends in order: what it saved last
// is durable though nobody waited for it.
func TestCloseKeeps(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	for i := range 100 {
		s.Save([]bot.Change{set("a", fmt.Sprintf("%03d", i), "x")}, func(error) {})
	}
	d.close(s)
	var late error
	d.loop.AddCallback(func() {
		s.Save([]bot.Change{set("a", "late", "x")}, func(err error) { late = err; d.loop.Stop() })
	})
	if err := d.loop.Run(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(late, ErrClosed) {
		t.Errorf("a save after Close: got %v; want %v", late, ErrClosed)
	}
	s = d.open()
	defer d.close(s)
	if n := len(s.Load("a")); n != 100 {
		t.Errorf("got %d entries; want 100", n)
	}
}

// TestGroupCommit holds the disk while a hundred saves gather.
func TestGroupCommit(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	defer d.close(s)
	entered, release := make(chan bool), make(chan bool)
	var sizes []int
	s.commit = func(batch []save) error {
		if sizes = append(sizes, len(batch)); len(sizes) == 1 {
			entered <- true
			<-release
		}
		return s.update(batch)
	}
	var order []int
	d.loop.AddCallback(func() {
		for i := range 101 {
			s.Save([]bot.Change{set("a", fmt.Sprint(i), "x")}, func(err error) {
				if err != nil {
					t.Error(err)
				}
				if order = append(order, i); i == 100 {
					d.loop.Stop()
				}
			})
			if i == 0 {
				<-entered
			}
		}
		release <- true
	})
	if err := d.loop.Run(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sizes, []int{1, 100}) {
		t.Errorf("the transactions held %v saves; want [1 100]", sizes)
	}
	if !slices.IsSorted(order) || len(order) != 101 {
		t.Errorf("%d saves ended, sorted %v; want 101 in order", len(order), slices.IsSorted(order))
	}
}

func TestQueueIsBounded(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	defer d.close(s)
	entered, release := make(chan bool), make(chan bool)
	first := true
	s.commit = func(batch []save) error {
		if first {
			first = false
			entered <- true
			<-release
		}
		return nil
	}
	full := make([]bot.Change, MaxQueue)
	for i := range full {
		full[i] = set("a", "k", "x")
	}
	var errs []error
	note := func(err error) {
		if errs = append(errs, err); len(errs) == 3 {
			d.loop.Stop()
		}
	}
	d.loop.AddCallback(func() {
		s.Save([]bot.Change{set("a", "k", "x")}, note)
		<-entered
		s.Save(full, note)
		s.Save([]bot.Change{set("a", "k", "x")}, func(err error) {
			if !errors.Is(err, ErrQueueFull) {
				t.Errorf("got %v; want %v", err, ErrQueueFull)
			}
			note(err)
			release <- true
		})
	})
	if err := d.loop.Run(); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	s.commit = func([]save) error { return &fs.PathError{Op: "write", Path: d.path, Err: syscall.ENOSPC} }
	errs := d.save(s, []bot.Change{set("a", "1", "lost")}, []bot.Change{set("a", "2", "lost")})
	want := "save the state file " + d.path + ": no space left on device: make room on the disk"
	for _, err := range errs {
		var e *Error
		if !errors.As(err, &e) || err.Error() != want || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v; want %s", err, want)
		}
	}
	s.commit = s.update
	if errs := d.save(s, []bot.Change{set("a", "3", "kept")}); errs[0] != nil {
		t.Errorf("after there was room again: %v", errs[0])
	}
	d.close(s)
	s = d.open()
	defer d.close(s)
	if got := text(s, "a"); got != "3=kept" {
		t.Errorf("got %q; want only what was saved", got)
	}
}

func TestBadKey(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	defer d.close(s)
	errs := d.save(s, []bot.Change{set("a", "1", "x")}, []bot.Change{set("a", "", "x")}, []bot.Change{set("", "k", "x")})
	if errs := errors.Join(errs...); errs == nil || !strings.Contains(errs.Error(), `table "a" is empty or too long`) {
		t.Errorf("got %v", errs)
	}
}

func TestLocked(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	defer d.close(s)
	_, err := Open(d.loop, d.path)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "another qqloop runs with this file: stop the other one") {
		t.Errorf("got %v; want %v", err, ErrLocked)
	}
}

// TestDamaged spoils the file in ways that disks and people do. Open must say
// so, or find all that was kept; and leave no descriptor or lock behind.
func TestDamaged(t *testing.T) {
	d := newDesk(t)
	s := d.open()
	var changes []bot.Change
	for i := range 500 {
		changes = append(changes, set("a", fmt.Sprintf("%04d", i), strings.Repeat("x", 100)))
	}
	d.save(s, changes)
	d.close(s)
	whole, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	spoil := map[string][]byte{
		"a text":      []byte("this is no database\n"),
		"cut to half": whole[:len(whole)/2],
		"a page":      whole[:4096],
		"zeros":       make([]byte, len(whole)),
	}
	for page := 0; page < len(whole)/4096; page++ {
		b := slices.Clone(whole)
		for i := range 4096 {
			b[page*4096+i] = 0xA5
		}
		spoil[fmt.Sprint("page ", page)] = b
	}
	refused := 0
	for name, b := range spoil {
		if err := os.WriteFile(d.path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(d.loop, d.path)
		if err == nil {
			if n := len(s.Load("a")); n != 500 && n != 0 {
				t.Errorf("%s: opened with %d of 500 entries", name, n)
			}
			s.Close()
			continue
		}
		refused++
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "move it away and start again") {
			t.Errorf("%s: got %v; want %v", name, err, ErrDamaged)
		}
	}
	if refused < 4 {
		t.Errorf("%d of %d spoilt files were refused", refused, len(spoil))
	}
}

func TestUnreachable(t *testing.T) {
	d := newDesk(t)
	d.path = filepath.Join(d.path, "no", "such", "directory")
	_, err := Open(d.loop, d.path)
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), d.path) != 1 {
		t.Errorf("got %v; want an error that names the file once", err)
	}
}
