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
		Interrupt: p(0.05), Shuffle: p(1),
		CutWithin: 1 << (6 + w.rand.IntN(12)),
	}
	w.set()
	return w
}

// set makes the world's profile out of the weather of all days and what is worse.
func (w *weather) set() {
	p := w.base
	if w.fair {
		p = sim.Profile{Shuffle: p.Shuffle}
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
		when := time.Duration(w.rand.Int64N(int64(dusk - time.Hour)))
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

// paths are where the service itself may fail.
var paths = [...]string{
	"/channel/poll2", "/channel/send_buddy_msg2", "/channel/send_qun_msg2", "/channel/send_discu_msg2",
	"/channel/login2", "/api/getvfwebqq", "/api/get_user_friends2", "/api/get_group_name_list_mask2",
	"/channel/get_online_buddies2", "/api/get_group_info_ext2", "/ptqrlogin", "/ptqrshow", "/pt4_auth",
}

// disaster is one, that is over after at most left.
func (w *weather) disaster(left time.Duration) {
	l, s := w.l, w.l.server
	long := w.l.between(time.Second, min(left, 6*time.Hour))
	note := func(format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		l.result.Faults[strings.TrimRight(strings.SplitN(what, ":", 2)[0], " ")]++
		l.tell("* %s", what)
	}
	i := w.rand.IntN(len(addresses))
	by := []sim.End{sim.FIN, sim.Reset, sim.Silence}[w.rand.IntN(3)]
	switch w.rand.IntN(20) {
	case 0, 1:
		note("the network is cut: for %v", long)
		l.world.Unplug(long)
	case 2:
		note("a server is cut off: %v, for %v", addresses[i], long)
		if s.listeners[i] != nil {
			s.listeners[i].Unplug(long)
		}
	case 3, 4:
		note("the servers restart: in %v", long)
		for i := range addresses {
			s.stop(i, by)
			l.world.After(long, func() { s.listen(i) })
		}
	case 5:
		note("a server restarts: %v, in %v", addresses[i], long)
		s.stop(i, by)
		l.world.After(long, func() { s.listen(i) })
	case 6:
		note("connections are cut: all of %v", addresses[i])
		if s.listeners[i] != nil {
			s.listeners[i].Cut(by)
		}
	case 7:
		note("a server hangs: %v, for %v", addresses[i], long)
		if hung := s.listeners[i]; hung != nil {
			hung.Silent(true)
			hung.Cut(sim.Silence)
			l.world.After(long, func() { hung.Silent(false) })
		}
	case 8:
		note("the name service fails: for %v", long)
		w.worse(long, func(p *sim.Profile) { p.NameFails = 1 })
	case 9:
		note("the name service is silent: for %v", long)
		w.worse(long, func(p *sim.Profile) { p.NameSilent = 1 })
	case 10:
		note("the laptop sleeps: for %v", long)
		l.world.Suspend(long)
		if w.rand.IntN(2) == 0 {
			l.world.Unplug(long) // on its way home
		}
	case 11:
		d := w.l.between(time.Second, 48*time.Hour)
		if w.rand.IntN(2) == 0 {
			d = -d
		}
		note("the clock is set: by %v", d)
		l.world.JumpWall(d)
	case 12, 13:
		note("no descriptor is free: for %v", long)
		l.world.SetDescriptors(3 + w.rand.IntN(4))
		l.world.After(long, func() { l.world.SetDescriptors(64) })
	case 14:
		note("somebody logs in with the account")
		s.command("kick")
	case 15:
		note("the session expires")
		s.command("expire")
	case 16:
		path := paths[w.rand.IntN(len(paths))]
		n := 1 + w.rand.IntN(4)
		kind := w.rand.IntN(4)
		switch {
		case kind == 0:
			note("the service drops: %s", path)
			s.command("drop %s %d", path, n)
		case kind == 1:
			note("the service answers nothing: %s", path)
			s.command("empty %s %d", path, n)
		case kind == 2 && path != "/channel/poll2":
			note("the service is slow: %s", path)
			s.command("slow %s %d %d", path, 1000+w.rand.IntN(60000), n)
		default:
			// A send is refused by nothing that would be for good.
			code := []int{500, 502, 503, 103, 121, 404, 100012}[w.rand.IntN(7)]
			if strings.Contains(path, "send_") {
				// Nor does it disown two sessions in a row.
				code, n = []int{500, 502, 103}[w.rand.IntN(3)], 1
			}
			note("the service fails: %s %d", path, code)
			s.command("fail %s %d %d", path, code, n)
		}
	case 17:
		note("the servers say too much: for %v", long)
		s.nasty = true
		l.world.After(long, func() { s.nasty = false })
	case 19:
		note("kill -9")
		l.world.Exit()
	case 18:
		note("the network is bad: for %v", long)
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
