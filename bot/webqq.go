package bot

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// WebQQ is an Account on the WebQQ or SmartQQ service.
type WebQQ struct {
	client *webqq.Client
	nick   string
}

// NewWebQQ returns the account of client. nick is the name by which people
// mention the bot; "" means the account's own, as the service tells it.
func NewWebQQ(client *webqq.Client, nick string) *WebQQ {
	return &WebQQ{client: client, nick: nick}
}

// ID implements Account.
func (a *WebQQ) ID() string { return strconv.FormatUint(uint64(a.client.Account()), 10) }

// Nick implements Account.
func (a *WebQQ) Nick() string {
	if a.nick != "" {
		return a.nick
	}
	return a.client.Nick()
}

// Send implements Account.
func (a *WebQQ) Send(to Chat, what Content, done func(error)) {
	a.client.Send(webqqChat(to), webqq.TextContent(what.Text()), func(err error) { done(webqqError(err)) })
}

// webqqError says what a failed send means to a bot. A request of which no byte
// was written may be made again, unless pieces of the message went before it.
func webqqError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, webqq.ErrOutcomeUnknown):
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	if e, ok := errors.AsType[*webqq.SendError](err); ok && e.Accepted > 0 {
		return err
	}
	for _, offline := range []error{webqq.ErrNotLoggedIn, webqq.ErrStopped, webqq.ErrKicked, webqq.ErrQueueFull} {
		if errors.Is(err, offline) {
			return fmt.Errorf("%w: %w", ErrOffline, err)
		}
	}
	if e, ok := errors.AsType[*sched.Error](err); ok && !e.Sent {
		return fmt.Errorf("%w: %w", ErrOffline, err)
	}
	return err
}

// Change turns a change of the client's state into an event, and returns false
// where a bot need not hear of it.
func (a *WebQQ) Change(ch webqq.Change, now time.Time) (Event, bool) {
	e := Event{Time: now}
	if ch.Err != nil {
		e.Text = ch.Err.Error()
	}
	switch {
	case ch.State == webqq.Online:
		e.Type = Online
	case errors.Is(ch.Err, webqq.ErrKicked):
		e.Type = Kicked
	case ch.State == webqq.Waiting:
		e.Type = Offline
	case ch.State == webqq.Offline && ch.Err != nil:
		e.Type = Ended
	default:
		return Event{}, false
	}
	return e, true
}

// Message turns what the client heard into what a Bot handles.
func (a *WebQQ) Message(m webqq.Message) Message {
	content := Text(m.Text())
	text, mentioned := content.Text(), false
	chat := chatOf(m.Chat)
	if !chat.Private() {
		text, mentioned = Mention(text, a.Nick())
	}
	return Message{
		// The sender's client chose the first two numbers, and may choose them
		// again later.
		ID:        fmt.Sprintf("%d.%d.%d", m.ID, m.ID2, m.Time.Unix()),
		Chat:      chat,
		Sender:    Person{ID: strconv.FormatUint(uint64(m.Sender), 10)},
		Content:   content,
		Text:      text,
		Mentioned: mentioned,
		Time:      m.Time,
	}
}

// chatOf and webqqChat translate a chat there and back. The ID holds the
// numbers that make the chat, the other person's first.
func chatOf(c webqq.Chat) Chat {
	switch c.Kind {
	case webqq.KindGroup:
		return Chat{Group, fmt.Sprint(uint64(c.Group))}
	case webqq.KindDiscuss:
		return Chat{Discuss, fmt.Sprint(uint64(c.Discuss))}
	case webqq.KindSess:
		return Chat{Session, fmt.Sprintf("%d.%d.%d", c.User, c.Group, c.Discuss)}
	}
	return Chat{Friend, fmt.Sprint(uint64(c.User))}
}

// webqqChat returns a chat that nobody knows for an ID that chatOf did not
// make; the client then refuses the send.
func webqqChat(c Chat) webqq.Chat {
	n, _ := strconv.ParseUint(c.ID, 10, 64)
	switch c.Kind {
	case Group:
		return webqq.GroupChat(webqq.GroupID(n))
	case Discuss:
		return webqq.DiscussChat(webqq.DiscussID(n))
	case Session:
		chat := webqq.Chat{Kind: webqq.KindSess}
		fmt.Sscanf(c.ID, "%d.%d.%d", &chat.User, &chat.Group, &chat.Discuss)
		return chat
	}
	return webqq.FriendChat(webqq.UserID(n))
}
