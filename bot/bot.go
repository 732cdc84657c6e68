package bot

import (
	"cmp"
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

	// Name is the account's name among several: see Bots.
	Name string
	// Bots are the bots of the process that may speak through one another.
	Bots *Bots
	// Store keeps what must outlive the process. Nil: nothing does.
	Store Store
	// MaxAge is how old a message may become that waits for the account, or for
	// its answer across a restart; then it is dropped. Zero means an hour.
	MaxAge time.Duration
	// MaxText is the longest text of one message in bytes; a longer one is said
	// in pieces. Zero means 3000. The account may have to cut again.
	MaxText int
	// ChatRate and AccountRate limit how often the bot speaks in one chat, and
	// in all of them. Zero means no limit.
	ChatRate, AccountRate Rate

	// Location is the time zone of the time command. Nil means time.Local.
	Location *time.Location
	// Logger hears of failed sends and of a failing store. Nil means silence.
	Logger *slog.Logger

	// OnDone is called on the loop's goroutine, once for each message given to
	// Handle, when all its answers were accepted, given up, or kept until the
	// account is online; a reminder that it set is not waited for. It may be
	// called inside Handle.
	OnDone func(Message)
	// OnEvent is called on the loop's goroutine for each Event.
	OnEvent func(Event)
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
	journal  *journal
	outbox   outbox
	expected map[corner]*expectation
	keys     uint64
	// open counts the messages and sends that are under way, reminders those
	// that wait, by person.
	open      int
	reminders map[string]int
	waiting   int
	fetches   int
}

// New returns a bot that answers through a. What Options.Store holds of an
// earlier process is read here, and taken up in the loop's next turn.
func New(l *loop.Loop, a Account, o Options) *Bot {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.UserAgent = cmp.Or(o.UserAgent, "qqloop")
	o.MaxReminders = cmp.Or(o.MaxReminders, 5)
	o.MaxDelay = cmp.Or(o.MaxDelay, 24*time.Hour)
	o.MaxAge = cmp.Or(o.MaxAge, defaultMaxAge)
	o.MaxText = cmp.Or(o.MaxText, defaultMaxText)
	if o.Location == nil {
		o.Location = time.Local
	}
	b := &Bot{
		loop: l, account: a, o: o, log: o.Logger, started: l.Time(),
		commands: table(o.Fetch != nil), reminders: map[string]int{}, expected: map[corner]*expectation{},
	}
	b.journal = newJournal(l, o.Store, b.log)
	if o.Bots != nil {
		o.Bots.join(b)
	}
	b.outbox = outbox{b: b, pacer: newPacer(o.ChatRate, o.AccountRate, b.log)}
	b.resume()
	return b
}

// Quiet reports whether nothing is left to do, waiting reminders and messages
// included.
func (b *Bot) Quiet() bool {
	return b.open == 0 && b.waiting == 0 && len(b.outbox.queue) == 0 && b.outbox.flying == nil
}

// Busy reports whether a message, a send or a fetch is under way. Reminders
// do not count.
func (b *Bot) Busy() bool { return b.open > 0 }

func (b *Bot) maybeQuiet() {
	if b.Quiet() && b.o.OnQuiet != nil {
		b.o.OnQuiet()
	}
}
