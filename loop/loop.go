package loop

import (
	"errors"
	"fmt"
	"time"
)

// Options configures a Loop. The zero value is ready to use.
type Options struct {
	// Poller waits for the kernel. Nil means the best one of this system:
	// epoll, kqueue or poll(2). The loop closes it.
	Poller Poller

	// Clock tells the time. Nil means the system's.
	Clock Clock

	// OnPanic hears of a panic in a callback, timer or handler, with the stack
	// at that place; then the loop goes on with the next one, as Tornado's
	// does. It is called on the loop's goroutine; its own panic leaves Run.
	// Nil means that the panic leaves Run, as it leaves any Go program.
	OnPanic func(value any, stack []byte)

	// SlowAfter arms the watchdog: OnSlow hears of every function that held
	// the loop for as long or longer. Zero means no watchdog, which costs
	// nothing; an armed one reads the clock twice for each function, and has a
	// goroutine while the loop runs.
	SlowAfter time.Duration

	// OnSlow must be set if SlowAfter is.
	OnSlow func(Slow)
}

// Loop is Tornado's IOLoop: it calls functions when descriptors are ready, when
// time has passed, and when it is asked to. One goroutine owns it.
type Loop struct {
	poller  Poller
	clock   Clock
	onPanic func(any, []byte)
	watch   *watchdog // nil: not armed

	// Everything above door belongs to the loop's goroutine.
	now    time.Duration
	inRun  bool // and so now is good
	shut   bool // closed
	table  []registration
	timers timerHeap

	// What a turn is working on: each phase takes its next piece before it
	// runs it, so that it can go on after a panic and loses and repeats nothing.
	batch        []func()
	nextCallback int
	due          []*Timer
	nextDue      int
	events       []Event
	nEvents      int
	nextEvent    int

	polled   time.Duration // when the last poll ended
	timerSeq uint32
	count    Stats

	door      door
	published published
}

// minEvents is the size of the first batch, and maxEvents that of the largest:
// a wait that fills its batch doubles the next one.
const (
	minEvents = 64
	maxEvents = 1024
)

// New returns a loop that is not running. It fails if the kernel has no poller
// to give, or if only one of SlowAfter and OnSlow is set.
func New(o Options) (*Loop, error) {
	if o.SlowAfter < 0 {
		return nil, fmt.Errorf("loop: SlowAfter is %v; it must not be negative", o.SlowAfter)
	}
	if (o.SlowAfter > 0) != (o.OnSlow != nil) {
		return nil, errors.New("loop: SlowAfter and OnSlow go together; only one is set")
	}
	if o.Clock == nil {
		o.Clock = systemClock{time.Now()}
	}
	if o.Poller == nil {
		p, err := NewPoller("")
		if err != nil {
			return nil, err
		}
		o.Poller = p
	}
	l := &Loop{
		poller:  o.Poller,
		clock:   o.Clock,
		onPanic: o.OnPanic,
		events:  make([]Event, minEvents),
	}
	if o.SlowAfter > 0 {
		l.watch = &watchdog{clock: o.Clock, after: o.SlowAfter, onSlow: o.OnSlow, nudge: make(chan struct{}, 1)}
	}
	return l, nil
}

// Time is the loop's monotonic clock: the scale of CallAt and Timer.Reset. Its
// zero is arbitrary. While the loop runs, it is read at the start of a turn and
// after the wait and stands still in between, so that everything that happens
// in one batch happens at one time; otherwise it is read by each call.
func (l *Loop) Time() time.Duration {
	if !l.inRun {
		l.now = l.clock.Monotonic()
	}
	return l.now
}

// Wall is the time of day, read at each call: for protocols and people, never
// for waiting.
func (l *Loop) Wall() time.Time { return l.clock.Wall() }

// Close releases the poller and drops callbacks and timers, unrun. Registered
// descriptors stay open: they are their owners'. It fails with ErrRunning
// before Run has returned. To close twice is no error.
func (l *Loop) Close() error {
	d := &l.door
	d.mu.Lock()
	if d.running {
		d.mu.Unlock()
		return ErrRunning
	}
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	d.queue = nil
	// No goroutine wakes the poller from here on: AddCallback and Stop look at
	// closed under the same lock.
	d.mu.Unlock()

	l.shut = true
	l.table, l.batch, l.nextCallback = nil, nil, 0
	l.dropTimers()
	if err := l.poller.Close(); err != nil {
		return &OpError{"close", -1, err}
	}
	return nil
}

// An FDCloser is a Poller that can close descriptors, because it knows whose
// they are: the kernel's, as for all pollers of this package, or a simulation's.
type FDCloser interface {
	CloseFD(fd int) error
}

var errNoFDCloser = errors.New("the poller cannot close descriptors: it is no FDCloser")

// CloseAll is Close, and closes every registered descriptor too: Tornado's
// close(all_fds=True). It is for tests and for programs that end; it returns
// the first error after having closed everything. If the poller is no FDCloser
// it fails and closes nothing.
func (l *Loop) CloseAll() error {
	closer, ok := l.poller.(FDCloser)
	if !ok {
		return &OpError{"close", -1, errNoFDCloser}
	}
	table := l.table
	err := l.Close()
	if errors.Is(err, ErrRunning) {
		return err
	}
	for fd, r := range table {
		if r.handler == nil {
			continue
		}
		if e := closer.CloseFD(fd); e != nil && err == nil {
			err = &OpError{"close", fd, e}
		}
	}
	return err
}
