package bot

import (
	"fmt"
	"strconv"

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
	a.client.Send(webqqChat(to), webqq.TextContent(what.Text()), done)
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
