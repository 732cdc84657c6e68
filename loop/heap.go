package loop

import "time"

// A timerHeap is a heap with four children to a node: half as deep as a binary
// one, with the four side by side in memory. The deadline is kept beside the
// pointer, so that a comparison looks into a Timer only to break a tie.
type timerHeap []timerEntry

type timerEntry struct {
	when  time.Duration
	timer *Timer
}

// before orders by deadline, and equal deadlines by who was started first. The
// numbers wrap at 1<<32, so their difference is what counts, not their size.
func (e timerEntry) before(f timerEntry) bool {
	return e.when < f.when || e.when == f.when && int32(e.timer.seq-f.timer.seq) < 0
}

func (h *timerHeap) push(e timerEntry) {
	*h = append(*h, e)
	h.up(len(*h)-1, e)
}

// remove takes out the entry at i, wherever that is: cancelled timers are most
// timers, and a heap that kept them until their time came would be mostly dead.
func (h *timerHeap) remove(i int) {
	s := *h
	last := len(s) - 1
	e := s[last]
	s[last] = timerEntry{}
	*h = s[:last]
	if i < last {
		h.fix(i, e)
	}
}

// fix puts e in the place i, or where it belongs from there.
func (h *timerHeap) fix(i int, e timerEntry) {
	if i > 0 && e.before((*h)[(i-1)/4]) {
		h.up(i, e)
	} else {
		h.down(i, e)
	}
}

// up moves the hole at i towards the root until e may fill it.
func (h *timerHeap) up(i int, e timerEntry) {
	s := *h
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(s[parent]) {
			break
		}
		s.set(i, s[parent])
		i = parent
	}
	s.set(i, e)
}

// down moves the hole at i towards the leaves until e may fill it.
func (h *timerHeap) down(i int, e timerEntry) {
	s := *h
	for {
		first := 4*i + 1
		if first >= len(s) {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, len(s)); c++ {
			if s[c].before(s[least]) {
				least = c
			}
		}
		if !s[least].before(e) {
			break
		}
		s.set(i, s[least])
		i = least
	}
	s.set(i, e)
}

// set puts e at i and tells the timer where it is.
func (h timerHeap) set(i int, e timerEntry) {
	h[i] = e
	e.timer.place = int32(i + 1)
}
