package bot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qqloop/qqloop/onebot"
)

// OneBot is an Account on an implementation of OneBot 11.
type OneBot struct {
	client *onebot.Client
	nick   string
	told   EventType // by Change, last
}

// NewOneBot returns the account of client. nick is the name by which people
// mention the bot in plain text; "" means the account's own. A mention of the
// account is known without it.
func NewOneBot(client *onebot.Client, nick string) *OneBot {
	return &OneBot{client: client, nick: nick}
}

// ID implements Account. It is "" until the client has connected once.
func (a *OneBot) ID() string {
	if id := a.client.Account(); id != 0 {
		return id.String()
	}
	return ""
}

// Nick implements Account.
func (a *OneBot) Nick() string {
	if a.nick != "" {
		return a.nick
	}
	return a.client.Nick()
}

// Send implements Account.
func (a *OneBot) Send(to Chat, what Content, done func(error)) {
	message := make(onebot.Message, len(what))
	for i, s := range what {
		message[i] = onebot.Segment(s)
	}
	a.client.Send(onebotChat(to), message, func(_ onebot.ID, err error) { done(onebotError(err)) })
}

// onebotError says what a failed send means to a bot. That the outcome is not
// known is asked first: a connection that was lost after the message had left
// is both.
func onebotError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, onebot.ErrOutcomeUnknown):
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	case errors.Is(err, onebot.ErrOffline), errors.Is(err, onebot.ErrNotConnected), errors.Is(err, onebot.ErrStopped),
		errors.Is(err, onebot.ErrQueueFull):
		return fmt.Errorf("%w: %w", ErrOffline, err)
	}
	return err
}

// Message turns what the client heard into what a Bot handles.
func (a *OneBot) Message(e onebot.Event) Message {
	content := make(Content, len(e.Message))
	for i, s := range e.Message {
		content[i] = Segment(s)
	}
	chat := chatOfOneBot(e.Chat())
	text, mentioned := content.Text(), false
	if !chat.Private() {
		if text, mentioned = a.mention(content); !mentioned {
			text, mentioned = Mention(content.Text(), a.Nick())
		}
	}
	return Message{
		// The number alone may come again: it is 32 bits wide, and a hash.
		ID:        fmt.Sprintf("%d.%d", e.MessageID, e.Time),
		Chat:      chat,
		Sender:    onebotPerson(e),
		Content:   content,
		Text:      text,
		Mentioned: mentioned,
		Time:      e.At(),
	}
}

// mention looks for a segment that mentions the account. It returns the text
// without the blanks that stood around it.
func (a *OneBot) mention(content Content) (text string, ok bool) {
	self := a.ID()
	var b strings.Builder
	for i, s := range content {
		switch {
		case s.Type == "text":
			piece := s.Data["text"]
			if i > 0 && content[i-1].Type == "at" && content[i-1].Data["qq"] == self {
				piece = strings.TrimPrefix(piece, " ") // which QQ puts there
			}
			b.WriteString(piece)
		case s.Type == "at" && s.Data["qq"] == self && self != "":
			ok = true
		}
	}
	return strings.TrimSpace(b.String()), ok
}

// Event turns a notice or a request into what a Bot handles. Its Type is the
// finest name that OneBot has for it: "poke" rather than "notify". A
// request's is "friend" or "group", and its Text the comment.
func (a *OneBot) Event(e onebot.Event) Event {
	name := e.NoticeType
	switch e.PostType {
	case "request":
		name = e.RequestType
	case "notice":
		if name == "notify" && e.SubType != "" {
			name = e.SubType
		}
	}
	text := e.Comment
	if text == "" && name != e.SubType {
		text = e.SubType
	}
	return Event{
		Type:   EventType(name),
		Chat:   chatOfOneBot(e.Chat()),
		Sender: onebotPerson(e),
		Text:   text,
		Time:   e.At(),
	}
}

// Change turns a change of the client's state into an event, and returns
// false where a bot need not hear of it.
func (a *OneBot) Change(ch onebot.Change, now time.Time) (Event, bool) {
	e := Event{Time: now}
	if ch.Err != nil {
		e.Text = ch.Err.Error()
	}
	switch ch.State {
	case onebot.Online:
		e.Type = Online
	case onebot.Waiting:
		e.Type = Offline
	case onebot.AccountOffline:
		e.Type = Offline
		var why *onebot.OfflineError
		if errors.As(ch.Err, &why) && why.Kicked {
			e.Type = Kicked
		}
	case onebot.Stopped:
		if ch.Err == nil {
			return Event{}, false
		}
		e.Type = Ended
	default:
		return Event{}, false
	}
	// Each attempt to connect that fails is a change of the client; a bot hears
	// of the first. After a kick the connection may go, too: that is no news.
	if e.Type == a.told || e.Type == Offline && a.told == Kicked {
		return Event{}, false
	}
	a.told = e.Type
	return e, true
}

func onebotPerson(e onebot.Event) Person {
	if e.UserID == 0 {
		return Person{}
	}
	return Person{ID: e.UserID.String(), Name: e.Sender.Name(), Role: Role(e.Sender.Role)}
}

// chatOfOneBot and onebotChat translate a chat there and back.
func chatOfOneBot(c onebot.Chat) Chat {
	switch {
	case c.Temporary:
		return Chat{Session, fmt.Sprintf("%d.%d", c.User, c.Group)}
	case c.Group != 0:
		return Chat{Group, c.Group.String()}
	case c.User != 0:
		return Chat{Friend, c.User.String()}
	}
	return Chat{}
}

// onebotChat returns a chat that nobody knows for an ID that chatOfOneBot did
// not make; the service then refuses the send.
func onebotChat(c Chat) onebot.Chat {
	var chat onebot.Chat
	switch c.Kind {
	case Group:
		fmt.Sscanf(c.ID, "%d", &chat.Group)
	case Session:
		chat.Temporary = true
		fmt.Sscanf(c.ID, "%d.%d", &chat.User, &chat.Group)
	default:
		fmt.Sscanf(c.ID, "%d", &chat.User)
	}
	return chat
}
