package rules

import (
	"log/slog"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// Scripts run the scripts that rules name. Their methods are called on the
// loop's goroutine and do not block.
type Scripts interface {
	// Message gives a script what was heard. It answers by c, which it holds
	// until then.
	Message(name string, c *bot.Call)
	// Event gives a script what happened.
	Event(name string, b *bot.Bot, e bot.Event)
}

// Options are what rules act with. Each may be nil: then what needs it is not
// done, and the log says so.
type Options struct {
	Fetch   bot.Fetcher // for webhooks
	Scripts Scripts
	Logger  *slog.Logger
}

// Rules are a bot.Responder that follows a File: one for all accounts of a
// process. They belong to the goroutine of their loop.
type Rules struct {
	loop    *loop.Loop
	o       Options
	log     *slog.Logger
	decider *Decider
	hooks   webhooks
}

var (
	_ bot.Chooser = (*Rules)(nil)
	_ bot.Watcher = (*Rules)(nil)
)

// New returns rules that follow a checked file.
func New(l *loop.Loop, f *File, o Options) *Rules {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Rules{loop: l, o: o, log: o.Logger, decider: NewDecider(f, nil)}
	r.hooks = webhooks{fetch: o.Fetch, log: r.log}
	return r
}

// Follow takes another checked file in the place of the one before. Cooldowns of
// rules that have kept their name go on.
func (r *Rules) Follow(f *File) { r.decider = NewDecider(f, r.decider) }

// Wants implements bot.Chooser.
func (r *Rules) Wants(m bot.Message) bool { return r.decider.Wants(&m) }

// Respond implements bot.Responder.
func (r *Rules) Respond(c *bot.Call) bool {
	m := c.Message()
	todo, taken := r.decider.Message(c.Bot().Name(), &m, r.loop.Wall())
	for i := range todo {
		r.act(c, &todo[i])
	}
	return taken
}

// act does what d says about c's message.
func (r *Rules) act(c *bot.Call, d *Decision) {
	rule := d.Rule
	if d.Held {
		if d.Note {
			r.reply(c, rule.CooldownNote, d, nil)
		}
		return
	}
	if rule.Reply != nil {
		r.reply(c, rule.Reply, d, rule.To)
	}
	for _, to := range rule.Forward {
		r.send(c, d, to, c.Message().Content)
	}
	if rule.Webhook != nil {
		c.Hold()
		r.hooks.post(rule, messageBody(c), func(answer string) {
			if rule.WebhookReply && answer != "" {
				c.Reply(bot.Text(answer))
			}
			c.Release()
		})
	}
	if rule.Script != "" {
		if r.o.Scripts == nil {
			r.log.Warn("a rule names a script, and none can be run", "rule", rule.Name, "script", rule.Script)
			return
		}
		r.o.Scripts.Message(rule.Script, c)
	}
}

// reply says what the template makes of the scene: where it was heard, or in the
// places of to. An empty text is not said: a template may decide to be silent.
func (r *Rules) reply(c *bot.Call, t *Template, d *Decision, to []Target) {
	text, err := t.render(&d.Scene)
	if err != nil {
		r.log.Warn("a reply cannot be made", "rule", d.Rule.Name, "err", err)
		return
	}
	switch {
	case text == "":
	case len(to) == 0:
		c.Reply(bot.Text(text))
	default:
		for _, target := range to {
			r.send(c, d, target, bot.Text(text))
		}
	}
}

func (r *Rules) send(c *bot.Call, d *Decision, to Target, what bot.Content) {
	if err := c.Send(to.Account, to.Chat, what); err != nil {
		r.log.Warn("a rule has nobody to speak", "rule", d.Rule.Name, "to", to.String(), "err", err)
	}
}

// Watch implements bot.Watcher: the rules with on hear of events.
func (r *Rules) Watch(b *bot.Bot, e bot.Event) {
	todo := r.decider.Event(b.Name(), &e, r.loop.Wall())
	for i := range todo {
		d := &todo[i]
		if d.Held {
			continue // there is nobody to tell
		}
		rule := d.Rule
		if rule.Reply != nil {
			r.tell(b, d)
		}
		if rule.Webhook != nil {
			r.hooks.post(rule, eventBody(b.Name(), &e), func(answer string) {
				if rule.WebhookReply && answer != "" && e.Chat.ID != "" {
					b.Say(e.Chat, bot.Text(answer), nil)
				}
			})
		}
		if rule.Script != "" && r.o.Scripts != nil {
			r.o.Scripts.Event(rule.Script, b, e)
		}
	}
}

// tell says what happened: in the chat where it did, or in the places of to.
func (r *Rules) tell(b *bot.Bot, d *Decision) {
	text, err := d.Rule.Reply.render(&d.Scene)
	if err != nil {
		r.log.Warn("a reply cannot be made", "rule", d.Rule.Name, "err", err)
		return
	}
	to := d.Rule.To
	if len(to) == 0 && d.Scene.Chat.ID != "" {
		to = []Target{{Chat: d.Scene.Chat}}
	}
	for _, target := range to {
		speaker, err := b.Peer(target.Account)
		if err != nil {
			r.log.Warn("a rule has nobody to speak", "rule", d.Rule.Name, "to", target.String(), "err", err)
		} else if text != "" {
			speaker.Say(target.Chat, bot.Text(text), nil)
		}
	}
}
