package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// Computing takes no virtual time and happens in the order in which it was
// asked for, while the loop waits: never inside Compute.
func TestCompute(t *testing.T) {
	w := sim.New(sim.Options{})
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	k := w.Kernel()
	got := ""
	l.CallAt(time.Second, func() {
		for i := range 3 {
			if !k.Compute(func() { got += fmt.Sprint("work ", i, "; ") }, func() { got += fmt.Sprint("done ", i, "; ") }) {
				t.Error("Compute refused")
			}
		}
		got += "asked; "
	})
	l.CallAt(time.Second+1, l.Stop)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if want := "asked; work 0; done 0; work 1; done 1; work 2; done 2; "; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if w.Now() != time.Second+1 {
		t.Errorf("it is %v; want 1.000000001s: computing takes no time", w.Now())
	}
}
