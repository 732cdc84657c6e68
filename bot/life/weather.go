package life

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// A weather is what befalls the world beside people.
type weather struct {
	l    *life
	rand *rand.Rand
	base sim.Profile
	over []*func(*sim.Profile) // what is worse just now
	fair bool
}

func newWeather(l *life) *weather {
	w := &weather{l: l, rand: rand.New(rand.NewPCG(l.o.Seed, 9))}
	l.result.Faults = map[string]int{}
	p := func(most float64) float64 { return most * w.rand.Float64() * w.rand.Float64() }
	w.base = sim.Profile{
		Refuse: p(0.1), Silent: p(0.05), NoDescriptor: p(0.05), NoFile: p(0.02), NoBuffers: p(0.02),
		Cut: p(0.2), Short: p(0.1), Spurious: p(0.1), Far: p(0.1), Slow: p(0.05),
		NameFails: p(0.1), NameSilent: p(0.05), NameWrong: p(0.01), NameSlow: p(0.05),
		Interrupt: p(0.05), Shuffle: p(1), Stale: p(1),
		CutWithin: 1 << (6 + w.rand.IntN(12)),
	}
	w.fair = true
	w.set()
	l.world.After(breakfast, func() {
		w.fair = false
		w.set()
	})
	return w
}

// set makes the world's profile out of the weather of all days and what is worse.
func (w *weather) set() {
	p := w.base
	if w.fair {
		p = sim.Profile{Shuffle: p.Shuffle, Stale: p.Stale}
	}
	for _, change := range w.over {
		(*change)(&p)
	}
	w.l.world.Faults(p)
}

// worse changes the profile for a while.
func (w *weather) worse(d time.Duration, change func(*sim.Profile)) {
	w.over = append(w.over, &change)
	w.set()
	w.l.world.After(d, func() {
		w.over = slices.DeleteFunc(w.over, func(c *func(*sim.Profile)) bool { return c == &change })
		w.set()
	})
}

// plan lets a day's disasters happen, and the night bring peace.
func (w *weather) plan(which int) {
	for range 1 + w.rand.IntN(10) {
		when := breakfast + time.Duration(w.rand.Int64N(int64(dusk-time.Hour)))
		w.l.at(which, when, func() { w.disaster(dusk - when - time.Minute) })
	}
	w.l.at(which, dusk, func() {
		w.fair = true
		w.over = nil
		w.l.server.nasty = false
		w.set()
	})
	w.l.at(which, morning+time.Second, func() {
		w.fair = false
		w.set()
	})
}

// note writes down what befalls the world: its name is what stands before a colon.
func (w *weather) note(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	name, _, _ := strings.Cut(what, ":")
	w.l.result.Faults[name]++
	w.l.tell("* %s", what)
}

// disaster is one, that is over after at most left.
func (w *weather) disaster(left time.Duration) {
	l, s := w.l, w.l.server
	long := w.l.between(time.Second, min(left, 6*time.Hour))
	i := w.rand.IntN(len(addresses))
	by := []sim.End{sim.FIN, sim.Reset, sim.Silence}[w.rand.IntN(3)]
	switch n := w.rand.IntN(20); n {
	case 0, 1:
		w.note("the network is cut: for %v", long)
		l.world.Unplug(long)
	case 2:
		w.note("a server is cut off: %v, for %v", addresses[i], long)
		if s.listeners[i] != nil {
			s.listeners[i].Unplug(long)
		}
	case 3, 4:
		w.note("the servers restart: in %v", long)
		for i := range addresses {
			s.stop(i, by)
			l.world.After(long, func() { s.listen(i) })
		}
	case 5:
		w.note("a server restarts: %v, in %v", addresses[i], long)
		s.stop(i, by)
		l.world.After(long, func() { s.listen(i) })
	case 6:
		w.note("connections are cut: all of %v", addresses[i])
		if s.listeners[i] != nil {
			s.listeners[i].Cut(by)
		}
	case 7:
		w.note("a server hangs: %v, for %v", addresses[i], long)
		if hung := s.listeners[i]; hung != nil {
			hung.Silent(true)
			hung.Cut(sim.Silence)
			l.world.After(long, func() { hung.Silent(false) })
		}
	case 8:
		w.note("the name service fails: for %v", long)
		w.worse(long, func(p *sim.Profile) { p.NameFails = 1 })
	case 9:
		w.note("the name service is silent: for %v", long)
		w.worse(long, func(p *sim.Profile) { p.NameSilent = 1 })
	case 10:
		w.note("the laptop sleeps: for %v", long)
		l.world.Suspend(long)
		if w.rand.IntN(2) == 0 {
			l.world.Unplug(long) // on its way home
		}
	case 11:
		d := w.l.between(time.Second, 48*time.Hour)
		if w.rand.IntN(2) == 0 {
			d = -d
		}
		w.note("the clock is set: by %v", d)
		l.world.JumpWall(d)
	case 12, 13:
		w.note("no descriptor is free: for %v", long)
		l.world.SetDescriptors(3 + w.rand.IntN(4))
		l.world.After(long, func() { l.world.SetDescriptors(64) })
	case 14, 15, 16:
		s.service.mishap(w, n-14, left)
	case 17:
		w.note("the servers say too much: for %v", long)
		s.nasty = true
		l.world.After(long, func() { s.nasty = false })
	case 19:
		w.note("kill -9")
		l.world.Exit()
	case 18:
		w.note("the network is bad: for %v", long)
		w.worse(long, func(p *sim.Profile) {
			p.Cut, p.Refuse, p.Short, p.Far, p.Slow, p.Spurious = 0.7, 0.3, 0.3, 0.3, 0.2, 0.3
		})
	}
}

// counts tells how often each thing happened, by name.
func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(parts, ", ")
}
