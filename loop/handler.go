package loop

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"
)

// A Handler is called on the loop's goroutine when its descriptor is ready.
// Readiness is a hint: be prepared for EAGAIN. It may add, update and remove
// any handler, its own included.
type Handler func(fd int, ready Events)

// A registration is one row of the table that is indexed by descriptor. The
// kernel hands out the lowest free number, so the table is as long as the
// largest number of descriptors that were open at once, and no longer.
type registration struct {
	handler Handler // nil: not registered
	gen     uint32  // of this registration, or of the last one
	want    Events
}

var errNilHandler = errors.New("handler is nil")

// AddHandler calls h whenever fd is ready for want, or has an error, until
// RemoveHandler. It fails with an *OpError: ErrRegistered if fd has a handler
// (which stays), or what the kernel said.
//
// The caller keeps fd: the loop neither duplicates nor closes it, and does not
// make it non-blocking. RemoveHandler comes before close(2), for the kernel may
// give the number to another socket at once.
func (l *Loop) AddHandler(fd int, want Events, h Handler) error {
	switch {
	case l.shut:
		return ErrClosed
	case h == nil:
		return &OpError{"add", fd, errNilHandler}
	case fd < 0 || fd >= math.MaxInt32: // the kernel's numbers are C's ints
		return &OpError{"add", -1, fmt.Errorf("descriptor %d: %w", fd, syscall.EBADF)}
	}
	gen := uint32(1)
	if fd < len(l.table) {
		if l.table[fd].handler != nil {
			return &OpError{"add", fd, ErrRegistered}
		}
		gen = l.table[fd].gen + 1
	}
	// The poller comes first: a number that the kernel refuses neither enters
	// the table nor makes it grow.
	if err := l.poller.Add(fd, gen, want); err != nil {
		return &OpError{"add", fd, err}
	}
	if fd >= len(l.table) {
		l.table = slices.Grow(l.table, fd+1-len(l.table))[:fd+1]
	}
	l.table[fd] = registration{h, gen, want}
	return nil
}

// UpdateHandler changes what fd's handler waits for. It fails with an *OpError:
// ErrNotRegistered if there is no handler, or what the kernel said.
//
// It counts at once: readiness that this turn's wait has found but that is no
// longer wanted is not reported. To ask for what is already asked costs nothing.
func (l *Loop) UpdateHandler(fd int, want Events) error {
	r, err := l.registered("update", fd)
	if err != nil {
		return err
	}
	if r.want == want {
		return nil
	}
	if err := l.poller.Modify(fd, r.gen, want); err != nil {
		return &OpError{"update", fd, err}
	}
	r.want = want
	return nil
}

// RemoveHandler ends the registration of fd: its handler is not called again,
// not even for readiness that this turn's wait has found. It comes before fd
// is closed. It fails with an *OpError: ErrNotRegistered if there is no
// handler, or what the kernel said; the handler is gone in any case.
func (l *Loop) RemoveHandler(fd int) error {
	r, err := l.registered("remove", fd)
	if err != nil {
		return err
	}
	r.handler = nil
	if err := l.poller.Remove(fd); err != nil {
		return &OpError{"remove", fd, err}
	}
	return nil
}

// registered returns the row of fd, which is good until the table grows.
func (l *Loop) registered(op string, fd int) (*registration, error) {
	if l.shut {
		return nil, ErrClosed
	}
	if fd < 0 || fd >= len(l.table) || l.table[fd].handler == nil {
		return nil, &OpError{op, fd, ErrNotRegistered}
	}
	return &l.table[fd], nil
}

// dispatch calls the handlers of the events that the last wait found and that
// were not dispatched yet.
func (l *Loop) dispatch() {
	for l.nextEvent < l.nEvents {
		ev := &l.events[l.nextEvent]
		l.nextEvent++
		// An earlier handler of this batch may have removed this one, and
		// closed the descriptor, and opened another that got its number, and
		// registered that. The generation tells; the number cannot.
		if uint(ev.FD) >= uint(len(l.table)) {
			l.count.Stale++
			continue
		}
		r := &l.table[ev.FD]
		ready := ev.Ready & (r.want | Error)
		if r.handler == nil || r.gen != ev.Gen || ready == None {
			l.count.Stale++
			continue
		}
		l.count.Events++
		h := r.handler
		if l.watch != nil {
			l.watch.begin(h)
		}
		h(ev.FD, ready)
		if l.watch != nil {
			l.watch.end()
		}
	}
}
