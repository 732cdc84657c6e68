package sim

import (
	"time"

	"github.com/qqloop/qqloop/loop"
)

// clock is the loop's view of virtual time.
type clock struct{ w *World }

var _ loop.Clock = clock{}

// Monotonic returns the virtual time since the world's beginning, in which the
// machine was awake.
func (c clock) Monotonic() time.Duration { return c.w.monotonic() }

// Wall returns the time of day, without a monotonic reading of this machine.
func (c clock) Wall() time.Time { return c.w.o.Start.Round(0).Add(c.w.now + c.w.jump) }
