package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/bot"
)

var kinds = []bot.ChatKind{bot.Friend, bot.Group, bot.Discuss, bot.Session}

// A Place is a chat, "group:900", or all chats of a kind, "group".
type Place struct {
	Kind bot.ChatKind
	ID   string // "" is any
}

// UnmarshalText reads text.
func (p *Place) UnmarshalText(text []byte) error {
	kind, id, one := strings.Cut(string(text), ":")
	if !slices.Contains(kinds, bot.ChatKind(kind)) || one && id == "" {
		return fmt.Errorf(`%q is no chat: such as "group:900", "friend:20002", or "group" for all groups`, text)
	}
	p.Kind, p.ID = bot.ChatKind(kind), id
	return nil
}

func (p Place) holds(c bot.Chat) bool { return p.Kind == c.Kind && (p.ID == "" || p.ID == c.ID) }

// A Target is where something is said: a chat, "group:900", of the account that
// heard it, or of another one, "main/group:900".
type Target struct {
	Account string // "" is the one that heard it
	Chat    bot.Chat
}

// UnmarshalText reads text.
func (t *Target) UnmarshalText(text []byte) error {
	account, chat, other := strings.Cut(string(text), "/")
	if !other {
		account, chat = "", account
	}
	var p Place
	if err := p.UnmarshalText([]byte(chat)); err != nil || p.ID == "" || other && account == "" {
		return fmt.Errorf(`%q is no place to say something: such as "group:900", or "main/friend:20002" for another account`, text)
	}
	t.Account, t.Chat = account, bot.Chat(p)
	return nil
}

// String returns "main/group:900".
func (t Target) String() string {
	chat := string(t.Chat.Kind) + ":" + t.Chat.ID
	if t.Account == "" {
		return chat
	}
	return t.Account + "/" + chat
}
