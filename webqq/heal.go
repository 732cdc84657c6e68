package webqq

import (
	"errors"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// healed remembers how the last logins went, so that a service that lets us in
// and throws us out again is asked ever more slowly.
type healed struct {
	at    time.Time // of the last successful login
	rung  rung      // by which it succeeded
	flaps int       // how often in a row it did not last
}

// unlasting is how short a session counts as a failure of its login.
const unlasting = time.Minute

// heal returns the first step of a new login after the session was lost. The
// chain that found out goes on with it, or launches it.
func (c *Client) heal(from rung, why error) sched.Next {
	c.online = false
	now := c.o.Now()
	var delay time.Duration
	if now.Sub(c.healed.at) < unlasting {
		c.healed.flaps++
		delay = c.wait(c.healed.flaps, time.Minute)
		if c.healed.flaps > 2 && from <= c.healed.rung && !errors.Is(why, ErrKicked) {
			// Let in three times by this way and thrown out again. Not so
			// where somebody else does the throwing: he would do it again.
			from = min(c.healed.rung+1, rungFresh)
		}
	} else {
		c.healed.flaps = 0
	}
	c.log.Warn("the session is lost, logging in again", "by", from.String(), "err", why)
	c.login = newLogin(from, nil)
	n := c.begin()
	n.Delay = delay
	if delay > 0 {
		c.setState(Waiting, why, delay)
	} else {
		c.setState(LoggingIn, why, 0)
	}
	return n
}

// healBeside is heal for a chain that is not the main one. The poll is left to
// itself: it may hold a message, and its readback sees that it is stale.
func (c *Client) healBeside(from rung, why error) {
	if c.login != nil || !c.running {
		return
	}
	n := c.heal(from, why)
	const keep = 4
	if len(c.stale) == keep {
		c.stale[0].Cancel()
		c.stale = append(c.stale[:0], c.stale[1:]...)
	}
	c.stale = append(c.stale, c.main)
	c.launch(n)
}
