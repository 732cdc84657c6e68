package bot

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// ErrOutboxFull is that too many messages wait to be sent.
var ErrOutboxFull = errors.New("too many messages wait to be sent")

// maxOutbox bounds the messages that wait. retryFirst and retryMost are how long
// an account that is offline is left alone, if no event says that it is back.
const (
	maxOutbox  = 1000
	retryFirst = 5 * time.Second
	retryMost  = 5 * time.Minute
)

// An outgoing is a message on its way out, and its entry in the store.
type outgoing struct {
	To     Chat
	What   Content
	Made   time.Time
	Flight bool // it is being sent, or was when the process ended

	key  string
	done func(error) // nil: told, or nobody asked
}

// An outbox sends messages one at a time, in order, each durable before it
// goes.
type outbox struct {
	b      *Bot
	queue  []*outgoing // what waits
	flying *outgoing   // what is being sent, or about to be
	pacer  pacer
	paused *loop.Timer // until the account is tried again, or a rate allows more
	away   time.Duration
	full   bool // the log was told
}

func (o *outgoing) start() string { return start(o.What.Text()) }

// put takes what over, together with other changes, in pieces if it is long.
// done is called when all of it was accepted or given up, or is kept for later,
// with the first error.
func (x *outbox) put(changes []Change, to Chat, what Content, done func(error)) {
	if len(x.queue) >= maxOutbox {
		if !x.full {
			x.b.log.Warn("too many messages wait: more are dropped until there is room", "chat", to.String(), "text", start(what.Text()), "waiting", len(x.queue))
			x.full = true
		}
		x.b.journal.save(changes, nil)
		x.b.loop.AddCallback(func() { done(ErrOutboxFull) })
		return
	}
	x.full = false
	pieces := split(what, x.b.o.MaxText)
	if len(pieces) == 0 { // blanks: the service says what it thinks of them
		pieces = []Content{what}
	}
	if len(pieces) > 1 {
		done = lastOf(len(pieces), done)
	}
	var fresh []*outgoing
	for _, piece := range pieces {
		fresh = append(fresh, &outgoing{To: to, What: piece, Made: x.b.loop.Wall(), key: x.b.nextKey(), done: done})
	}
	x.queue = append(x.queue, fresh...)
	x.pump(changes, fresh...)
}

// lastOf returns a function that calls done, the n-th time, with the first error.
func lastOf(n int, done func(error)) func(error) {
	var first error
	return func(err error) {
		if first == nil {
			first = err
		}
		if n--; n == 0 {
			done(first)
		}
	}
}

// pump sends the next message, if it may go. The fresh ones are not in the store
// yet. Everything goes into one save.
func (x *outbox) pump(changes []Change, fresh ...*outgoing) {
	o := x.take()
	for _, f := range fresh {
		if f != o {
			changes = append(changes, x.entry(f))
		}
	}
	if o == nil {
		x.b.journal.save(changes, nil)
		return
	}
	x.flying = o
	o.Flight = true
	x.b.journal.save(append(changes, x.entry(o)), func() {
		x.b.account.Send(o.To, o.What, func(err error) { x.sent(o, err) })
	})
}

// take removes from the queue the first message that may go now.
func (x *outbox) take() *outgoing {
	if x.flying != nil || x.away > 0 && x.paused != nil || len(x.queue) == 0 {
		return nil
	}
	x.stopTimer()
	i, wait := x.pacer.pick(x.b.loop.Time(), x.queue)
	if i < 0 {
		x.pauseFor(wait)
		return nil
	}
	o := x.queue[i]
	x.queue = slices.Delete(x.queue, i, i+1)
	return o
}

func (x *outbox) stopTimer() {
	if x.paused != nil {
		x.paused.Stop()
		x.paused = nil
	}
}

func (x *outbox) pauseFor(d time.Duration) {
	x.stopTimer()
	x.paused = x.b.loop.CallLater(d, func() {
		x.paused = nil
		x.pump(x.expire())
		x.b.maybeQuiet()
	})
}

// sent decides what becomes of a message that the account is done with.
func (x *outbox) sent(o *outgoing, err error) {
	x.flying = nil
	b := x.b
	switch {
	case err == nil:
		x.away = 0
	case errors.Is(err, ErrOutcomeUnknown):
		b.log.Warn("a message may have been sent, and is not sent again", "chat", o.To.String(), "text", o.start(), "err", err)
	case errors.Is(err, ErrOffline):
		x.postpone(o, err)
		return
	default:
		b.log.Warn("the answer was not accepted", "chat", o.To.String(), "text", o.start(), "err", err)
	}
	x.pump([]Change{x.removal(o)})
	if !o.tell(err) {
		b.maybeQuiet()
	}
}

// postpone keeps a message that was not sent, at the head of the queue.
func (x *outbox) postpone(o *outgoing, err error) {
	b := x.b
	o.Flight = false
	x.queue = slices.Insert(x.queue, 0, o)
	if x.away == 0 {
		b.log.Warn("the account is offline: messages wait", "chat", o.To.String(), "text", o.start(), "err", err)
	}
	x.away = min(max(2*x.away, retryFirst), retryMost)
	x.pauseFor(x.away)
	b.journal.save(append(x.expire(), x.entries(o)...), nil)
	o.tell(err)
}

// entries returns o's entry if it still waits.
func (x *outbox) entries(o *outgoing) []Change {
	if !slices.Contains(x.queue, o) {
		return nil
	}
	return []Change{x.entry(o)}
}

// expire drops what has waited for too long.
func (x *outbox) expire() (changes []Change) {
	now := x.b.loop.Wall()
	x.queue = slices.DeleteFunc(x.queue, func(o *outgoing) bool {
		old := now.Sub(o.Made) > x.b.o.MaxAge
		if old {
			x.b.log.Warn("a message waited too long and is dropped", "chat", o.To.String(), "text", o.start(), "waited", now.Sub(o.Made).Round(time.Second))
			changes = append(changes, x.removal(o))
			if o.done != nil {
				x.b.loop.AddCallback(func() { o.tell(ErrOffline) })
			}
		}
		return old
	})
	return changes
}

// online tries at once what waits.
func (x *outbox) online() {
	if x.away == 0 {
		return
	}
	x.away = 0
	x.stopTimer()
	x.pump(x.expire())
}

// load takes over what an earlier process left. What was in flight may have
// been said: it is not said again.
func (x *outbox) load(entries []Entry) {
	for _, e := range entries {
		x.b.noteKey(e.Key)
		o := &outgoing{key: e.Key}
		if err := json.Unmarshal(e.Value, o); err != nil {
			x.b.drop("outbox", e.Key, err)
			continue
		}
		if o.Flight {
			x.b.drop("outbox", e.Key, ErrOutcomeUnknown, "chat", o.To.String(), "text", o.start())
			continue
		}
		x.queue = append(x.queue, o)
	}
	x.b.journal.save(x.expire(), nil)
}

func (x *outbox) entry(o *outgoing) Change {
	return Change{x.b.table("outbox"), o.key, encode(o)}
}

func (x *outbox) removal(o *outgoing) Change {
	return Change{Table: x.b.table("outbox"), Key: o.key}
}

// tell says, once, what became of the message, and whether there was anybody to
// tell.
func (o *outgoing) tell(err error) bool {
	done := o.done
	o.done = nil
	if done != nil {
		done(err)
	}
	return done != nil
}
