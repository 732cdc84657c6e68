//go:build linux

package load

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Load directs the workers of a peer.
type Load interface {
	// Begin says that worker w may send its next request, after a delay; false
	// means that it has sent its last one.
	Begin(w int) (delay time.Duration, ok bool)

	// End says that the answer for worker w has come, whole and right.
	End(w int)

	// Fail says that an answer was wrong or did not come. The first one counts.
	Fail(err error)

	// Over says that all workers have ended. It returns when the client may
	// let go of what it has.
	Over()

	// Lag says how late a timer of the peer's was.
	Lag(late time.Duration)
}

// common is what all loads have.
type common struct {
	failed  chan struct{}
	failing sync.Once
	err     error

	over    chan struct{} // closed by Over
	overing sync.Once
	leave   chan struct{} // closed when the client may go

	lags     [1 << 12]uint32 // in units of 100 ns
	lagCount atomic.Int64
}

func (c *common) init() {
	c.failed, c.over, c.leave = make(chan struct{}), make(chan struct{}), make(chan struct{})
}

func (c *common) Fail(err error) {
	c.failing.Do(func() {
		c.err = err
		close(c.failed)
	})
}

func (c *common) Over() {
	c.overing.Do(func() { close(c.over) })
	<-c.leave
}

func (c *common) Lag(late time.Duration) {
	if i := c.lagCount.Add(1) - 1; i < int64(len(c.lags)) {
		c.lags[i] = tenths(late)
	}
}

// Failed is closed when something went wrong: see Err.
func (c *common) Failed() <-chan struct{} { return c.failed }

// Err returns what Fail was told first.
func (c *common) Err() error {
	select {
	case <-c.failed:
		return c.err
	default:
		return nil
	}
}

// Ended is closed when the workers have ended.
func (c *common) Ended() <-chan struct{} { return c.over }

// Leave lets the client go.
func (c *common) Leave() { close(c.leave) }

// tenths returns d in units of 100 ns, which fit 7 minutes into 32 bits.
func tenths(d time.Duration) uint32 {
	return uint32(min(max(d/100, 0), 1<<32-1))
}
