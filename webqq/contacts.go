package webqq

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"
)

// A Friend is somebody on the friend list.
type Friend struct {
	ID       UserID
	Nick     string // his own name for himself
	Mark     string // the account's name for him, or ""
	Category string
	Status   string // "online", "away", ..., "" for offline or not known
}

// Name returns the mark if there is one, else the nick.
func (f Friend) Name() string { return cmp.Or(f.Mark, f.Nick) }

// A Group is a group that the account is in.
type Group struct {
	ID      GroupID
	Code    GroupCode
	Name    string
	Mark    string   // the account's name for it, or ""
	Members []Member // nil until they were fetched

	asked time.Time // when Members were last asked for
}

// A Discuss is a discussion that the account is in.
type Discuss struct {
	ID      DiscussID
	Name    string
	Members []Member // nil until they were fetched

	asked time.Time
}

// A Member is somebody in a group or a discussion.
type Member struct {
	ID           UserID
	QQ           QQ // known in discussions only, else 0
	Nick         string
	Card         string // his name in this group, or ""
	Admin, Owner bool
}

// Name returns the card if there is one, else the nick.
func (m Member) Name() string { return cmp.Or(m.Card, m.Nick) }

// A roster is everybody a session knows.
type roster struct {
	friends   map[UserID]*Friend
	groups    map[GroupID]*Group
	discusses map[DiscussID]*Discuss
	numbers   map[UserID]QQ // from get_friend_uin2
	fetched   map[Kind]bool // which lists the service has given
}

func newRoster() *roster {
	return &roster{
		friends:   make(map[UserID]*Friend),
		groups:    make(map[GroupID]*Group),
		discusses: make(map[DiscussID]*Discuss),
		numbers:   make(map[UserID]QQ),
		fetched:   make(map[Kind]bool),
	}
}

func (r *roster) setFriends(list []Friend) {
	r.fetched[KindFriend] = true
	old := r.friends
	r.friends = make(map[UserID]*Friend, len(list))
	for _, f := range list {
		if was := old[f.ID]; was != nil {
			f.Status = was.Status
		}
		r.friends[f.ID] = &f
	}
}

func (r *roster) setGroups(list []Group) {
	r.fetched[KindGroup] = true
	old := r.groups
	r.groups = make(map[GroupID]*Group, len(list))
	for _, g := range list {
		if was := old[g.ID]; was != nil {
			g.Members, g.asked = was.Members, was.asked
		}
		r.groups[g.ID] = &g
	}
}

func (r *roster) setDiscusses(list []Discuss) {
	r.fetched[KindDiscuss] = true
	old := r.discusses
	r.discusses = make(map[DiscussID]*Discuss, len(list))
	for _, d := range list {
		if was := old[d.ID]; was != nil {
			d.Members, d.asked = was.Members, was.asked
		}
		r.discusses[d.ID] = &d
	}
}

// member finds somebody in the chat's own list of members.
func (r *roster) member(chat Chat, id UserID) (Member, bool) {
	var members []Member
	if g := r.groups[chat.Group]; g != nil && chat.Group != 0 {
		members = g.Members
	} else if d := r.discusses[chat.Discuss]; d != nil && chat.Discuss != 0 {
		members = d.Members
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return members[i], true
}

// number returns the real number of a person if some reply told it.
func (r *roster) number(id UserID) (QQ, bool) {
	if n, ok := r.numbers[id]; ok {
		return n, true
	}
	for _, d := range r.discusses {
		for _, m := range d.Members {
			if m.ID == id && m.QQ != 0 {
				return m.QQ, true
			}
		}
	}
	return 0, false
}

// pastRosters is how many sessions back a chat's number is still understood.
const pastRosters = 8

// translate returns chat with the numbers of the session of now, given the
// rosters of the past, newest first. A service that draws all numbers anew at
// each login would otherwise make every reminder and every answer under way
// undeliverable; names stay, and a name that only one chat has will do. It
// reports false for a chat of a past session that cannot be found again.
func translate(chat Chat, now *roster, past []*roster) (Chat, bool) {
	if chat.Kind == KindSess || now.has(chat) {
		return chat, true
	}
	for _, then := range past {
		if !then.has(chat) {
			continue
		}
		var found []Chat
		name := then.name(chat)
		for other := range now.chats(chat.Kind) {
			if now.name(other) == name {
				found = append(found, other)
			}
		}
		if len(found) == 1 && name != "" && then.only(chat.Kind, name) {
			return found[0], true
		}
		return chat, false
	}
	return chat, true // of no list we saw: the service has to judge
}

// lacks reports whether a list is missing, so that nobody can say that a chat is
// not in it.
func (r *roster) lacks() bool {
	return !r.fetched[KindFriend] || !r.fetched[KindGroup] || !r.fetched[KindDiscuss]
}

// only reports whether just one chat of that kind has that name.
func (r *roster) only(kind Kind, name string) bool {
	n := 0
	for c := range r.chats(kind) {
		if r.name(c) == name {
			n++
		}
	}
	return n == 1
}

func (r *roster) has(chat Chat) bool {
	switch chat.Kind {
	case KindFriend:
		return r.friends[chat.User] != nil
	case KindGroup:
		return r.groups[chat.Group] != nil
	case KindDiscuss:
		return r.discusses[chat.Discuss] != nil
	}
	return false
}

// name returns what a chat keeps over logins.
func (r *roster) name(chat Chat) string {
	switch chat.Kind {
	case KindFriend:
		f := r.friends[chat.User]
		return f.Nick + "\x00" + f.Mark
	case KindGroup:
		return r.groups[chat.Group].Name
	case KindDiscuss:
		return r.discusses[chat.Discuss].Name
	}
	return ""
}

func (r *roster) chats(kind Kind) iter.Seq[Chat] {
	return func(yield func(Chat) bool) {
		switch kind {
		case KindFriend:
			for id := range r.friends {
				if !yield(FriendChat(id)) {
					return
				}
			}
		case KindGroup:
			for id := range r.groups {
				if !yield(GroupChat(id)) {
					return
				}
			}
		case KindDiscuss:
			for id := range r.discusses {
				if !yield(DiscussChat(id)) {
					return
				}
			}
		}
	}
}

// Account returns the account's own number, once it is known.
func (c *Client) Account() QQ { return c.session.UIN }

// Nick returns the account's own name, once it is known.
func (c *Client) Nick() string { return c.session.Nick }

// Friends returns the friend list as it is now, by number.
func (c *Client) Friends() []Friend {
	return list(c.roster.friends)
}

// Groups returns the groups as they are now, by number. Their Members are
// shared: read only.
func (c *Client) Groups() []Group {
	return list(c.roster.groups)
}

// Discusses returns the discussions as they are now, by number.
func (c *Client) Discusses() []Discuss {
	return list(c.roster.discusses)
}

func list[K ~uint64, V any](m map[K]*V) []V {
	out := make([]V, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, *m[id])
	}
	return out
}

// Friend returns a friend by his number.
func (c *Client) Friend(id UserID) (Friend, bool) {
	if chat, ok := translate(FriendChat(id), c.roster, c.past); ok {
		if f := c.roster.friends[chat.User]; f != nil {
			return *f, true
		}
	}
	return Friend{}, false
}

// Group returns a group by its number.
func (c *Client) Group(id GroupID) (Group, bool) {
	if chat, ok := translate(GroupChat(id), c.roster, c.past); ok {
		if g := c.roster.groups[chat.Group]; g != nil {
			return *g, true
		}
	}
	return Group{}, false
}

// Discuss returns a discussion by its number.
func (c *Client) Discuss(id DiscussID) (Discuss, bool) {
	if chat, ok := translate(DiscussChat(id), c.roster, c.past); ok {
		if d := c.roster.discusses[chat.Discuss]; d != nil {
			return *d, true
		}
	}
	return Discuss{}, false
}

// Member returns somebody in the group or the discussion of chat.
func (c *Client) Member(chat Chat, id UserID) (Member, bool) {
	return c.roster.member(chat, id)
}

// NameOf returns the name that people in chat see for id: the card in a group,
// the account's mark for a friend, the nick; or "" for somebody unknown.
func (c *Client) NameOf(chat Chat, id UserID) string {
	if m, ok := c.roster.member(chat, id); ok {
		return m.Name()
	}
	if f, ok := c.Friend(id); ok {
		return f.Name()
	}
	return ""
}

// ChatName returns the name of a group or a discussion, or of the person.
func (c *Client) ChatName(chat Chat) string {
	switch chat.Kind {
	case KindGroup:
		g, _ := c.Group(chat.Group)
		return cmp.Or(g.Mark, g.Name)
	case KindDiscuss:
		d, _ := c.Discuss(chat.Discuss)
		return d.Name
	}
	return c.NameOf(chat, chat.User)
}
