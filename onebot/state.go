package onebot

import (
	"fmt"
	"time"
)

// State says how far a client has come.
type State uint8

// The states of a client. AccountOffline and Waiting are different ills: in
// the first the implementation answers and QQ does not know it, and somebody
// has to log in there; the second heals by itself.
const (
	Stopped        State = iota // not started, or at its end
	Connecting                  // an attempt is under way
	Online                      // events come, messages go
	AccountOffline              // connected, but the account is not logged in
	Waiting                     // the connection is lost; the next attempt comes by itself
)

// String returns the state's name in lower case: "account offline".
func (s State) String() string {
	names := [...]string{"stopped", "connecting", "online", "account offline", "waiting"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// A Change tells of a new state.
type Change struct {
	State State
	Err   error         // why, where something went wrong; an *OfflineError with AccountOffline
	Retry time.Duration // Waiting: how long until the next attempt
}

// State returns the state of now.
func (c *Client) State() State { return c.state }

func (c *Client) setState(s State, err error, retry time.Duration) {
	if s == c.state && err == nil {
		return
	}
	c.state = s
	if c.o.OnState != nil {
		// Later, so that a function that stops the client finds no method of it
		// half-way.
		c.soon(func() { c.o.OnState(Change{s, err, retry}) })
	}
}
