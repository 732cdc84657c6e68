//go:build linux

package load

import "time"

// Accounts measures programs that wait for people: what each holds, and what a
// conversation with them costs.
type Accounts struct {
	n, origin    int
	before, held memory
	from, to     mark
}

// NewAccounts returns a load of so many. Nothing of the peer's may have been
// made before.
func NewAccounts(n, origin int) *Accounts { return &Accounts{n: n, origin: origin, before: hold()} }

// Hold measures the memory that is held now; what is counted begins.
func (a *Accounts) Hold() {
	a.held = hold()
	a.from = take(a.origin)
}

// Over says that the conversation has ended, and how long each answer took.
func (a *Accounts) Over(took []time.Duration) Sample {
	a.to = take(a.origin)
	s := between(&a.from, &a.to, len(took))
	times := make([]uint32, len(took))
	for i, d := range took {
		times[i] = tenths(d)
	}
	s.times(times)
	s.Figures["cpu_share"] = (a.to.cpu - a.from.cpu).Seconds() / a.to.at.Sub(a.from.at).Seconds()
	s.Figures["bytes_per_waiting"] = (a.held.used - a.before.used) / float64(a.n)
	s.Figures["rss_per_waiting"] = (a.held.resident - a.before.resident) / float64(a.n)
	s.Figures["goroutines"] = float64(a.held.fibers - a.before.fibers)
	delete(s.Figures, "rps") // people set the pace
	return s
}
