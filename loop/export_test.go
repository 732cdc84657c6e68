package loop

// Queued returns how many callbacks wait for the next turn.
func (l *Loop) Queued() int { return len(l.door.queue) }

// WatchdogSleeps reports whether the watchdog's goroutine has gone to sleep.
func (l *Loop) WatchdogSleeps() bool { return l.watch.parked.Load() }

// Timers returns how many timers are in the heap.
func (l *Loop) Timers() int { return len(l.timers) }
