package webqq

import (
	"fmt"
	"time"
)

// State says how far a client has come.
type State uint8

// The states of a client.
const (
	Offline         State = iota // not started, or stopped
	LoggingIn                    // a login is on its way
	WaitingForScan               // a QR code is shown
	Scanned                      // it was scanned; the phone has to confirm
	WaitingForText               // a captcha is shown
	LoadingContacts              // logged in, fetching the lists
	Online                       // polling; messages go both ways
	Waiting                      // a login failed; the next try comes by itself
)

// String returns the state's name in lower case: "waiting for scan".
func (s State) String() string {
	names := [...]string{"offline", "logging in", "waiting for scan", "scanned",
		"waiting for text", "loading contacts", "online", "waiting"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// A Change tells of a new state.
type Change struct {
	State State
	Err   error         // why, where something went wrong; else nil
	Retry time.Duration // Waiting: how long until the next try
}

// State returns the state of now.
func (c *Client) State() State { return c.state }

func (c *Client) setState(s State, err error, retry time.Duration) {
	if s == c.state && err == nil {
		return
	}
	c.state = s
	if c.o.OnState != nil {
		// Later, so that a function that stops the client finds no method of
		// it half-way.
		c.o.Soon(func() { c.o.OnState(Change{State: s, Err: err, Retry: retry}) })
	}
}
