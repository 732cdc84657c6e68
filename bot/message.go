package bot

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ChatKind says what sort of conversation a Chat is.
type ChatKind string

// The kinds, in the words of the command's contract.
const (
	Friend  ChatKind = "friend"  // one person, who is a contact
	Session ChatKind = "sess"    // one person, met in a group
	Group   ChatKind = "group"   // a group
	Discuss ChatKind = "discuss" // a discussion: a group without a number
)

// Chat names a conversation: where a message came from and where the answer
// goes. The ID is the service's; to a bot it is opaque.
type Chat struct {
	Kind ChatKind
	ID   string
}

// Private reports whether the bot and one person are alone in the chat.
func (c Chat) Private() bool { return c.Kind == Friend || c.Kind == Session }

// String returns "friend 20002".
func (c Chat) String() string { return string(c.Kind) + " " + c.ID }

// A Role is a person's place in a group.
type Role string

// The roles of OneBot 11. "" is not known: WebQQ does not tell.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
)

// A Person is who said something. The ID is the service's number.
type Person struct {
	ID   string
	Name string // what the chat shows: the card in the group, else the nick; "" if not known
	Role Role   // in the group
}

// A Message is something that a person said.
type Message struct {
	// ID is unique among the sender's messages in the chat. A service that
	// delivers a message twice gives both the same. "" is never a repetition.
	ID     string
	Chat   Chat
	Sender Person
	// Content is what was said, piece by piece. It is not changed.
	Content Content
	// Text is the text of Content, a mention of the bot taken out: see Mention.
	Text      string
	Mentioned bool
	Time      time.Time
}

// Mention looks for "@nick" at the beginning or the end of text, as QQ writes
// a mention: in plain text, with a blank behind it. It returns text without
// it. "@bottom" does not mention bot.
func Mention(text, nick string) (rest string, ok bool) {
	if nick == "" {
		return text, false
	}
	at := "@" + nick
	if after, ok := strings.CutPrefix(strings.TrimLeftFunc(text, unicode.IsSpace), at); ok {
		r, size := utf8.DecodeRuneInString(after)
		switch {
		case size == 0:
			return "", true
		case unicode.IsSpace(r), strings.ContainsRune(",:，：", r):
			return after[size:], true
		}
	}
	before, ok := strings.CutSuffix(strings.TrimRightFunc(text, unicode.IsSpace), at)
	if r, size := utf8.DecodeLastRuneInString(before); ok && unicode.IsSpace(r) {
		return before[:len(before)-size], true
	}
	return text, false
}
