package loop

import "time"

// The loop meets the kernel in two places, and this file is both contracts.
// The real side is poller_epoll.go, poller_kqueue.go, poller_poll.go and
// clock.go; package sim is the other side.

// A Poller waits until descriptors are ready. All methods but Wake are called
// on the loop's goroutine.
//
// It is level-triggered: a descriptor that stays ready is reported by each
// Wait. Conditions in Error are reported whether they were asked for or not.
type Poller interface {
	// Add registers fd for want. To add a registered fd is an error. Numbers
	// are small, as the kernel's are: tables are indexed by them. The
	// generation is handed back in each Event, so that the loop can tell an
	// event of this registration from one of an earlier owner of the number.
	Add(fd int, gen uint32, want Events) error

	// Modify changes what fd, which must be registered, is asked for.
	Modify(fd int, gen uint32, want Events) error

	// Remove ends the registration. It comes before close(2).
	Remove(fd int) error

	// Wait fills dst with ready descriptors and returns how many. It returns
	// early and empty when Wake was called or a signal came. A negative timeout
	// waits without end; others are rounded up, to what
	// the kernel can count at least, so that a timer never finds itself a moment
	// too early, again and again.
	Wait(dst []Event, timeout time.Duration) (int, error)

	// Wake makes the current Wait, or else the next, return at once. It may
	// be called from any goroutine and any number of times. The loop holds a
	// lock meanwhile: Wake must neither block nor call the loop.
	Wake() error

	// Close releases the kernel's object. Registered descriptors stay open.
	Close() error
}

// An Event says that the descriptor FD, in the registration Gen, is Ready.
type Event struct {
	FD    int
	Gen   uint32
	Ready Events
}

// A Clock tells time in two ways. Both methods are called on the loop's
// goroutine, Monotonic two or three times a turn (and, with a watchdog, before
// and after each function).
type Clock interface {
	// Monotonic never goes back and never jumps: every wait is measured on it.
	// Its zero is arbitrary.
	Monotonic() time.Duration

	// Wall is the time of day: for protocols and people, never for waiting.
	Wall() time.Time
}
