package bot

// A Responder is asked about messages: rules are one, a program of your own may
// be another. Respond is called on the loop's goroutine and reports whether it
// has taken the message; then nobody else is asked.
type Responder interface {
	Respond(c *Call) bool
}

// A Call is one message on its way through the bot. It lives until Handle has
// returned and everything that was held is released, and belongs to the loop's
// goroutine.
type Call struct {
	bot  *Bot
	msg  Message
	lang lang   // of the answer
	name string // the command as it was called
	args string // what followed it and one blank
	open int    // the steps under way: Handle itself, sends, a fetch
}

// Message returns the message.
func (c *Call) Message() Message { return c.msg }

// Hold keeps the call open while something is under way that may still answer;
// each Hold needs a Release.
func (c *Call) Hold() {
	c.open++
	c.bot.open++
}

// Release undoes a Hold. The last one ends the call.
func (c *Call) Release() {
	b := c.bot
	c.open--
	b.open--
	if c.open == 0 && b.o.OnDone != nil {
		b.o.OnDone(c.msg)
	}
	b.maybeQuiet()
}

// Reply sends what to where the message came from. A send that failed is not
// tried again here: the service may have delivered it all the same, and
// nothing annoys people more than a bot that says everything three times.
func (c *Call) Reply(what Content) {
	c.Hold()
	c.bot.account.Send(c.msg.Chat, what, func(err error) {
		if err != nil {
			c.bot.log.Warn("the answer was not accepted", "chat", c.msg.Chat.String(), "err", err)
		}
		c.Release()
	})
}
