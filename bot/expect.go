package bot

import (
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A corner is one person in one chat: who a dialogue is with.
type corner struct {
	chat   Chat
	person string
}

// An expectation waits for a person's next words.
type expectation struct {
	fn    func(*Call)
	timer *loop.Timer
}

// Expect hands the next message of this person in this chat to fn, before any
// Responder is asked and whether it mentions the bot or not; or nil after
// timeout, or when a newer Expect for the same person and chat takes its place.
// fn is called once, on the loop's goroutine and not before Expect returns; its
// Call is open while it runs. The present call is not kept open meanwhile.
//
// A dialogue is not durable: after a restart, the message that it waited for is
// one like any other.
func (c *Call) Expect(timeout time.Duration, fn func(*Call)) {
	b := c.bot
	k := corner{c.msg.Chat, c.msg.Sender.ID}
	if old := b.expected[k]; old != nil {
		old.timer.Stop()
		b.loop.AddCallback(func() { old.fn(nil) })
	}
	e := &expectation{fn: fn}
	e.timer = b.loop.CallLater(timeout, func() {
		delete(b.expected, k)
		fn(nil)
	})
	b.expected[k] = e
}

// expects hands c to the dialogue that waits for it, if there is one.
func (b *Bot) expects(c *Call) bool {
	k := corner{c.msg.Chat, c.msg.Sender.ID}
	e := b.expected[k]
	if e == nil {
		return false
	}
	delete(b.expected, k)
	e.timer.Stop()
	e.fn(c)
	return true
}
