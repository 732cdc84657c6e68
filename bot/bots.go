package bot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bots are the bots of one process, each with its own account and Options.Name,
// all on one loop and with one Store. The zero value is ready: give it to each
// in Options.Bots, and they can speak through one another.
type Bots struct {
	byName  map[string]*Bot
	journal *journal
}

// Get returns the bot of that name, or nil.
func (bs *Bots) Get(name string) *Bot { return bs.byName[name] }

// Find returns the bot of that name; "" is the only one there is. The error is
// an *AccountError.
func (bs *Bots) Find(name string) (*Bot, error) {
	if name == "" && len(bs.byName) == 1 {
		for _, b := range bs.byName {
			return b, nil
		}
	}
	if b := bs.byName[name]; b != nil {
		return b, nil
	}
	return nil, &AccountError{name, bs.Names()}
}

// Names returns the names, sorted.
func (bs *Bots) Names() []string { return slices.Sorted(maps.Keys(bs.byName)) }

// join adds b. The first one's store is everyone's: a message that one has
// heard and another passes on is settled in one save.
func (bs *Bots) join(b *Bot) {
	if bs.byName == nil {
		bs.byName = map[string]*Bot{}
	}
	if bs.byName[b.o.Name] != nil {
		panic(fmt.Sprintf("bot: two bots are named %q", b.o.Name))
	}
	bs.byName[b.o.Name] = b
	if bs.journal == nil {
		bs.journal = b.journal
	}
	b.journal = bs.journal
}

// An AccountError is the name of an account that this process does not have.
type AccountError struct {
	Name  string
	Known []string
}

func (e *AccountError) Error() string {
	return fmt.Sprintf("there is no account %q: the accounts are %q", e.Name, strings.Join(e.Known, ", "))
}

// Peer returns the bot of another account of the process; "" is b itself. The
// error is an *AccountError.
func (b *Bot) Peer(account string) (*Bot, error) {
	switch {
	case account == "" || account == b.o.Name:
		return b, nil
	case b.o.Bots == nil:
		return nil, &AccountError{account, []string{b.o.Name}}
	}
	return b.o.Bots.Find(account)
}

// Bot returns the bot that the call is in.
func (c *Call) Bot() *Bot { return c.bot }

// Send says what in any chat of any account of the process, "" being the call's
// own. As a Reply it answers the message: after a restart the message is not
// handled again. The error is an *AccountError, and nothing was sent.
func (c *Call) Send(account string, to Chat, what Content) error {
	b, err := c.bot.Peer(account)
	if err != nil {
		return err
	}
	c.Hold()
	b.outbox.put(c.settle(), to, what, func(error) { c.Release() })
	return nil
}

// Say says what in a chat, of the bot's own accord. done, which may be nil, is
// called once, on the loop's goroutine and not before Say returns: with nil when
// the service has accepted it; with an error that wraps ErrOffline when it is
// kept and sent later; with any other when it was given up.
func (b *Bot) Say(to Chat, what Content, done func(error)) {
	b.sayWith(nil, to, what, done)
}

// sayWith is Say, durable together with other changes.
func (b *Bot) sayWith(changes []Change, to Chat, what Content, done func(error)) {
	b.open++
	b.outbox.put(changes, to, what, func(err error) {
		if done != nil {
			done(err)
		}
		b.open--
		b.maybeQuiet()
	})
}

// Name returns Options.Name.
func (b *Bot) Name() string { return b.o.Name }

// Account returns the account through which the bot speaks.
func (b *Bot) Account() Account { return b.account }

// Event tells the bot what happened beside messages. An account that is Online
// again is sent what waits for it. Then Options.OnEvent hears of it, and each
// Responder that is a Watcher.
func (b *Bot) Event(e Event) {
	if e.Type == Online {
		b.outbox.online()
	}
	if b.o.OnEvent != nil {
		b.o.OnEvent(e)
	}
	for _, r := range b.o.Responders {
		if w, ok := r.(Watcher); ok {
			w.Watch(b, e)
		}
	}
}
