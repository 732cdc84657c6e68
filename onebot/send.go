package onebot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An outgoing is a message on its way out.
type outgoing struct {
	chat    Chat
	message Message
	done    func(ID, error)
}

func (o *outgoing) finish(id ID, err error) {
	if o.done == nil {
		return
	}
	if err != nil {
		err = &SendError{o.chat, err}
	}
	o.done(id, err)
}

// sends are the messages that wait. They go one at a time, since two requests
// at once may arrive in either order.
type sends struct {
	queue   []*outgoing
	now     *outgoing
	drained func()
}

// Send says message in chat. Messages go one after the other in the order of
// the calls, not paced. done, which may be nil, gets the message's number
// when the implementation has accepted it; else a *SendError. It wraps
// ErrNotConnected, ErrOffline or ErrStopped if nothing was sent,
// ErrOutcomeUnknown if the message may have been, or an *ActionError,
// *StatusError or *AuthError, which are refusals.
func (c *Client) Send(chat Chat, message Message, done func(id ID, err error)) {
	o := &outgoing{chat, message, done}
	fail := func(err error) { c.soon(func() { o.finish(0, err) }) }
	switch {
	case len(message) == 0:
		fail(ErrEmptyMessage)
	case !c.running || c.sends.drained != nil:
		fail(ErrStopped)
	case c.since == never:
		fail(ErrNotConnected)
	case c.account.offline != nil:
		fail(c.account.offline)
	case len(c.sends.queue) >= c.o.MaxQueue:
		fail(ErrQueueFull)
	default:
		c.sends.queue = append(c.sends.queue, o)
		c.pump()
	}
}

// Queued returns how many messages wait or are under way.
func (c *Client) Queued() int {
	n := len(c.sends.queue)
	if c.sends.now != nil {
		n++
	}
	return n
}

// pump sends the next message.
func (c *Client) pump() {
	q := &c.sends
	if q.now != nil || len(q.queue) == 0 || c.since == never {
		return
	}
	o := q.queue[0]
	q.queue = slices.Delete(q.queue, 0, 1)
	q.now = o
	type rest struct {
		Message Message `json:"message"`
	}
	action, params := "send_private_msg", any(struct {
		UserID  ID `json:"user_id"`
		GroupID ID `json:"group_id,omitempty"` // of a temporary chat
		rest
	}{o.chat.User, o.chat.Group, rest{o.message}})
	if o.chat.InGroup() {
		action, params = "send_group_msg", struct {
			GroupID ID `json:"group_id"`
			rest
		}{o.chat.Group, rest{o.message}}
	}
	c.call(action, params, c.sendTimeout(o.message), func(data json.RawMessage, err error) {
		var sent struct {
			MessageID ID `json:"message_id"`
		}
		if err == nil {
			json.Unmarshal(data, &sent) // "async" has none
		}
		c.judgeSend(err, func(err error) {
			q.now = nil
			o.finish(sent.MessageID, err)
			c.pump()
			c.finishDrain()
		})
	})
}

// sendTimeout is longer for a message that brings a file along.
func (c *Client) sendTimeout(m Message) time.Duration {
	for _, s := range m {
		if strings.HasPrefix(s.Data["file"], "base64://") {
			return 4 * c.o.CallTimeout
		}
	}
	return c.o.CallTimeout
}

// sendError says what err means to a message. An answer that says QQ was too
// slow is no answer: NapCat's "Timeout" often comes with a message that was
// delivered.
func sendError(err error) error {
	var call *CallError
	var status *StatusError
	var action *ActionError
	var odd *FormatError
	unknown := false
	switch {
	case err == nil:
		return nil
	case errors.As(err, &call):
		if !call.Sent && !errors.Is(err, ErrStopped) && !errors.Is(err, ErrNotConnected) {
			return fmt.Errorf("%w: %w", ErrNotConnected, err)
		}
		unknown = call.Sent
	case errors.As(err, &status):
		unknown = status.Status >= 500
	case errors.As(err, &action):
		text := strings.ToLower(action.Message)
		unknown = strings.Contains(text, "timeout") || strings.Contains(text, "timed out") || strings.Contains(text, "超时")
	case errors.As(err, &odd):
		unknown = true
	}
	if unknown {
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	return err
}

// judgeSend tells the verdict on a send that has ended with err. Of a refusal it
// asks first how the account is: often that is the first sign that it was put
// out, and then the message is not refused, but too early. So it is if nobody can
// say. A token that is
// refused now will be refused again.
func (c *Client) judgeSend(err error, verdict func(error)) {
	var refused *AuthError
	if errors.As(err, &refused) {
		c.lost(refused)
	}
	told := sendError(err)
	if c.since == never || !c.answered(told) || errors.Is(told, ErrOutcomeUnknown) {
		verdict(told)
		return
	}
	epoch := c.epoch
	c.call("get_status", nil, min(c.o.CallTimeout, 15*time.Second), func(data json.RawMessage, err error) {
		known := epoch == c.epoch && c.readStatus(data, err)
		switch {
		case c.account.offline != nil:
			told = c.account.offline
		case !known:
			told = fmt.Errorf("%w: %w", ErrNotConnected, told)
		}
		verdict(told)
	})
}

// failQueue fails the messages that wait; the one under way hears from its
// call.
func (c *Client) failQueue(err error) {
	queue := c.sends.queue
	c.sends.queue = nil
	for _, o := range queue {
		c.soon(func() { o.finish(0, err) })
	}
}

// drain calls then when no message waits, and lets no new one in.
func (c *Client) drain(then func()) {
	if first := c.sends.drained; first != nil {
		next := then
		then = func() { first(); next() }
	}
	c.sends.drained = then
	c.finishDrain()
}

func (c *Client) finishDrain() {
	then := c.sends.drained
	if then != nil && (c.Queued() == 0 || c.since == never) {
		c.sends.drained = nil
		then()
	}
}
