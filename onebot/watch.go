package onebot

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A watch sees that the connection lives.
type watch struct {
	timer    *loop.Timer
	head     *loop.Timer   // of the event stream: see headWait
	heard    time.Duration // when anything came last
	interval time.Duration // between heartbeats; 0: there are none
	asked    bool          // a get_status is under way
	missed   int           // of them, in a row, that got no answer

	// Both clocks, when it was last known that the machine is awake; and when it
	// is to be seen again.
	awake time.Duration
	wall  time.Time
	due   time.Duration
}

// stop forgets everything.
func (w *watch) stop() {
	stopTimer(w.timer)
	stopTimer(w.head)
	*w = watch{}
}

// sleepLeast is how long a sleep is that matters. While the machine is suspended
// an account may be put out and let in again, of which no event tells afterwards;
// and LLBot keeps the place of a poll for minutes only.
const sleepLeast = 30 * time.Second

// slept reports whether the machine was suspended since this was last asked, or
// its clock set, which looks the same. Some systems count a sleep on the
// monotonic clock, and then a timer is late; some do not, and then the clocks
// have come apart.
func (w *watch) slept(now time.Duration, wall time.Time) bool {
	drift := wall.Sub(w.wall) - (now - w.awake)
	slept := now > w.due+sleepLeast || drift > sleepLeast || drift < -sleepLeast
	w.awake, w.wall, w.due = now, wall, max(w.due, now)
	return slept
}

// hear notes that something has come, before it is looked at: what came
// while the machine was asleep lies in front of it.
func (c *Client) hear() {
	c.wake()
	c.watch.heard = c.s.Loop().Time()
}

// wake catches up after a sleep.
func (c *Client) wake() {
	l := c.s.Loop()
	if c.since != never && c.watch.slept(l.Time(), l.Wall()) {
		c.log.Debug("the machine has slept, or its clock was set")
		c.mayMiss()
	}
}

// limit returns how long the connection may be silent, 0 for as long as it
// likes.
func (w *watch) limit(c *Client) time.Duration {
	switch {
	case w.interval > 0:
		return w.interval * 5 / 2
	case c.way == WS:
		return c.o.Check * 5 / 2
	}
	return 0
}

func (c *Client) startWatch() {
	l := c.s.Loop()
	c.watch.heard, c.watch.awake, c.watch.wall = l.Time(), l.Time(), l.Wall()
	c.armWatch()
}

// armWatch looks again when a check is due, or the silence would be too long.
func (c *Client) armWatch() {
	next := c.o.Check
	silent := c.s.Loop().Time() - c.watch.heard
	if c.socket != nil && silent < next {
		next -= silent // the ping is due when it has been silent for so long
	}
	if limit := c.watch.limit(c); limit > 0 {
		next = min(next, max(limit-silent, time.Millisecond))
	}
	stopTimer(c.watch.timer)
	c.watch.due = c.s.Loop().Time() + next
	c.watch.timer = c.s.Loop().CallLater(next, c.look)
}

// look judges the silence, and asks whether somebody is there.
func (c *Client) look() {
	c.wake()
	silent := c.s.Loop().Time() - c.watch.heard
	if limit := c.watch.limit(c); limit > 0 && silent >= limit {
		c.lost(&SilenceError{silent})
		return
	}
	switch {
	case c.socket != nil:
		if silent >= c.o.Check {
			c.socket.ping()
		}
	case c.watch.interval == 0 && !c.watch.asked:
		c.watch.asked = true
		c.ask("get_status", nil, func(data json.RawMessage, err error) { c.readStatus(data, err) })
	}
	if c.way == SSE && c.watch.limit(c) == 0 && silent >= c.o.Renew {
		c.watch.heard = c.s.Loop().Time()
		c.watch.asked = false
		c.renew()
	}
	c.armWatch()
}

// readStatus reads what get_status says of the account, and reports whether it
// says anything. Two in a row without an answer are the end of the connection.
func (c *Client) readStatus(data json.RawMessage, err error) (known bool) {
	c.watch.asked = false
	if err != nil && !c.tolerable(err) {
		if c.watch.missed++; c.watch.missed >= 2 {
			c.lost(err)
		}
		return false
	}
	c.watch.missed = 0
	var status Status
	if err != nil || decodeData("get_status", data, &status) != nil {
		return Unsupported(err)
	}
	if c.account.hear(status.Online) {
		c.tellAccount()
	}
	return true
}

// beat notes a heartbeat.
func (c *Client) beat(e *Event) {
	var beat heartbeat
	if json.Unmarshal(e.Raw, &beat) != nil {
		return
	}
	if beat.Interval > 0 {
		c.watch.interval = time.Duration(min(beat.Interval, 3_600_000)) * time.Millisecond
		c.armWatch()
	}
	if c.account.hear(beat.Status.Online) {
		c.tellAccount()
	}
}

// ended words the end of a connection that was closed in order.
func ended(cause error) error {
	if cause == nil {
		return errors.New("onebot: the server closed the connection")
	}
	if errors.Is(cause, io.EOF) {
		return errors.New("onebot: the server closed the connection")
	}
	return cause
}
