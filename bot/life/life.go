package life

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// DefaultDays is how long a life lasts.
const DefaultDays = 30

// The services that a bot can live on.
const (
	WebQQ  = "webqq"
	OneBot = "onebot"
)

// Options is a life. Only Seed and Service matter much.
type Options struct {
	// Service is WebQQ or OneBot; "" is WebQQ.
	Service string
	// Seed is where everything comes from.
	Seed uint64
	// Days is how long it lasts. Zero means DefaultDays.
	Days int
	// Trace, if not nil, hears each step of it: what people say, what befalls the
	// world, and each request in the article's words.
	Trace func(at time.Duration, line string)
	// Stop, if not nil, is asked every virtual minute whether to end early.
	Stop func() bool
	// Morning, if not nil, is called at the end of each night, when all is still.
	Morning func(day int)
}

// address is where the service is. Two machines, as a name has two addresses.
var addresses = [...]netip.AddrPort{
	netip.MustParseAddrPort("203.0.113.7:80"),
	netip.MustParseAddrPort("203.0.113.8:80"),
}

// A life is what Run makes. It belongs to the goroutine of Run.
type life struct {
	o      Options
	rand   *rand.Rand
	world  *sim.World
	server *server
	web    *web
	people *people
	sky    *weather
	watch  *watch
	disk   disk
	now    *process // the process that lives
	result Result
	ended  bool
}

// Run lives one life. Its Result says what happened, and what should not have.
func Run(o Options) *Result {
	o.Days = cmp.Or(max(o.Days, 0), DefaultDays)
	o.Service = cmp.Or(o.Service, WebQQ)
	l := &life{o: o, rand: rand.New(rand.NewPCG(o.Seed, 3))}
	l.result.Service, l.result.Seed, l.result.Days = o.Service, o.Seed, o.Days
	l.world = sim.New(sim.Options{
		Seed:        o.Seed,
		Latency:     time.Duration(1+l.rand.IntN(40)) * time.Millisecond,
		Jitter:      time.Duration(l.rand.IntN(30)) * time.Millisecond,
		Descriptors: 24 + l.rand.IntN(40),
		Bandwidth:   64<<10 + l.rand.IntN(1<<20),
		Boottime:    l.rand.IntN(4) == 0,
	})
	l.disk.store.Latency = time.Duration(l.rand.IntN(20)) * time.Millisecond
	l.watch = newWatch(l)
	l.server = newServer(l)
	l.web = newWeb(l)
	l.people = newPeople(l)
	l.sky = newWeather(l)
	for day := range o.Days {
		l.sky.plan(day)
		l.people.plan(day)
		l.at(day, morning, func() { l.dawn(day) })
	}
	l.world.After(time.Minute, l.watch.minute)
	l.live()
	l.result.Violations = append(l.result.Violations, l.watch.found...)
	l.result.Waits = l.world.Stats().Waits
	return &l.result
}

// The day begins at 09:00, when the world does. These are hours after that.
const (
	breakfast = 2 * time.Minute // of the first day: until then nothing befalls anybody
	dusk      = 19 * time.Hour  // 04:00: fair weather begins, and nobody speaks
	morning   = 20 * time.Hour  // 05:00: all must be well
	day       = 24 * time.Hour
)

// at makes fn happen at a time of a day.
func (l *life) at(which int, when time.Duration, fn func()) {
	l.world.After(time.Duration(which)*day+when, fn)
}

// live runs one process after the other, until the last night is over.
func (l *life) live() {
	defer func() {
		if v := recover(); v != nil {
			l.watch.violation("panic", "%v\n%s", v, debug.Stack())
		}
	}()
	for !l.ended {
		p, err := newProcess(l)
		if err != nil {
			l.watch.violation("process", "it does not start: %v", err)
			return
		}
		l.now = p
		l.result.Processes++
		p.run()
		if len(l.watch.found) >= enough {
			return
		}
	}
}

// dawn looks whether the night has mended everything. Now and then the owner
// restarts the bot; and one day everything ends.
func (l *life) dawn(which int) {
	l.people.settle()
	l.watch.settled()
	if l.o.Morning != nil {
		l.o.Morning(which)
	}
	if which == l.o.Days-1 {
		l.ended = true
	}
	if l.ended || l.rand.IntN(4) == 0 {
		l.tell("the owner stops the bot")
		l.now.shutdown()
	}
}

// tell writes a line of the story.
func (l *life) tell(format string, args ...any) {
	if l.o.Trace != nil {
		l.o.Trace(l.world.Now(), fmt.Sprintf(format, args...))
	}
}

// between draws a time from low to high, short ones as likely as long ones:
// each doubling has the same chance.
func (l *life) between(low, high time.Duration) time.Duration {
	if high <= low {
		return max(high, 0)
	}
	d := float64(low) * math.Pow(float64(high)/float64(low), l.rand.Float64())
	return min(time.Duration(d).Round(time.Millisecond), high)
}
