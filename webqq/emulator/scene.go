package emulator

import (
	"slices"
	"strconv"
)

// A Scene is what the service knows when it starts: one account and the
// people, groups and discussions around it. Every number in it is a real one,
// such as people know; the numbers of a session are drawn when it begins.
// Strings go out as they are, but on the pages of qun.qq.com, which wrote names
// for HTML: a nick that should hold an HTML entity elsewhere too, as some on the
// real service did, is written with it.
type Scene struct {
	Account     Account      `toml:"account"`
	Friends     []Friend     `toml:"friends"`
	Strangers   []Stranger   `toml:"strangers"` // members of groups who are no friends
	Groups      []Group      `toml:"groups"`
	Discussions []Discussion `toml:"discussions"`
	Behaviour   Behaviour    `toml:"behaviour"`
}

// An Account is the one that clients log in to.
type Account struct {
	QQ        int64  `toml:"qq"`
	Nick      string `toml:"nick"`      // empty: the number
	Password  string `toml:"password"`  // for the classic login
	Signature string `toml:"signature"` // the "long nick"
}

// A Friend is in the account's contact list.
type Friend struct {
	QQ         int64  `toml:"qq"`
	Nick       string `toml:"nick"`        // empty: the number
	Markname   string `toml:"markname"`    // what the account calls the friend; may be empty
	Category   string `toml:"category"`    // empty: the unnamed first one
	Status     string `toml:"status"`      // online, away, busy, callme, silent, offline, hidden; empty: online
	ClientType int    `toml:"client_type"` // 1-10 PC, 21-24 phone, 41 web; 0: 1
	Signature  string `toml:"signature"`
}

// A Stranger is known from a group only.
type Stranger struct {
	QQ   int64  `toml:"qq"`
	Nick string `toml:"nick"` // empty: the number
}

// A Group is a qun. Its number is the one people join it by; sessions see a
// gid and a code instead.
type Group struct {
	Number   int64             `toml:"number"`
	Name     string            `toml:"name"`
	Markname string            `toml:"markname"`
	Memo     string            `toml:"memo"`
	Mask     int               `toml:"mask"`    // 0 receive, 1 receive silently, 2 block: what the list says, nothing is kept back
	Owner    int64             `toml:"owner"`   // 0: the first member
	Members  []int64           `toml:"members"` // friends, strangers and the account, which must be one of them
	Admins   []int64           `toml:"admins"`
	Cards    map[string]string `toml:"cards"` // QQ to the name in this group
}

// A Discussion is a group without a number of its own; Number names it in
// commands and events.
type Discussion struct {
	Number  int64   `toml:"number"`
	Name    string  `toml:"name"`
	Owner   int64   `toml:"owner"` // 0: the first member
	Members []int64 `toml:"members"`
}

// Behaviour chooses between ways in which the real service behaved at
// different times, or to different accounts. The zero value is the friendly
// one.
type Behaviour struct {
	// BuddiesFirst makes poll2 answer 103 until get_online_buddies2 was called.
	BuddiesFirst bool `toml:"buddies_first"`
	// FriendUinClosed answers get_friend_uin2 with 404, as from April 2017.
	FriendUinClosed bool `toml:"friend_uin_closed"`
	// EmptyPtwebqq sets the cookie to nothing, as from April 2018.
	EmptyPtwebqq bool `toml:"empty_ptwebqq"`
	// Echo sends the account's own messages back through poll2, as SmartQQ
	// did from 2017-05-24.
	Echo bool `toml:"echo"`
	// Captcha makes the classic login ask for one.
	Captcha bool `toml:"captcha"`
	// Quiet is SmartQQ's reply to a poll without news: "error" (also empty)
	// for {"errmsg":"error","retcode":0}, "ok" for {"retcode":0,"result":"ok"},
	// "empty" for an empty body, "504" for nginx's page.
	Quiet string `toml:"quiet"`
	// SendReply is SmartQQ's reply to an accepted send: "both" (also empty)
	// for {"retcode":0,"errCode":0,"msg":"send ok"}, "errcode" for
	// {"errCode":0,"msg":"send ok"}, "1202", "100100".
	SendReply string `toml:"send_reply"`
}

// DefaultScene is the scene of a service that was given none: the account
// 10001 with the password "password", two friends, a group and a discussion.
func DefaultScene() *Scene {
	all := []int64{10001, 20002, 20003}
	return &Scene{
		Account:     Account{QQ: 10001, Nick: "bot", Password: "password"},
		Friends:     []Friend{{QQ: 20002, Nick: "friend"}, {QQ: 20003, Nick: "小明"}},
		Groups:      []Group{{Number: 900, Name: "测试群", Owner: 20002, Members: all}},
		Discussions: []Discussion{{Number: 700, Name: "讨论组", Owner: 20002, Members: slices.Clone(all)}},
	}
}

// A person is anyone a session has a number for.
type person struct {
	qq         int64
	nick       string
	status     string
	clientType int
	signature  string
}

// people lists everyone but the account: friends first, in the scene's order.
func (s *Scene) people() []person {
	var all []person
	for _, f := range s.Friends {
		all = append(all, person{f.QQ, nick(f.Nick, f.QQ), status(f.Status), max(f.ClientType, 1), f.Signature})
	}
	for _, p := range s.Strangers {
		all = append(all, person{p.QQ, nick(p.Nick, p.QQ), "online", 1, ""})
	}
	return all
}

// person finds anyone by number, the account too.
func (s *Scene) person(qq int64) (person, bool) {
	if qq == s.Account.QQ {
		return person{qq, nick(s.Account.Nick, qq), "online", 41, s.Account.Signature}, true
	}
	all := s.people()
	i := slices.IndexFunc(all, func(p person) bool { return p.qq == qq })
	if i < 0 {
		return person{}, false
	}
	return all[i], true
}

func nick(name string, qq int64) string {
	if name == "" {
		return strconv.FormatInt(qq, 10)
	}
	return name
}

func status(s string) string {
	if s == "" {
		return "online"
	}
	return s
}

func (s *Scene) friend(qq int64) *Friend {
	return find(s.Friends, func(f *Friend) bool { return f.QQ == qq })
}

func (s *Scene) group(number int64) *Group {
	return find(s.Groups, func(g *Group) bool { return g.Number == number })
}

func (s *Scene) discussion(number int64) *Discussion {
	return find(s.Discussions, func(d *Discussion) bool { return d.Number == number })
}

func find[T any](all []T, ok func(*T) bool) *T {
	for i := range all {
		if ok(&all[i]) {
			return &all[i]
		}
	}
	return nil
}

func (g *Group) owner() int64 {
	if g.Owner == 0 {
		return g.Members[0]
	}
	return g.Owner
}

func (g *Group) card(qq int64) string { return g.Cards[strconv.FormatInt(qq, 10)] }

func (d *Discussion) owner() int64 {
	if d.Owner == 0 {
		return d.Members[0]
	}
	return d.Owner
}

// categories are the names that friends are filed under. Number 0 is the
// unnamed one, which the service left out of its lists.
func (s *Scene) categories() []string {
	names := []string{""}
	for _, f := range s.Friends {
		if !slices.Contains(names, f.Category) {
			names = append(names, f.Category)
		}
	}
	return names
}

// clone copies what the service changes while it runs.
func (s *Scene) clone() *Scene {
	c := *s
	c.Friends = slices.Clone(s.Friends)
	return &c
}
