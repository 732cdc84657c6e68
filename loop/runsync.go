package loop

import "time"

// RunSync runs the loop for the sake of one piece of work: it calls fn on the
// loop, and returns when fn, or anything that fn started, has called done, with
// done's error. It is Tornado's run_sync, for programs that do one thing, and
// for tests.
//
// done is for the loop's goroutine; its first call counts. RunSync fails with
// ErrTimeout when timeout has passed before that (zero or less means no limit),
// with ErrStopped when Stop came before, and as Run does.
func (l *Loop) RunSync(timeout time.Duration, fn func(done func(error))) error {
	var (
		result = ErrStopped
		over   bool
	)
	done := func(err error) {
		if !over {
			over, result = true, err
			l.Stop()
		}
	}
	var limit Timer
	limit.Init(l, func() { done(ErrTimeout) })
	if timeout > 0 {
		limit.Reset(later(l.Time(), timeout))
	}
	l.AddCallback(func() {
		if !over {
			fn(done)
		}
	})
	err := l.Run()
	over = true
	limit.Stop()
	if err != nil {
		return err
	}
	return result
}
