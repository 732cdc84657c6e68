package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// ErrNothing is what Wait returns instead of waiting for ever: no descriptor
// is ready, there is no timeout, and in this world nothing will happen any
// more. Loop.Run returns it inside a *loop.OpError, so that a hang is an error
// on the spot and not a test that never ends.
var ErrNothing = errors.New("sim: nothing will ever happen again")

// ErrSpinning is what Wait returns when it was called 100,000 times while
// neither time nor a byte moved. On a real machine that is a processor at
// 100 %; in virtual time, which only Wait can move, it would be for ever.
var ErrSpinning = errors.New("sim: spinning")

// Options configures a World. The zero value is ready to use.
type Options struct {
	// Seed is where all randomness comes from: the same seed, the same life.
	Seed uint64

	// Start is the time of day at the beginning. Zero means 23 April 2013,
	// 09:00 in China.
	Start time.Time

	// Latency is how long a packet is on its way, each way. Zero means 1 ms,
	// negative none at all.
	Latency time.Duration

	// Jitter is up to how much longer it may take, drawn from the seed.
	// Packets of one connection still arrive in order.
	Jitter time.Duration

	// Descriptors is the limit on open descriptors (RLIMIT_NOFILE). Zero
	// means 1,024. Three of them are open: standard input and the like.
	Descriptors int

	// Bandwidth is how many bytes go in a second over the line of the program's
	// machine, each way, of all connections together. Zero means no bound.
	Bandwidth int

	// Boottime makes the monotonic clock go on while the machine is suspended,
	// as that of some systems does. See World.Suspend.
	Boottime bool

	// Window is how many bytes may be on their way in one direction of a
	// connection: written, and not yet known to be read. Zero means 64 KiB.
	Window int
}

// A World is a simulated operating system, a network, and the servers and name
// service at its other end. It has no goroutine: it lives inside Poller.Wait,
// and so on the loop's goroutine, which is where all its methods must be
// called. What it calls back, it calls there too.
type World struct {
	o      Options
	now    time.Duration
	jump   time.Duration // of the clock on the wall
	wakeAt time.Duration // when the suspended machine wakes; 0: it is awake
	slept  time.Duration // when it was suspended
	missed time.Duration // how long it was, altogether, by a clock that stood
	events events
	dice   *rand.Rand // the engine's
	luck   *rand.Rand // the network's; its own, so that a die more in the engine changes no fault

	fds       []*socket // by number; the first three are never used
	lowest    int       // no number below it is free
	open      int
	limit     int
	failing   []error // what the next Connects get
	ports     uint16
	listeners map[netip.AddrPort]*Listener
	unix      map[string]*Listener // by path, closed ones among them

	names   map[string]*nameScript
	lookups []*lookup // not answered yet

	line    line // of the program's machine
	process int  // how many have ended

	work       time.Duration // what a worker needs for each thing
	profile    Profile
	still      int // Waits since time or a byte moved
	stats      Stats
	violations []string
	trace      func(time.Duration, string)
}

// firstFD is the first number that a socket gets.
const firstFD = 3

// New returns a world in which nobody listens and no name is known.
func New(o Options) *World {
	if o.Start.IsZero() {
		o.Start = time.Date(2013, time.April, 23, 9, 0, 0, 0, time.FixedZone("CST", 8*60*60))
	}
	if o.Latency == 0 {
		o.Latency = time.Millisecond
	}
	if o.Descriptors == 0 {
		o.Descriptors = 1024
	}
	if o.Window <= 0 {
		o.Window = 64 << 10
	}
	o.Latency = max(o.Latency, 0)
	o.Jitter = max(o.Jitter, 0)
	return &World{
		o:         o,
		dice:      rand.New(rand.NewPCG(o.Seed, 1)),
		luck:      rand.New(rand.NewPCG(o.Seed, 2)),
		fds:       make([]*socket, firstFD),
		lowest:    firstFD,
		limit:     o.Descriptors,
		listeners: make(map[netip.AddrPort]*Listener),
		unix:      make(map[string]*Listener),
		line:      line{rate: o.Bandwidth},
		names:     make(map[string]*nameScript),
	}
}

// Loop returns the options of a loop that lives in this world. Each call makes
// a new poller; several loops, one after the other, may share a world.
func (w *World) Loop() loop.Options {
	return loop.Options{Poller: &poller{w: w, gens: make(map[int]uint32), process: w.process}, Clock: clock{w}}
}

// Kernel returns the world's operating system, for sched.Options.
func (w *World) Kernel() kernel.Kernel { return system{w} }

// Now returns how much virtual time has passed since Start.
func (w *World) Now() time.Duration { return w.now }

// Wall returns the time of day.
func (w *World) Wall() time.Time { return clock{w}.Wall() }

// JumpWall sets the clock on the wall forward, or back. Nothing that waits
// notices.
func (w *World) JumpWall(d time.Duration) { w.jump += d }

// Spend lets d pass as if the program had computed that long: nothing happens
// before the next Wait, and then it happens late.
func (w *World) Spend(d time.Duration) { w.now += max(d, 0) }

// Open returns how many sockets are open now. If it is not 0 at the end, one
// has leaked.
func (w *World) Open() int { return w.open }

// SetDescriptors changes the limit on open descriptors. What is open stays
// open.
func (w *World) SetDescriptors(limit int) { w.limit = limit }

// FailConnects makes the next n calls of Connect fail with err, before a
// packet is sent: syscall.EMFILE, ENFILE, ENETUNREACH.
func (w *World) FailConnects(n int, err error) {
	w.failing = append(w.failing, slices.Repeat([]error{err}, n)...)
}

// Stats counts what has happened since New.
type Stats struct {
	Waits       uint64 // calls of Poller.Wait: the loop's turns
	Ready       uint64 // events they returned
	Events      uint64 // of the world
	Connects    uint64 // that got a descriptor
	Established uint64
	Sent        uint64 // bytes that Write took
	Received    uint64 // bytes that Read gave
	Lookups     uint64
	MaxOpen     int // sockets at the same time
}

// Stats returns the counts so far.
func (w *World) Stats() Stats { return w.stats }

// Violations returns what the program did that no correct program does, though
// a kernel lets it pass: to close a descriptor that is still registered, or to
// use one that is not open. Empty means none.
func (w *World) Violations() []string { return slices.Clone(w.violations) }

// Trace makes fn hear of every system call and every packet that arrives, with
// the virtual time. The same program with the same seed has the same trace.
func (w *World) Trace(fn func(at time.Duration, line string)) { w.trace = fn }

func (w *World) tracef(format string, args ...any) {
	if w.trace != nil {
		w.trace(w.now, fmt.Sprintf(format, args...))
	}
}

func (w *World) violationf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	w.violations = append(w.violations, line)
	w.tracef("violation: %s", line)
}
