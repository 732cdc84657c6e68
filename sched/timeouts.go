package sched

import "time"

// Timeouts are the longest waits of a request, one for each phase. In
// Options, zero means the default; in a Request, zero means the stream's.
// A negative one waits without end.
type Timeouts struct {
	Queue   time.Duration // for a connection or a descriptor to be free; default 1 min
	Resolve time.Duration // for the name; default: as long as Connect
	// Connect is for having a connection: name, all the addresses, and TLS.
	// Waiting in the queue between the two does not count. Default 10 s.
	Connect   time.Duration
	TLS       time.Duration // for the handshake; default: what is left of Connect
	FirstByte time.Duration // from the last byte written; default 2 min
	Stall     time.Duration // between two bytes, out or in; default 1 min
	Total     time.Duration // from Add, or the end of a delay, to the end; default none
}

const never = time.Duration(-1)

var defaultTimeouts = Timeouts{
	Queue:     time.Minute,
	Resolve:   never, // Connect bounds it
	Connect:   10 * time.Second,
	TLS:       never, // likewise
	FirstByte: 2 * time.Minute,
	Stall:     time.Minute,
	Total:     never,
}

// or returns own, or def where own is zero.
func or(own, def time.Duration) time.Duration {
	if own == 0 {
		return def
	}
	return own
}

func (t Timeouts) or(def Timeouts) Timeouts {
	return Timeouts{
		Queue:     or(t.Queue, def.Queue),
		Resolve:   or(t.Resolve, def.Resolve),
		Connect:   or(t.Connect, def.Connect),
		TLS:       or(t.TLS, def.TLS),
		FirstByte: or(t.FirstByte, def.FirstByte),
		Stall:     or(t.Stall, def.Stall),
		Total:     or(t.Total, def.Total),
	}
}

// sooner returns the shorter of two waits, of which negative ones have no end.
func sooner(a, b time.Duration) time.Duration {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}
