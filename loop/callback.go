package loop

import (
	"sync"
	"sync/atomic"
)

// A door is where other goroutines meet the loop's: callbacks come in, and the
// word to stop. It holds the only lock of the package.
type door struct {
	mu      sync.Mutex
	queue   []func() // for the next turn
	stop    bool     // Stop was called and Run has not obeyed yet
	running bool
	closed  bool
	wakeErr error // of Poller.Wake; Run returns it

	// asleep is true from the moment when the loop, under mu, found nothing to
	// do until its wait returned. A loop that is awake looks at the queue
	// before it waits, so only a sleeping one needs to be woken, and once.
	// It is set under mu; it is cleared without, which at worst costs one
	// wake too many.
	asleep atomic.Bool
}

// AddCallback calls fn on the loop's goroutine in the next turn, after those
// that were added before. Any goroutine may call it: this and Stop are the only
// doors to a loop from outside. It never waits for the loop and never calls fn
// itself. After Close it does nothing, as in Tornado.
func (l *Loop) AddCallback(fn func()) {
	if fn == nil {
		panic("loop: AddCallback of a nil function")
	}
	d := &l.door
	d.mu.Lock()
	if !d.closed {
		d.queue = append(d.queue, fn)
		l.wake()
	}
	d.mu.Unlock()
}

// Stop makes Run return nil. Any goroutine may call it. What this turn's wait
// found is dispatched first, then callbacks and timers run once more; see the
// order of a turn. Work that is still queued waits for the next Run.
//
// If the loop is not running, the next Run returns at once and runs nothing.
func (l *Loop) Stop() {
	d := &l.door
	d.mu.Lock()
	if !d.closed {
		d.stop = true
		l.wake()
	}
	d.mu.Unlock()
}

// wake interrupts the wait if there is one. It is called with mu held, so that
// Close, which takes mu, cannot close the poller in between: a late wake would
// be written into whatever got the waker's descriptor next.
func (l *Loop) wake() {
	if l.door.asleep.Load() {
		l.door.asleep.Store(false)
		if err := l.poller.Wake(); err != nil {
			l.door.wakeErr = &OpError{"wake", -1, err}
		}
	}
}

// takeCallbacks fixes the callbacks of this turn: those added from here on
// wait for the next, so that a callback that adds itself again cannot keep the
// descriptors from being looked at. The two slices change places and are never
// given up, so that a steady loop allocates nothing.
func (l *Loop) takeCallbacks() {
	if l.nextCallback < len(l.batch) {
		return // what a panic that left Run has left over
	}
	d := &l.door
	d.mu.Lock()
	l.batch, d.queue = d.queue, l.batch[:0]
	d.mu.Unlock()
	l.nextCallback = 0
}

// runCallbacks runs what takeCallbacks took and has not run yet.
func (l *Loop) runCallbacks() {
	for l.nextCallback < len(l.batch) {
		fn := l.batch[l.nextCallback]
		l.batch[l.nextCallback] = nil // the slice lives on; what fn holds must not
		l.nextCallback++
		l.count.Callbacks++
		if l.watch != nil {
			l.watch.begin(fn)
		}
		fn()
		if l.watch != nil {
			l.watch.end()
		}
	}
}
