package emulator

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
)

// The pages of qun.qq.com speak of real numbers.

// qunName is a name as these pages wrote it: text for HTML, with blanks that do
// not break, where S had the name itself. Yinzo's client escapes what S says to
// find it here, pandolia's unescapes what it finds here. Neither touches quotes.
func qunName(name string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", " ", "&nbsp;", "\u00a0", "&nbsp;").Replace(html.UnescapeString(name))
}

// qunFriends names a friend by the markname, where there is one.
func (s *Service) qunFriends(*call) *Reply {
	result := object{}
	for i, category := range s.scene.categories() {
		mems := list{}
		for _, f := range s.scene.Friends {
			if f.Category != category {
				continue
			}
			name := f.Markname
			if name == "" {
				name = nick(f.Nick, f.QQ)
			}
			mems = append(mems, object{"name", qunName(name), "uin", f.QQ})
		}
		if i == 0 {
			category = "我的好友"
		}
		result = append(result, fmt.Sprint(i), object{"gname", qunName(category), "mems", mems})
	}
	return jsonReply(object{"ec", 0, "result", result})
}

// qunGroups sorts the groups by what the account may do in them.
func (s *Service) qunGroups(*call) *Reply {
	create, manage, join := list{}, list{}, list{}
	for i := range s.scene.Groups {
		g := &s.scene.Groups[i]
		entry := object{"gc", g.Number, "gn", qunName(g.Name), "owner", g.owner()}
		switch g.role(s.scene.Account.QQ) {
		case 0:
			create = append(create, entry)
		case 1:
			manage = append(manage, entry)
		default:
			join = append(join, entry)
		}
	}
	return jsonReply(object{"ec", 0, "create", create, "manage", manage, "join", join})
}

// role is 0 for the owner, 1 for an admin, 2 for the others.
func (g *Group) role(qq int64) int {
	switch {
	case qq == g.owner():
		return 0
	case slices.Contains(g.Admins, qq):
		return 1
	}
	return 2
}

// qunMembers lists a group from place st to place end, both included.
func (s *Service) qunMembers(c *call) *Reply {
	g, refused := s.qunGroup(c)
	if refused != nil {
		return refused
	}
	st, errSt := strconv.Atoi(c.field("st"))
	end, errEnd := strconv.Atoi(c.field("end"))
	if errSt != nil || errEnd != nil || st < 0 {
		st, end = 0, len(g.Members)
	}
	mems := list{}
	for i, qq := range g.Members {
		if i < st || i > end {
			continue
		}
		p, _ := s.scene.person(qq)
		mems = append(mems, object{"uin", qq, "nick", qunName(p.nick), "card", qunName(g.card(qq)), "role", g.role(qq),
			"g", 0, "join_time", 1300000000, "last_speak_time", 1300000000, "lv", object{"level", 1, "point", 0}, "qage", 10, "flag", 0})
	}
	return jsonReply(object{"ec", 0, "count", len(g.Members), "max_count", 500, "mems", mems})
}

// qinfoMembers is the member list of the mobile pages. Cards are by number, and
// only of those who have one.
func (s *Service) qinfoMembers(c *call) *Reply {
	g, refused := s.qunGroup(c)
	if refused != nil {
		return refused
	}
	mems, admins, cards := list{}, list{}, object{}
	for _, qq := range g.Members {
		p, _ := s.scene.person(qq)
		mems = append(mems, object{"u", qq, "n", qunName(p.nick)})
		if g.role(qq) == 1 {
			admins = append(admins, qq)
		}
		if card := g.card(qq); card != "" {
			cards = append(cards, fmt.Sprint(qq), qunName(card))
		}
	}
	return jsonReply(object{"ec", 0, "mems", mems, "owner", g.owner(), "adm", admins, "cards", cards})
}

func (s *Service) qunGroup(c *call) (*Group, *Reply) {
	number, _ := strconv.ParseInt(c.field("gc"), 10, 64)
	g := s.scene.group(number)
	if g == nil {
		return nil, s.refuse(c, 0, fmt.Sprintf("there is no group %q", c.field("gc")))
	}
	return g, nil
}

// qunDone accepts a change. Its effect is not emulated. Where people are named
// with ul, the reply lists those it was done to: pandolia's client takes who is
// not in it for one it had no right to remove.
func (s *Service) qunDone(c *call) *Reply {
	g, refused := s.qunGroup(c)
	if refused != nil {
		return refused
	}
	people, named := c.lookup("ul")
	if !named {
		return jsonReply(object{"ec", 0})
	}
	ul := list{}
	for text := range strings.SplitSeq(people, "|") {
		if qq, err := strconv.ParseInt(text, 10, 64); err == nil {
			ul = append(ul, qq)
		}
	}
	return jsonReply(object{"ec", 0, "gc", g.Number, "ul", ul})
}
