package webqq

import (
	"errors"

	"github.com/qqloop/qqloop/sched"
)

// Losses counts what the protocol itself may have lost since the client was
// made. The service lets go of a message when it answers a poll with it, and
// takes one when it reads a send; a connection that is cut in between leaves
// nobody who knows.
type Losses struct {
	Polls int // replies that were cut: what they carried, if anything, is gone
	Sends int // messages that may have been sent: ErrOutcomeUnknown
}

// Losses returns what may have been lost until now.
func (c *Client) Losses() Losses { return c.losses }

// notePoll counts the replies of a poll that were under way, or may have been,
// when a connection ended. The stream asks once more by itself where that does
// no harm: then the one before was cut, though this one came.
func (c *Client) notePoll(resp *sched.Response, err error) {
	cut := 0
	if resp != nil {
		cut = resp.Attempts - 1
	} else if e, ok := errors.AsType[*sched.Error](err); ok {
		cut = max(0, e.Attempts-1)
		switch e.Kind {
		case sched.EmptyReply, sched.Reset, sched.TruncatedHead, sched.TruncatedBody, sched.StallTimeout:
			cut = e.Attempts
		}
	}
	if cut > 0 {
		c.losses.Polls += cut
		c.log.Warn("a reply to a poll was cut: a message may be lost", "so far", c.losses.Polls)
	}
}

// noteSend counts a message that may have been sent.
func (c *Client) noteSend(err error) {
	if errors.Is(err, ErrOutcomeUnknown) {
		c.losses.Sends++
		c.log.Warn("a send was cut: its message may have been sent, and is not sent again", "so far", c.losses.Sends)
	}
}
