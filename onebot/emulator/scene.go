package emulator

import (
	"slices"
	"strconv"
)

// A Scene is what the service knows when it starts: one account and the people
// and groups around it.
type Scene struct {
	Account   Person
	Friends   []Friend
	Strangers []Person // members of groups who are no friends
	Groups    []Group
}

// A Person is somebody with a number. An empty nick stands for the number.
type Person struct {
	QQ   int64
	Nick string
}

// A Friend is in the account's contact list.
type Friend struct {
	QQ     int64
	Nick   string
	Remark string // what the account calls the friend; may be empty
}

// A Group is a group. Owner 0 is the first member.
type Group struct {
	Number  int64
	Name    string
	Owner   int64
	Admins  []int64
	Members []int64          // the account too
	Cards   map[int64]string // the names in this group
}

// DefaultScene is the scene of a service that was given none: the account 10001,
// two friends, and a group of all three.
func DefaultScene() *Scene {
	return &Scene{
		Account: Person{10001, "bot"},
		Friends: []Friend{{QQ: 20002, Nick: "friend"}, {QQ: 20003, Nick: "小明"}},
		Groups:  []Group{{Number: 900, Name: "测试群", Owner: 20002, Members: []int64{10001, 20002, 20003}}},
	}
}

// clone copies what the service changes while it runs.
func (s *Scene) clone() *Scene {
	c := *s
	c.Groups = slices.Clone(s.Groups)
	for i := range c.Groups {
		cards := map[int64]string{}
		for qq, card := range c.Groups[i].Cards {
			cards[qq] = card
		}
		c.Groups[i].Cards = cards
	}
	return &c
}

func nick(name string, qq int64) string {
	if name == "" {
		return strconv.FormatInt(qq, 10)
	}
	return name
}

// nick finds anyone's name, the account's too.
func (s *Scene) nick(qq int64) (string, bool) {
	if f := s.friend(qq); f != nil {
		return nick(f.Nick, qq), true
	}
	for _, p := range append([]Person{s.Account}, s.Strangers...) {
		if p.QQ == qq {
			return nick(p.Nick, qq), true
		}
	}
	return "", false
}

func (s *Scene) friend(qq int64) *Friend {
	i := slices.IndexFunc(s.Friends, func(f Friend) bool { return f.QQ == qq })
	if i < 0 {
		return nil
	}
	return &s.Friends[i]
}

func (s *Scene) group(number int64) *Group {
	i := slices.IndexFunc(s.Groups, func(g Group) bool { return g.Number == number })
	if i < 0 {
		return nil
	}
	return &s.Groups[i]
}

// role is "owner", "admin" or "member".
func (g *Group) role(qq int64) string {
	switch {
	case qq == g.Owner, g.Owner == 0 && len(g.Members) > 0 && qq == g.Members[0]:
		return "owner"
	case slices.Contains(g.Admins, qq):
		return "admin"
	}
	return "member"
}
