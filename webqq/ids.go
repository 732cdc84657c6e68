package webqq

import (
	"bytes"
	"fmt"
	"strconv"
)

// QQ is a person's real number. It never changes.
type QQ uint64

// UserID is a person's number in one session: a friend's, or that of somebody
// in a group. The service draws all of them anew at each login; Client keeps
// the ones of earlier logins usable for as long as it can tell whose they were.
type UserID uint64

// GroupID is a group's number in one session (gid).
type GroupID uint64

// GroupCode is the other number of a group, which only get_group_info_ext2
// asks for.
type GroupCode uint64

// DiscussID is a discussion's number (did).
type DiscussID uint64

// Kind says what sort of conversation a message belongs to.
type Kind uint8

// The kinds of conversation.
const (
	KindFriend  Kind = iota
	KindGroup        // a group (群)
	KindDiscuss      // a discussion (讨论组)
	KindSess         // somebody met in a group or a discussion, who is no friend
)

// String returns the protocol's word: "friend", "group", "discuss" or "sess".
func (k Kind) String() string {
	switch k {
	case KindFriend:
		return "friend"
	case KindGroup:
		return "group"
	case KindDiscuss:
		return "discuss"
	case KindSess:
		return "sess"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Chat names a conversation. It is comparable: a map's key.
type Chat struct {
	Kind    Kind
	User    UserID    // KindFriend and KindSess: the other person
	Group   GroupID   // KindGroup; KindSess: the group both are in, or 0
	Discuss DiscussID // KindDiscuss; KindSess: the discussion both are in, or 0
}

// FriendChat, GroupChat and DiscussChat return the chat with that number.
func FriendChat(id UserID) Chat     { return Chat{Kind: KindFriend, User: id} }
func GroupChat(id GroupID) Chat     { return Chat{Kind: KindGroup, Group: id} }
func DiscussChat(id DiscussID) Chat { return Chat{Kind: KindDiscuss, Discuss: id} }

// String returns the chat for a log: "group 4001".
func (c Chat) String() string {
	switch c.Kind {
	case KindGroup:
		return fmt.Sprintf("group %d", c.Group)
	case KindDiscuss:
		return fmt.Sprintf("discuss %d", c.Discuss)
	case KindSess:
		if c.Discuss != 0 {
			return fmt.Sprintf("sess %d of discuss %d", c.User, c.Discuss)
		}
		return fmt.Sprintf("sess %d of group %d", c.User, c.Group)
	}
	return fmt.Sprintf("friend %d", c.User)
}

// number reads a JSON number, or one in quotes: the service wrote the same
// field either way in different years. What is neither reads as 0, since one
// odd field must not cost the message around it.
type number uint64

func (n *number) UnmarshalJSON(text []byte) error {
	text = bytes.Trim(text, `"`)
	v, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		// 1.6e9, and the -1 that stands for "none" in some replies.
		f, ferr := strconv.ParseFloat(string(text), 64)
		if ferr != nil || f < 0 || f >= 1<<63 {
			f = 0
		}
		v = uint64(f)
	}
	*n = number(v)
	return nil
}
