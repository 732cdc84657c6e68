package bot

import (
	"errors"
	"time"
)

// An Account is the bot's place in a service. Its methods are called on the
// loop's goroutine and must not block.
type Account interface {
	// ID is the account's own number. Messages from it are not answered.
	ID() string
	// Nick is the name by which people mention the bot.
	Nick() string
	// Send says something in a chat. It calls done once, on the loop's
	// goroutine and not before Send returns, when the service has accepted
	// the message or the account has given up. The error is nil, or wraps
	// ErrOffline or ErrOutcomeUnknown; any other is the service's refusal.
	Send(to Chat, what Content, done func(error))
}

// What an error of Account.Send may wrap. The difference decides whether a
// message may be sent again.
var (
	// ErrOffline is that nothing was sent, and nothing will be: the account is
	// not online. The message may be sent later.
	ErrOffline = errors.New("the account is offline")
	// ErrOutcomeUnknown is that the message went out and no answer came: it may
	// have been delivered. It is never sent again, since nothing annoys people
	// more than a bot that says everything three times.
	ErrOutcomeUnknown = errors.New("the message may have been sent")
)

// An EventType says what happened.
type EventType string

// What a bot hears of beside messages. The first four are about the account;
// the others are OneBot's notices and requests under their own names, such as
// "friend_add", "group_increase", "group_recall", "poke" or "friend" (a
// request), where Chat and Sender say where and who.
const (
	Online  EventType = "online"
	Offline EventType = "offline" // not reachable now; the client goes on trying
	Kicked  EventType = "kicked"  // logged in elsewhere, or put out by the service
	Ended   EventType = "ended"   // the client has given up: Text says why
)

// An Event is something that happened and is not a message.
type Event struct {
	Type   EventType
	Chat   Chat   // the zero value where there is none
	Sender Person // whom it is about; the zero value where nobody
	Text   string // the service's words for it, or the cause
	Time   time.Time
}
