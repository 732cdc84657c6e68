package sched

import (
	"context"
	"sync/atomic"
)

// snapshots are how other goroutines come to a stream's Metrics: they ask the
// loop. Those that ask while a question is under way share its answer, so that a
// loop that is stuck is asked once.
type snapshots struct {
	asked atomic.Pointer[question]
	last  atomic.Pointer[Metrics] // the last answer
	over  atomic.Bool             // last is final: the stream was closed
}

type question struct {
	answered chan struct{} // closed when metrics are there
	metrics  *Metrics
}

// Metrics returns what the stream has open now and has counted so far. It is
// for the loop's goroutine; from elsewhere there is Snapshot. The copy is the
// caller's. It takes about a millisecond where a thousand hosts are remembered.
func (s *Stream) Metrics() Metrics {
	m := Metrics{
		Stats:       s.Stats(),
		MostWaiting: s.waiting.most,
		Requests:    s.requests,
		Answered:    s.answered,
		Failed:      s.failed,
	}
	s.tallies.report(&m)
	return m
}

// Snapshot is Metrics for any goroutine: it asks the loop, and waits. When ctx
// ends first, because the loop is held by something or does not run, it returns
// ctx's error and the last Metrics that anybody was told, which may be empty. (How
// the loop does can be read at any time: see loop.Loop.Stats.) The result may be
// shared with others who ask: it must not be changed. Of a closed stream it
// returns the last there were.
func (s *Stream) Snapshot(ctx context.Context) (*Metrics, error) {
	for {
		if s.snapshots.over.Load() {
			return s.snapshots.last.Load(), nil
		}
		q := s.snapshots.asked.Load()
		if q == nil {
			q = &question{answered: make(chan struct{})}
			if !s.snapshots.asked.CompareAndSwap(nil, q) {
				continue
			}
			s.loop.AddCallback(func() { s.answerSnapshot(q) })
		}
		if s.snapshots.over.Load() { // and the loop may be gone, with our question
			continue
		}
		select {
		case <-q.answered:
			return q.metrics, nil
		case <-ctx.Done():
			if m := s.snapshots.last.Load(); m != nil {
				return m, context.Cause(ctx)
			}
			return &Metrics{}, context.Cause(ctx)
		}
	}
}

// answerSnapshot takes the question away before it answers: whoever asks from
// now on may want to know what happens from now on.
func (s *Stream) answerSnapshot(q *question) {
	if !s.snapshots.asked.CompareAndSwap(q, nil) {
		return // Close has answered it
	}
	m := s.Metrics()
	q.metrics = &m
	s.snapshots.last.Store(&m)
	close(q.answered)
}

// lastSnapshot answers whoever asks now or later.
func (s *Stream) lastSnapshot() {
	m := s.Metrics()
	s.snapshots.last.Store(&m)
	s.snapshots.over.Store(true)
	if q := s.snapshots.asked.Swap(nil); q != nil {
		q.metrics = &m
		close(q.answered)
	}
}
