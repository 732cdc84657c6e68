package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A worker does what it is given in order, and never in Do; it is gone after
// End, which does not wait: newSystem sees to that.
func TestWorker(t *testing.T) {
	s := newSystem(t)
	w := s.Worker()
	gate, begun, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var got []int
	w.Do(func() { close(begun); <-gate })
	<-begun
	for i := range WorkerQueue - 1 {
		w.Do(func() { got = append(got, i) })
	}
	other := s.Worker()
	other.Do(func() { close(gate) }) // a worker that waits holds up no other
	other.End()
	w.Do(func() { close(done) })
	w.End()
	<-done
	if want := []int{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

func TestWorkerIsGivenTooMuch(t *testing.T) {
	s := newSystem(t)
	w := s.Worker()
	gate, begun := make(chan struct{}), make(chan struct{})
	w.Do(func() { close(begun); <-gate })
	<-begun
	for range WorkerQueue {
		w.Do(func() {})
	}
	defer func() {
		if recover() == nil {
			t.Error("one more was taken; want a panic")
		}
		close(gate)
		w.End()
	}()
	w.Do(func() {})
}

func TestFileSize(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "five")
	if err := os.WriteFile(name, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := FileSize(name); n != 5 || err != nil {
		t.Errorf("a file: got %d, %v; want 5, nil", n, err)
	}
	if n, err := FileSize(os.DevNull); n != -1 || err != nil {
		t.Errorf("a device: got %d, %v; want -1, nil", n, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none")} {
		if n, err := FileSize(bad); err == nil {
			t.Errorf("%s: got %d; want an error", bad, n)
		}
	}
}
