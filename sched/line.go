package sched

import "github.com/qqloop/qqloop/internal/pool"

// A line is a list of those who wait for a connection, in the order of their
// tickets.
type line struct {
	key         pool.Key // of the host; zero: the queue itself
	first, last *way
	len         int
}

// front returns who is served next, or nil.
func (l *line) front() *exchange {
	if l.first == nil {
		return nil
	}
	return l.first.exchange
}

// insert puts w where its ticket belongs. That is the end, or for one who comes
// back close to the front: behind others who came back, and no one else.
func (l *line) insert(w *way) {
	l.len++
	before := l.first
	if l.last == nil || l.last.ticket < w.ticket {
		before = nil
	}
	for before != nil && before.ticket < w.ticket {
		before = before.behind
	}
	w.behind = before
	if before != nil {
		w.ahead, before.ahead = before.ahead, w
	} else {
		w.ahead, l.last = l.last, w
	}
	if w.ahead != nil {
		w.ahead.behind = w
	} else {
		l.first = w
	}
}

func (l *line) remove(w *way) {
	l.len--
	if w.ahead != nil {
		w.ahead.behind = w.behind
	} else {
		l.first = w.behind
	}
	if w.behind != nil {
		w.behind.ahead = w.ahead
	} else {
		l.last = w.ahead
	}
	w.ahead, w.behind = nil, nil
}
