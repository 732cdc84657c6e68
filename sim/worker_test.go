package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// A worker does one thing after the other, each in the time that WorkTakes says,
// and never in Do. Another worker does not wait for it.
func TestWorker(t *testing.T) {
	w := sim.New(sim.Options{})
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := ""
	note := func(what string) func() {
		return func() { got += fmt.Sprint(what, " at ", w.Now(), "; ") }
	}
	l.CallAt(0, func() {
		slow, quick := w.Kernel().Worker(), w.Kernel().Worker()
		w.WorkTakes(time.Minute)
		slow.Do(note("a"))
		slow.Do(note("b"))
		w.WorkTakes(0)
		quick.Do(note("c"))
		slow.Do(note("d"))
		slow.End()
		quick.End()
		got += "asked; "
	})
	l.CallAt(time.Hour, l.Stop)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if want := "asked; c at 0s; a at 1m0s; b at 2m0s; d at 2m0s; "; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
