package onebot

import (
	"fmt"
	"strconv"
)

// An ID is a number of QQ: of a person, a group or a message. A message's is
// 32 bits wide, may be negative, and may come again in time. Implementations
// send numbers or strings; both are read.
type ID int64

// UnmarshalJSON reads a number, a string that holds one, or null and "",
// which are 0.
func (id *ID) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(s) >= 2 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	if s == "" || s == "null" {
		*id = 0
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%.40s is no number of 64 bits", b)
	}
	*id = ID(n)
	return nil
}

// String returns the digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// A Chat is a conversation: of a group if Group is set, else with one person.
// Both are set for somebody who is no friend and was met in that group.
type Chat struct {
	User, Group ID
	Temporary   bool // with User, who was met in Group
}

// Private returns the chat with a friend.
func Private(user ID) Chat { return Chat{User: user} }

// Group returns the chat of a group.
func Group(group ID) Chat { return Chat{Group: group} }

// InGroup reports whether the whole group reads what is said.
func (c Chat) InGroup() bool { return c.Group != 0 && !c.Temporary }

// String returns "group 900", "user 20002", or "user 20002 of group 900".
func (c Chat) String() string {
	switch {
	case c.Temporary:
		return fmt.Sprintf("user %d of group %d", c.User, c.Group)
	case c.Group != 0:
		return fmt.Sprintf("group %d", c.Group)
	}
	return fmt.Sprintf("user %d", c.User)
}
