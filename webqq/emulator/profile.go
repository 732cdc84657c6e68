package emulator

import (
	"fmt"
	"net/http"
)

// who finds the person that a field names in this session.
func (s *Service) who(c *call, name string) (person, *Reply) {
	qq, known := c.session.people.scene(c.field(name))
	if !known {
		return person{}, s.refuse(c, 100001, fmt.Sprintf("the %s %q is of nobody in this session", name, c.field(name)))
	}
	p, _ := s.scene.person(qq)
	return p, nil
}

// profile is what S tells about anyone. What the scene does not say is empty.
func profile(p person, uin int64) object {
	return object{
		"face", 0, "birthday", object{"month", 0, "year", 0, "day", 0}, "occupation", "", "phone", "", "allow", 1,
		"college", "", "uin", uin, "constel", 0, "blood", 0, "homepage", "", "stat", statNumber(p.status), "vip_info", 0,
		"country", "", "city", "", "personal", "", "nick", p.nick, "shengxiao", 0, "email", "",
		"client_type", p.clientType, "province", "", "gender", "male", "mobile", "",
	}
}

func (s *Service) personInfo(c *call) *Reply {
	p, refused := s.who(c, "tuin")
	if refused != nil {
		return refused
	}
	return ok(profile(p, c.session.people.session(p.qq)))
}

func (s *Service) selfInfo(c *call) *Reply {
	p, _ := s.scene.person(c.session.account)
	return ok(append(profile(p, p.qq), "account", p.qq, "lnick", p.signature, "vfwebqq", c.session.vf()))
}

// friendUin answers get_friend_uin2: the real number behind a uin (type 1) or
// a code (type 4). Some clients asked with the gid; it does no harm.
func (s *Service) friendUin(c *call) *Reply {
	if s.scene.Behaviour.FriendUinClosed {
		s.report(c, "get_friend_uin2 is closed in this scene")
		return reply(http.StatusNotFound, typeHTML, nginxPage("404 Not Found"))
	}
	var number int64
	var known bool
	switch kind := c.field("type"); kind {
	case "1":
		number, known = c.session.people.scene(c.field("tuin"))
	case "4":
		if number, known = c.session.codes.scene(c.field("tuin")); !known {
			number, known = c.session.gids.scene(c.field("tuin"))
		}
	default:
		return s.refuse(c, 100001, fmt.Sprintf("the type is %q; want 1 for a person, 4 for a group", kind))
	}
	if !known {
		return s.refuse(c, 100001, fmt.Sprintf("the tuin %q is of nobody in this session", c.field("tuin")))
	}
	var uin int64
	fmt.Sscan(c.field("tuin"), &uin) // known, so it is a number
	return ok(object{"uiuin", "", "account", number, "uin", uin})
}

func (s *Service) longNick(c *call) *Reply {
	p, refused := s.who(c, "tuin")
	if refused != nil {
		return refused
	}
	return ok(list{object{"uin", c.session.people.session(p.qq), "lnick", p.signature}})
}

func (s *Service) setLongNick(c *call) *Reply {
	s.scene.Account.Signature = c.field("nlk")
	return ok("ok")
}

func (s *Service) level(c *call) *Reply {
	p, refused := s.who(c, "tuin")
	if refused != nil {
		return refused
	}
	return ok(object{"level", 16, "days", 325, "hours", 2600, "remainDays", 32, "tuin", c.session.people.session(p.qq)})
}

// nudge answers shake2 and input_notify2, of which the account's side sees no
// more than this.
func (s *Service) nudge(c *call) *Reply {
	if _, refused := s.who(c, "to_uin"); refused != nil {
		return refused
	}
	return ok("ok")
}

// accepted answers calls whose effect is not emulated.
func (s *Service) accepted(*call) *Reply { return ok(object{}) }

func (s *Service) messageFilter(*call) *Reply {
	return jsonReply(object{"result", nil, "retcode", 0})
}
