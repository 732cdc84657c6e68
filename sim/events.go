package sim

import (
	"container/heap"
	"math"
	"time"
)

// A Timer is something that will happen in the world.
type Timer struct {
	w     *World
	at    time.Duration
	seq   uint64
	index int // in the heap, or -1
	fn    func()
}

// Stop takes the event back. It reports whether it was still to come.
func (t *Timer) Stop() bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.w.events, t.index)
	return true
}

// After makes fn happen d later. It is for the world's side, for a server's
// timers; the program under test has its loop's. What is due at the same time
// happens in the order in which it was asked for.
func (w *World) After(d time.Duration, fn func()) *Timer {
	d = min(max(d, 0), math.MaxInt64-w.now) // 292 years are the end of time
	return w.at(w.now+d, fn)
}

func (w *World) at(when time.Duration, fn func()) *Timer {
	w.events.seq++
	t := &Timer{w: w, at: when, seq: w.events.seq, fn: fn}
	heap.Push(&w.events, t)
	return t
}

// events is a heap by time, and by sequence among equals: without the second
// a heap would return equals in any order, and no life would repeat.
type events struct {
	heap []*Timer
	seq  uint64
}

// Len, Less, Swap, Push and Pop are heap.Interface.
func (e *events) Len() int { return len(e.heap) }

func (e *events) Less(i, j int) bool {
	a, b := e.heap[i], e.heap[j]
	if a.at != b.at {
		return a.at < b.at
	}
	return a.seq < b.seq
}

func (e *events) Swap(i, j int) {
	e.heap[i], e.heap[j] = e.heap[j], e.heap[i]
	e.heap[i].index, e.heap[j].index = i, j
}

func (e *events) Push(x any) {
	t := x.(*Timer)
	t.index = len(e.heap)
	e.heap = append(e.heap, t)
}

func (e *events) Pop() any {
	last := len(e.heap) - 1
	t := e.heap[last]
	e.heap[last] = nil
	e.heap = e.heap[:last]
	t.index = -1
	return t
}

// next returns when the next event is due, and false if there is none.
func (e *events) next() (time.Duration, bool) {
	if len(e.heap) == 0 {
		return 0, false
	}
	return e.heap[0].at, true
}

// atOnce is how many events may happen at one instant. More are a server that
// answers itself without a delay, and would go on for ever.
const atOnce = 1_000_000

// happen runs what is due, also what comes due at this instant meanwhile.
func (w *World) happen() error {
	for range atOnce {
		if at, ok := w.events.next(); !ok || at > w.now {
			return nil
		}
		t := heap.Pop(&w.events).(*Timer)
		w.stats.Events++
		t.fn()
	}
	return spinError("a million events of the world at one instant")
}
