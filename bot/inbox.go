package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxTries is how often a message is begun with that was not answered because
// the process ended. A message that ends it must not do so for ever.
const maxTries = 10

// An inboxEntry is an accepted message in the store.
type inboxEntry struct {
	Message Message
	Tries   int // how often a process has begun with it
}

// Handle answers m, now or later. The bot's own messages and repetitions are
// left alone. With a Store, m is durable before anybody is asked about it; see
// the table in the package's description.
func (b *Bot) Handle(m Message) {
	c := &Call{bot: b, msg: m}
	c.Hold()
	if m.Sender.ID == b.account.ID() || b.seen.before(m) || !b.wanted(m) {
		c.Release()
		return
	}
	c.key = b.nextKey()
	changes := []Change{{b.table("inbox"), c.key, encode(inboxEntry{m, 1})}}
	if m.ID != "" {
		changes = append(changes, b.seen.change(b.table("seen")))
	}
	b.journal.save(changes, func() { b.run(c) })
}

// wanted reports whether anybody could want m. What nobody wants, such as the
// talk of a group, costs no write.
func (b *Bot) wanted(m Message) bool {
	if b.expected[corner{m.Chat, m.Sender.ID}] != nil {
		return true
	}
	for _, r := range b.o.Responders {
		if c, ok := r.(Chooser); !ok || c.Wants(m) {
			return true
		}
	}
	return b.command(&Call{bot: b, msg: m}) != nil
}

// command returns the command that c calls, or nil.
func (b *Bot) command(c *Call) *command {
	if !c.msg.Chat.Private() && !c.msg.Mentioned {
		return nil
	}
	cmd, ok := c.parse(b.commands)
	if !ok {
		return nil
	}
	return &cmd
}

// run asks about the message of c everybody who may take it, and releases c.
func (b *Bot) run(c *Call) {
	defer c.Release()
	if b.expects(c) {
		return
	}
	for _, r := range b.o.Responders {
		if r.Respond(c) {
			return
		}
	}
	if cmd := b.command(c); cmd != nil {
		if answer := cmd.run(c); answer != "" {
			c.Reply(Text(answer))
		}
	}
}

// resume goes on where an earlier process was stopped: it drops what may have
// been sent, and handles again what was accepted and not answered.
func (b *Bot) resume() {
	b.seen.load(b.journal.load(b.table("seen")))
	b.outbox.load(b.journal.load(b.table("outbox")))
	now := b.loop.Wall()
	for _, e := range b.journal.load(b.table("reminders")) {
		b.noteKey(e.Key)
		var r reminder
		if err := json.Unmarshal(e.Value, &r); err != nil {
			b.drop("reminders", e.Key, err)
			continue
		}
		b.setReminder(e.Key, r)
	}
	var again []resumed
	for _, e := range b.journal.load(b.table("inbox")) {
		b.noteKey(e.Key)
		var v inboxEntry
		if err := json.Unmarshal(e.Value, &v); err != nil {
			b.drop("inbox", e.Key, err)
			continue
		}
		switch {
		case v.Tries >= maxTries:
			b.drop("inbox", e.Key, fmt.Errorf("the bot was stopped %d times while it had it", v.Tries), "chat", v.Message.Chat.String(), "text", start(v.Message.Text))
			continue
		case now.Sub(v.Message.Time) > b.o.MaxAge && !v.Message.Time.IsZero():
			b.drop("inbox", e.Key, errors.New("it is too old to be answered"), "chat", v.Message.Chat.String(), "text", start(v.Message.Text))
			continue
		}
		c := &Call{bot: b, msg: v.Message, key: e.Key}
		c.Hold()
		again = append(again, resumed{c, v.Tries + 1})
	}
	b.outbox.pump(nil)
	b.again(again)
}

// A resumed message is one that an earlier process had begun with.
type resumed struct {
	call  *Call
	tries int
}

// again begins with the messages one after the other, so that one that ends the
// process is told from those behind it.
func (b *Bot) again(messages []resumed) {
	if len(messages) == 0 {
		return
	}
	first := messages[0]
	entry := inboxEntry{first.call.msg, first.tries}
	b.journal.save([]Change{{b.table("inbox"), first.call.key, encode(entry)}}, func() {
		b.run(first.call)
		b.again(messages[1:])
	})
}

// drop forgets an entry of the store, and says why.
func (b *Bot) drop(table, key string, err error, more ...any) {
	b.log.Warn("an entry of the state is dropped", append([]any{"table", table, "err", err}, more...)...)
	b.journal.save([]Change{{Table: b.table(table), Key: key}}, nil)
}

// table returns the name of a table of this bot in a store that several share.
func (b *Bot) table(name string) string {
	if b.o.Name == "" {
		return name
	}
	return b.o.Name + "/" + name
}

// nextKey returns a key behind all that there were: tables are in the order in
// which things happened.
func (b *Bot) nextKey() string {
	b.keys++
	return fmt.Sprintf("%016x", b.keys)
}

// noteKey keeps nextKey from returning key again.
func (b *Bot) noteKey(key string) {
	var n uint64
	if _, err := fmt.Sscanf(key, "%x", &n); err == nil {
		b.keys = max(b.keys, n)
	}
}

// encode is for the store. What is stored are plain structures: it cannot fail.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("bot: " + err.Error())
	}
	return data
}

// start returns the beginning of what was said, for the log.
func start(text string) string {
	const most = 40
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "…"
		}
	}
	return text
}

// defaultMaxAge is Options.MaxAge: an answer that comes later surprises more
// than it helps.
const defaultMaxAge = time.Hour
