package bot

// A Responder is asked about messages: rules are one, a program of your own may
// be another. Respond is called on the loop's goroutine and reports whether it
// has taken the message; then nobody else is asked.
type Responder interface {
	Respond(c *Call) bool
}

// A Chooser is a Responder that can tell beforehand which messages it may take.
// What nobody wants is not written to the Store: in a busy group that is nearly
// everything. Wants has no effect; it may say true too often.
type Chooser interface {
	Responder
	Wants(m Message) bool
}

// A Watcher is a Responder that hears of events too: hooks on online, offline
// and kicked, and the notices of the service. Watch is called on the loop's
// goroutine and answers with Bot.Say.
type Watcher interface {
	Responder
	Watch(b *Bot, e Event)
}

// A Call is one message on its way through the bot. It lives until Handle has
// returned and everything that was held is released, and belongs to the loop's
// goroutine. Its methods work after its end too.
type Call struct {
	bot  *Bot
	msg  Message
	lang lang   // of the answer
	name string // the command as it was called
	args string // what followed it and one blank
	open int    // the steps under way: Handle itself, sends, a fetch

	ended  bool     // OnDone was told; what is said later is of the bot's own accord
	key    string   // of the message in the inbox; "" once it is answered
	staged []Change // durable together with the next answer
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
	if c.open == 1 { // nothing more is to come
		b.journal.save(c.settle(), nil)
	}
	c.open--
	b.open--
	if c.open == 0 && !c.ended {
		c.ended = true
		if b.o.OnDone != nil {
			b.o.OnDone(c.msg)
		}
	}
	b.maybeQuiet()
}

// Reply says what where the message came from. It goes into the outbox, which
// never sends anything twice.
//
// With the first answer the message counts as handled: a process that is killed
// afterwards leaves the others unsaid rather than say the first one twice.
func (c *Call) Reply(what Content) {
	c.Hold()
	c.bot.outbox.put(c.settle(), c.msg.Chat, what, func(error) { c.Release() })
}

// settle returns the changes that are due with an answer: what was staged, and
// that the message is handled.
func (c *Call) settle() []Change {
	changes := c.staged
	c.staged = nil
	if c.key != "" {
		changes = append(changes, Change{Table: c.bot.table("inbox"), Key: c.key})
		c.key = ""
	}
	return changes
}
