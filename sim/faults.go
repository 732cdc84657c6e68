package sim

import (
	"syscall"
	"time"
)

// End is how a connection is cut.
type End uint8

const (
	// Uncut is not at all.
	Uncut End = iota
	// FIN is an orderly close by the server.
	FIN
	// Reset is an RST by the server.
	Reset
	// Silence is a broken cable: nobody is told, and what is sent vanishes.
	Silence
)

// A Cut ends a connection at a byte. The zero value does not.
type Cut struct {
	By End

	// At counts the bytes of the direction from 0: those before it get
	// through, this one and what follows does not. So 0 by FIN, to the
	// program, is the empty reply.
	At int64
}

// A Fault is what befalls one connection. The zero value is none.
type Fault struct {
	// Refuse, if not 0, is how the connect ends after a round trip:
	// syscall.ECONNREFUSED, EHOSTUNREACH.
	Refuse syscall.Errno

	// Silent makes the SYN vanish: the connect ends after 127 seconds, as in
	// Linux, with syscall.ETIMEDOUT.
	Silent bool

	// Latency stands in the place of the world's, from the server's answer
	// to the SYN on. Zero means the world's.
	Latency time.Duration

	// Bandwidth is how many bytes go over this connection in a second, each
	// way. Zero means no bound.
	Bandwidth int

	// Up cuts at a byte from the program, Down at one to it. The Peer dies
	// of both.
	Up, Down Cut

	// ShortRead and ShortWrite are the most bytes that one call moves. More
	// may be there all the same, and then the loop reports it again. Zero
	// means no such limit.
	ShortRead, ShortWrite int

	// Spurious reports the socket ready, as it was asked for, each time when
	// a packet says that bytes were read: there is nothing, and Read and
	// Write may return kernel.ErrWouldBlock.
	Spurious bool
}

func (f *Fault) latency(w *World) time.Duration {
	if f.Latency > 0 {
		return f.Latency
	}
	return w.o.Latency
}

// A Profile is how likely faults are, each between 0 and 1, where no script
// says otherwise. They are drawn from the seed. The zero value is fair weather.
type Profile struct {
	Refuse       float64 // a connect: ECONNREFUSED
	Silent       float64 // a connect: ETIMEDOUT
	NoDescriptor float64 // a Connect: EMFILE
	NoFile       float64 // a Connect: ENFILE, the whole machine has no descriptor
	NoBuffers    float64 // a Connect: ENOBUFS
	Cut          float64 // a connection, by FIN, RST or silence, either way
	Short        float64 // a connection: 1 to 16 bytes a call
	Spurious     float64 // a connection
	Far          float64 // a connection: a latency of 50 ms to 2 s
	Slow         float64 // a connection: 1 to 32 KiB a second
	NameFails    float64 // a look-up: the name server fails, this time
	NameSilent   float64 // a look-up: no answer at all
	NameWrong    float64 // a look-up: there is no such host
	NameSlow     float64 // a look-up: the answer takes up to 10 s
	Interrupt    float64 // a Wait: it returns at once and empty, as for a signal
	Shuffle      float64 // a Wait: its events come in any order
	Stale        float64 // a descriptor's number that is registered anew: an event of the one before comes late

	// CutWithin is the range of bytes in which a cut falls. Zero means 4,096.
	CutWithin int64
}

// Faults sets the weather from now on.
func (w *World) Faults(p Profile) { w.profile = p }

// chance draws from the seed, but nothing for what cannot happen, so that fair
// weather costs no numbers.
func (w *World) chance(p float64) bool { return p > 0 && w.luck.Float64() < p }

func (p Profile) draw(w *World) (f Fault) {
	if w.chance(p.Refuse) {
		f.Refuse = syscall.ECONNREFUSED
	}
	f.Silent = w.chance(p.Silent)
	if w.chance(p.Cut) {
		within := p.CutWithin
		if within <= 0 {
			within = 4096
		}
		cut := Cut{By: FIN + End(w.luck.IntN(3)), At: w.luck.Int64N(within)}
		if w.luck.IntN(2) == 0 {
			f.Up = cut
		} else {
			f.Down = cut
		}
	}
	if w.chance(p.Short) {
		f.ShortRead, f.ShortWrite = 1+w.luck.IntN(16), 1+w.luck.IntN(16)
	}
	f.Spurious = w.chance(p.Spurious)
	if w.chance(p.Far) {
		f.Latency = 50*time.Millisecond + time.Duration(w.luck.Int64N(int64(2*time.Second)))
	}
	if w.chance(p.Slow) {
		f.Bandwidth = 1<<10 + w.luck.IntN(31<<10)
	}
	return f
}
