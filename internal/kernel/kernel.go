// Package kernel is the seam between the engine and the operating system, as
// far as it lies below sched: sockets, name look-ups and randomness. The rest
// of the seam, readiness and time, is loop's Poller and Clock. Each contract
// has two sides: the real one, here, and package sim.
package kernel

import (
	"context"
	"errors"
	"net/netip"
)

// ErrWouldBlock says that a socket has nothing to read or no room to write:
// wait for the loop to report it ready.
var ErrWouldBlock = errors.New("operation would block")

// A Kernel opens sockets, asks for names and rolls dice. All methods are
// called on the loop's goroutine, and none of them blocks.
type Kernel interface {
	Sockets
	Names

	// Compute runs work away from the loop, for the few things that take a
	// millisecond and not a microsecond, and then done. Both run on one other
	// goroutine, perhaps before Compute has returned, or on the simulated side
	// in Poller.Wait; never in Compute itself. It reports false, and runs
	// neither, if too much work waits already: then do it yourself.
	Compute(work, done func()) bool

	// Computers is how much work Compute runs at the same time: at least one.
	Computers() int

	// Worker returns a worker, for things that may wait for as long as they
	// like: to read a file, a pipe, whatever a caller brings.
	Worker() Worker

	// Uint64 returns a random number. It makes a Kernel a Source of
	// math/rand/v2.
	Uint64() uint64

	// Shutdown ends what the kernel runs in the background. Look-ups that
	// are under way may still call done.
	Shutdown()
}

// A Worker does one thing after the other, in the order in which they were
// given, away from the loop: on a goroutine of its own, or on the simulated side
// in Poller.Wait. It is the loop's: its methods are called there.
type Worker interface {
	// Do gives the worker something to do, and returns at once; not in Do
	// itself does the work begin. At most WorkerQueue things may wait.
	Do(work func())

	// End lets the worker go when it has done what it was given. Every worker
	// must be let go, and nothing may be given to it after that.
	End()
}

// WorkerQueue is how many things may wait for a worker.
const WorkerQueue = 4

// Sockets are stream sockets, of TCP or of the Unix domain, that never block. A
// descriptor is registered with the loop after Connect and removed from it
// before Close.
//
// Errors unwrap to the system's: ECONNREFUSED, EMFILE and so on.
type Sockets interface {
	// Connect opens a socket and begins to connect it. The connect is over
	// when the loop reports Write; ConnectError then tells how it went. An
	// error here leaves no descriptor open.
	Connect(to netip.AddrPort) (fd int, err error)

	// ConnectUnix is Connect for the Unix domain. On Linux a path that begins
	// with "@" is a name in the abstract namespace. Such a connect is over at
	// once; the loop reports Write all the same. ErrWouldBlock means that the
	// server has not accepted those who came before: nobody will tell when
	// there is room, so try again a little later.
	ConnectUnix(path string) (fd int, err error)

	// ConnectError returns the error that waits on fd (SO_ERROR), or nil.
	// Calling it takes the error away.
	ConnectError(fd int) error

	// Read reads at most len(p) bytes. It returns ErrWouldBlock when there
	// are none yet and io.EOF after the peer's FIN. A read that does not
	// fill p has emptied the socket.
	Read(fd int, p []byte) (int, error)

	// Write writes a prefix of p, or returns ErrWouldBlock.
	Write(fd int, p []byte) (int, error)

	// CloseWrite sends a FIN after what was written: nothing more can be.
	// What the peer says can still be read. An error means that the connection
	// has ended already.
	CloseWrite(fd int) error

	// Close closes fd. Its number may be used again at once.
	Close(fd int) error

	// Descriptors returns how many descriptors the process may have open
	// (RLIMIT_NOFILE), and how many it has now, or -1 where that cannot be
	// told cheaply.
	Descriptors() (limit, open int)
}

// Names asks the name service.
type Names interface {
	// Lookup asks for the addresses of host and returns at once. done is
	// called once, never by Lookup itself: on another goroutine, or on the
	// simulated side by Poller.Wait. When ctx ends first, done gets the
	// context's error and the answer is dropped when it comes. A host that
	// has no address is a *net.DNSError with IsNotFound; a lack of
	// descriptors never is one, it unwraps to EMFILE or ENFILE.
	Lookup(ctx context.Context, host string, done func([]netip.Addr, error))
}
