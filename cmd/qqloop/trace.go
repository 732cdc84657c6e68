package main

import (
	"fmt"
	"io"

	"github.com/qqloop/qqloop/sched"
)

// traceTo returns a hook that writes a line for each step that is worth telling.
func traceTo(w io.Writer) func(sched.Trace) {
	return func(t sched.Trace) {
		if worthTelling(t.Op) {
			fmt.Fprintf(w, "%v\n", t)
		}
	}
}

// worthTelling reports whether a step is one that the article knew, or goes
// otherwise than it told. What follows of itself is left out: that a connect
// begun ends well, that a head comes before its body.
func worthTelling(op sched.TraceOp) bool {
	switch op {
	case sched.TraceConnected, sched.TraceHandshake, sched.TraceUse, sched.TraceWroteHead, sched.TraceWrote,
		sched.TraceFirstByte, sched.TraceHead, sched.TraceWhole, sched.TraceKept:
		return false
	}
	return true
}
