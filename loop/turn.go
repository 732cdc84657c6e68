package loop

import "runtime/debug"

// Run turns the loop until Stop, and then returns nil. The goroutine that calls
// it is the loop's goroutine until it returns; Run may be called again.
//
// It fails with ErrRunning if the loop runs already, with ErrClosed after
// Close, and with an *OpError if the poller fails. An interrupted wait is no
// failure.
func (l *Loop) Run() error {
	if stop, err := l.enter(); stop || err != nil {
		return err
	}
	defer l.leave()
	if l.watch != nil {
		defer l.watch.start()()
	}
	l.now = l.clock.Monotonic()
	l.polled = l.now
	l.inRun = true
	for {
		stop, err := l.turn()
		l.publish()
		if stop || err != nil {
			return err
		}
	}
}

// enter says stop if Stop was called before Run.
func (l *Loop) enter() (stop bool, err error) {
	d := &l.door
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return false, ErrClosed
	case d.running:
		return false, ErrRunning
	case d.stop:
		d.stop = false
		return true, nil
	}
	d.running = true
	return false, nil
}

// leave also runs when a panic leaves Run, in any phase of a turn. Callbacks
// and timers that were taken and not run are kept for the next Run; events are
// forgotten, for the kernel will report them again.
func (l *Loop) leave() {
	l.inRun = false
	l.publish()
	d := &l.door
	d.mu.Lock()
	d.running = false
	d.stop = false
	d.asleep.Store(false)
	d.mu.Unlock()
}

// turn is one turn, in the order that the package comment lists.
func (l *Loop) turn() (stop bool, err error) {
	l.count.Turns++
	if l.nEvents > 0 {
		l.now = l.clock.Monotonic() // handlers ran since it was read
	}
	l.takeCallbacks()
	l.collectDue()
	ran := l.count.Callbacks + l.count.Timers
	l.guard((*Loop).runCallbacks)
	l.guard((*Loop).runTimers)
	if l.count.Callbacks+l.count.Timers != ran {
		l.now = l.clock.Monotonic() // a wait must not add what they took
	}

	stop, idle, err := l.rest()
	if stop || err != nil {
		l.worked()
		return stop, err
	}
	timeout := l.untilTimer()
	if !idle {
		timeout = 0
	}
	l.nextEvent = 0
	if l.nEvents == len(l.events) && l.nEvents < maxEvents {
		l.events = make([]Event, 2*l.nEvents)
	}
	l.worked()
	l.nEvents, err = l.poller.Wait(l.events, timeout)
	l.door.asleep.Store(false)
	l.now = l.clock.Monotonic()
	l.count.Polls++
	if timeout != 0 {
		l.count.Waited += l.now - l.polled
	} else {
		l.count.Busy += l.now - l.polled
	}
	l.polled = l.now
	if err != nil {
		l.nEvents = 0
		return false, &OpError{"wait", -1, err}
	}
	l.guard((*Loop).dispatch)
	return false, nil
}

// worked counts the time since the last poll.
func (l *Loop) worked() {
	took := l.now - l.polled
	l.polled = l.now
	l.count.Busy += took
	l.count.Longest = max(l.count.Longest, took)
}

// rest decides under the lock whether to stop, and whether to sleep: idle means
// that no callback waits, and that whoever adds one from here on wakes the
// poller.
func (l *Loop) rest() (stop, idle bool, err error) {
	d := &l.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop || d.wakeErr != nil {
		err, d.wakeErr = d.wakeErr, nil
		return d.stop, false, err
	}
	idle = len(d.queue) == 0
	if idle {
		d.asleep.Store(true)
	}
	return false, idle, nil
}

// guard runs a phase to its end. With a hook for panics it is entered again
// after each one, and goes on with the next piece: so the deferred call is paid
// once a phase and not once a callback.
func (l *Loop) guard(phase func(*Loop)) {
	if l.onPanic == nil {
		phase(l)
		return
	}
	for !l.attempt(phase) {
	}
}

// attempt reports whether phase came to its end.
func (l *Loop) attempt(phase func(*Loop)) (ended bool) {
	defer func() {
		if ended {
			return
		}
		if l.watch != nil {
			l.watch.end()
		}
		if value := recover(); value != nil {
			l.count.Panics++
			l.onPanic(value, debug.Stack())
		}
	}()
	phase(l)
	return true
}
