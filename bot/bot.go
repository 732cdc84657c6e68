package bot

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A Fetcher runs chains of requests; *sched.Stream is one. Give the bot one
// without cookies of its own: strangers choose what it fetches.
type Fetcher interface {
	Add(req *sched.Request, rb sched.Readback) sched.Chain
}

// Options configures a Bot. The zero value is ready to use.
type Options struct {
	// Fetch gets the pages of the title command. Nil: there is no such command.
	Fetch Fetcher
	// FetchAllow lists addresses that may be fetched although they are not
	// public: see PublicAddr.
	FetchAllow []netip.Prefix
	// UserAgent is what the title command calls itself. "" means "qqloop".
	UserAgent string

	// MaxReminders is how many reminders one person may have waiting. Zero
	// means 5.
	MaxReminders int
	// MaxDelay is the longest time of a reminder. Zero means 24 hours.
	MaxDelay time.Duration

	// Responders are asked about each message, in turn, before the commands.
	// One that says true has taken it.
	Responders []Responder

	// Location is the time zone of the time command. Nil means time.Local.
	Location *time.Location
	// Logger hears of failed sends. Nil means silence.
	Logger *slog.Logger

	// OnDone is called on the loop's goroutine, once for each message given
	// to Handle, when all its answers were accepted or given up; a reminder
	// that it set is not waited for. It may be called inside Handle.
	OnDone func(Message)
	// OnQuiet is called on the loop's goroutine each time the bot has nothing
	// left to do: no message, no send, no fetch, no reminder.
	OnQuiet func()
}

// maxFetches bounds the pages that are fetched at one time; maxSeen the
// message ids that are remembered.
const (
	maxFetches = 8
	maxSeen    = 1024
)

// A Bot answers messages. It belongs to its loop's goroutine.
type Bot struct {
	loop    *loop.Loop
	account Account
	o       Options
	log     *slog.Logger

	commands []command
	started  time.Duration
	seen     seen
	// open counts the messages and sends that are under way, reminders those
	// that wait, by person.
	open      int
	reminders map[string]int
	waiting   int
	fetches   int
}

// New returns a bot that answers through a.
func New(l *loop.Loop, a Account, o Options) *Bot {
	b := &Bot{loop: l, account: a, o: o, log: o.Logger, started: l.Time(), reminders: map[string]int{}}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.o.UserAgent == "" {
		b.o.UserAgent = "qqloop"
	}
	if b.o.MaxReminders == 0 {
		b.o.MaxReminders = 5
	}
	if b.o.MaxDelay == 0 {
		b.o.MaxDelay = 24 * time.Hour
	}
	if b.o.Location == nil {
		b.o.Location = time.Local
	}
	b.commands = table(o.Fetch != nil)
	return b
}

// Quiet reports whether nothing is left to do, waiting reminders included.
func (b *Bot) Quiet() bool { return b.open == 0 && b.waiting == 0 }

// Busy reports whether a message, a send or a fetch is under way. Reminders
// do not count.
func (b *Bot) Busy() bool { return b.open > 0 }

// Handle answers m, now or later. The bot's own messages and repetitions are
// left alone.
func (b *Bot) Handle(m Message) {
	c := &Call{bot: b, msg: m}
	c.Hold()
	defer c.Release()
	if m.Sender.ID == b.account.ID() || b.seen.before(m) {
		return
	}
	for _, r := range b.o.Responders {
		if r.Respond(c) {
			return
		}
	}
	if !m.Chat.Private() && !m.Mentioned {
		return
	}
	cmd, ok := c.parse(b.commands)
	if !ok {
		return
	}
	if answer := cmd.run(c); answer != "" {
		c.Reply(Text(answer))
	}
}

func (b *Bot) maybeQuiet() {
	if b.Quiet() && b.o.OnQuiet != nil {
		b.o.OnQuiet()
	}
}

// seen remembers the last maxSeen messages.
type seen struct {
	ids  map[seenID]bool
	ring []seenID
	next int
}

type seenID struct {
	chat       Chat
	sender, id string
}

// before reports whether m was seen before, and remembers it.
func (s *seen) before(m Message) bool {
	if m.ID == "" {
		return false
	}
	key := seenID{m.Chat, m.Sender.ID, m.ID}
	if s.ids[key] {
		return true
	}
	if s.ids == nil {
		s.ids = map[seenID]bool{}
	}
	if len(s.ring) < maxSeen {
		s.ring = append(s.ring, key)
	} else {
		delete(s.ids, s.ring[s.next])
		s.ring[s.next] = key
		s.next = (s.next + 1) % maxSeen
	}
	s.ids[key] = true
	return false
}
