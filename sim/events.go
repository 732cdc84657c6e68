package sim

import (
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
	t.w.events.remove(t.index)
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
	w.events.push(t)
	return t
}

// events is a binary heap by time, and by sequence among equals: without the
// second a heap would return equals in any order, and no life would repeat. It
// is written out since a world does little else: container/heap takes twice as long.
type events struct {
	heap []*Timer
	seq  uint64
}

// before reports whether a happens before b.
func (a *Timer) before(b *Timer) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (e *events) push(t *Timer) {
	e.heap = append(e.heap, t)
	e.up(len(e.heap)-1, t)
}

// remove takes out the event at index i.
func (e *events) remove(i int) *Timer {
	last := len(e.heap) - 1
	gone, t := e.heap[i], e.heap[last]
	e.heap[last] = nil
	e.heap = e.heap[:last]
	if i < last {
		e.up(e.down(i, t), t)
	}
	gone.index = -1
	return gone
}

// up puts t at i, or further up.
func (e *events) up(i int, t *Timer) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.before(e.heap[parent]) {
			break
		}
		e.heap[i] = e.heap[parent]
		e.heap[i].index = i
		i = parent
	}
	e.heap[i] = t
	t.index = i
}

// down makes the way free for t from i on, and returns where it ends.
func (e *events) down(i int, t *Timer) int {
	for {
		child := 2*i + 1
		if child >= len(e.heap) {
			return i
		}
		if child+1 < len(e.heap) && e.heap[child+1].before(e.heap[child]) {
			child++
		}
		if !e.heap[child].before(t) {
			return i
		}
		e.heap[i] = e.heap[child]
		e.heap[i].index = i
		i = child
	}
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
		t := w.events.remove(0)
		w.stats.Events++
		t.fn()
	}
	return spinError("a million events of the world at one instant")
}
