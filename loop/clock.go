package loop

import "time"

// systemClock counts from the moment it was made. It holds a time.Time because
// time.Since of one that carries a monotonic reading reads only that clock,
// which costs half of time.Now.
type systemClock struct{ start time.Time }

func (c systemClock) Monotonic() time.Duration { return time.Since(c.start) }
func (c systemClock) Wall() time.Time          { return time.Now() }
