package kernel

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// newSystem returns a kernel whose workers must have ended with the test.
func newSystem(t *testing.T) *System {
	t.Helper()
	before := goleak.IgnoreCurrent()
	s := New(Options{})
	t.Cleanup(func() {
		s.Shutdown()
		goleak.VerifyNone(t, before)
	})
	return s
}

// computing counts the workers that there are. It counts these and no others:
// a goroutine of an earlier test, or of the runtime, may come or go meanwhile.
func computing() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte(".(*computers).compute("))
}

// fill occupies every worker and every place in the queue, and returns how
// much work was taken, and how to let it go on.
func fill(t *testing.T, s *System) (taken int, release func()) {
	t.Helper()
	gate := make(chan struct{})
	var begun sync.WaitGroup
	begun.Add(s.Computers())
	for range s.Computers() {
		if !s.Compute(func() { begun.Done(); <-gate }, func() {}) {
			t.Fatal("an idle kernel takes no work")
		}
		taken++
	}
	begun.Wait() // each worker has one: what follows waits
	for s.Compute(func() {}, func() {}) {
		taken++
	}
	return taken, func() { close(gate) }
}

func TestComputeIsBounded(t *testing.T) {
	s := newSystem(t)
	taken, release := fill(t, s)
	defer release()
	workers := s.Computers()
	if want := workers + computeQueue; taken != want {
		t.Errorf("took %d pieces of work; want %d", taken, want)
	}
	if got := computing(); got != workers {
		t.Errorf("%d goroutines compute; want %d", got, workers)
	}
}

func TestComputeRefusesAndRunsNeither(t *testing.T) {
	s := newSystem(t)
	_, release := fill(t, s)
	ran := false
	if s.Compute(func() { ran = true }, func() { ran = true }) {
		t.Error("a full queue took work")
	}
	release()
	end := make(chan struct{})
	for !s.Compute(func() {}, func() { close(end) }) {
		runtime.Gosched() // until there is room again
	}
	<-end
	if ran {
		t.Error("what was refused ran")
	}
}

func TestComputeRunsWorkThenDone(t *testing.T) {
	s := newSystem(t)
	const many = 200
	var wrong atomic.Int32
	var wg sync.WaitGroup
	for range many {
		worked := false // both run on one goroutine: the race detector agrees
		work := func() { worked = true }
		done := func() {
			if !worked {
				wrong.Add(1)
			}
			wg.Done()
		}
		wg.Add(1)
		if !s.Compute(work, done) {
			t.Fatal("the queue is full")
		}
	}
	wg.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("done ran before its work %d times", n)
	}
}

// Shutdown does not wait, but what was taken is done.
func TestComputeShutdown(t *testing.T) {
	s := newSystem(t)
	gate, end := make(chan struct{}), make(chan struct{})
	s.Compute(func() { <-gate }, func() { close(end) })
	s.Shutdown()
	s.Shutdown()
	if s.Compute(func() { t.Error("ran after Shutdown") }, func() {}) {
		t.Error("took work after Shutdown")
	}
	close(gate)
	<-end
}

func TestComputeStartsNothingUnasked(t *testing.T) {
	s := newSystem(t)
	if got := computing(); got != 0 {
		t.Errorf("%d goroutines compute; want none before there is work", got)
	}
	s.Shutdown()
	if s.Compute(func() {}, func() {}) {
		t.Error("took work after Shutdown")
	}
}
