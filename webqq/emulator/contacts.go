package emulator

import (
	"fmt"
	"slices"
)

// wrongHash refuses a contact list, or returns nil. The group list of the
// classic service needed no hash until 2014.
func (s *Service) wrongHash(c *call, optional bool) *Reply {
	hash, there := c.lookup("hash")
	if !there && (optional && c.session.era == WebQQ || s.forgive(c, "the field hash is missing")) {
		return nil
	}
	if checkHash(hash, c.session.account, c.grant.ptwebqq, c.session.era) {
		return nil
	}
	return s.refuse(c, 50, fmt.Sprintf("the hash %q is not made of the uin and of ptwebqq", hash))
}

// friends answers get_user_friends2. Info and vipinfo run parallel to friends.
func (s *Service) friends(c *call) *Reply {
	if r := s.wrongHash(c, false); r != nil {
		return r
	}
	names := s.scene.categories()
	friends, marknames, categories, vipinfo, info := list{}, list{}, list{}, list{}, list{}
	for i, name := range names[1:] {
		categories = append(categories, object{"index", i + 1, "sort", i + 1, "name", name})
	}
	for _, f := range s.scene.Friends {
		uin := c.session.people.session(f.QQ)
		friends = append(friends, object{"flag", 4 * slices.Index(names, f.Category), "uin", uin, "categories", slices.Index(names, f.Category)})
		if f.Markname != "" {
			marknames = append(marknames, object{"uin", uin, "markname", f.Markname, "type", 0})
		}
		vipinfo = append(vipinfo, vip(uin))
		info = append(info, object{"face", 0, "flag", 4457024, "nick", nick(f.Nick, f.QQ), "uin", uin})
	}
	return ok(object{"friends", friends, "marknames", marknames, "categories", categories, "vipinfo", vipinfo, "info", info})
}

func vip(uin int64) object { return object{"vip_level", 0, "u", uin, "is_vip", 0} }

// groups answers get_group_name_list_mask2. The gid is what messages name, the
// code what get_group_info_ext2 wants; neither is the group's number.
func (s *Service) groups(c *call) *Reply {
	if r := s.wrongHash(c, true); r != nil {
		return r
	}
	masks, names, marks := list{object{"gid", 1000, "mask", 0}}, list{}, list{}
	for _, g := range s.scene.Groups {
		gid := c.session.gids.session(g.Number)
		if g.Mask != 0 {
			masks = append(masks, object{"gid", gid, "mask", g.Mask})
		}
		names = append(names, object{"flag", 16778241, "name", g.Name, "gid", gid, "code", c.session.codes.session(g.Number)})
		if g.Markname != "" {
			marks = append(marks, object{"uin", gid, "markname", g.Markname})
		}
	}
	return ok(object{"gmasklist", masks, "gnamelist", names, "gmarklist", marks})
}

func (s *Service) discussions(c *call) *Reply {
	names, masks := list{}, list{}
	for _, d := range s.scene.Discussions {
		did := c.session.dids.session(d.Number)
		names = append(names, object{"name", d.Name, "did", did})
		masks = append(masks, object{"did", did, "mask", 0})
	}
	if c.req.Path == "/api/get_discu_list_new2" {
		return ok(object{"dnamelist", names, "dmasklist", masks})
	}
	return ok(object{"dnamelist", names})
}

// groupInfo answers get_group_info_ext2. Minfo runs parallel to the members;
// cards are left out where nobody has one; stats list who is online.
func (s *Service) groupInfo(c *call) *Reply {
	number, known := c.session.codes.scene(c.field("gcode"))
	if !known {
		return s.refuse(c, 6, fmt.Sprintf("the gcode %q is no code of this session", c.field("gcode")))
	}
	g := s.scene.group(number)
	stats, minfo, members, cards, vipinfo := list{}, list{}, list{}, list{}, list{}
	for _, qq := range g.Members {
		p, _ := s.scene.person(qq)
		uin := c.session.people.session(qq)
		if p.status != "offline" {
			stats = append(stats, object{"client_type", p.clientType, "uin", uin, "stat", statNumber(p.status)})
		}
		minfo = append(minfo, object{"nick", p.nick, "province", "", "gender", "male", "uin", uin, "country", "", "city", ""})
		flag := 0
		if slices.Contains(g.Admins, qq) {
			flag = 1
		}
		members = append(members, object{"muin", uin, "mflag", flag})
		if card := g.card(qq); card != "" {
			cards = append(cards, object{"muin", uin, "card", card})
		}
		vipinfo = append(vipinfo, vip(uin))
	}
	result := object{"stats", stats, "minfo", minfo, "ginfo", object{
		"face", 0, "memo", g.Memo, "class", 10011, "fingermemo", "", "code", c.session.codes.session(number),
		"createtime", 1300000000, "flag", 16778241, "level", 0, "name", g.Name, "gid", c.session.gids.session(number),
		"owner", c.session.people.session(g.owner()), "members", members, "option", 2,
	}}
	if len(cards) > 0 {
		result = append(result, "cards", cards)
	}
	return ok(append(result, "vipinfo", vipinfo))
}

func statNumber(status string) int {
	switch status {
	case "offline":
		return 20
	case "away":
		return 30
	case "hidden":
		return 40
	case "busy":
		return 50
	case "callme":
		return 60
	case "silent":
		return 70
	}
	return 10
}

// discussInfo answers get_discu_info, where ruin is a real number.
func (s *Service) discussInfo(c *call) *Reply {
	number, known := c.session.dids.scene(c.field("did"))
	if !known {
		return s.refuse(c, 6, fmt.Sprintf("the did %q is of no discussion in this session", c.field("did")))
	}
	d := s.scene.discussion(number)
	members, status, info := list{}, list{}, list{}
	for _, qq := range d.Members {
		p, _ := s.scene.person(qq)
		uin := c.session.people.session(qq)
		members = append(members, object{"mem_uin", uin, "ruin", qq})
		if p.status != "offline" {
			status = append(status, object{"client_type", p.clientType, "status", p.status, "uin", uin})
		}
		info = append(info, object{"nick", p.nick, "uin", uin})
	}
	return okLast(object{"info", object{"did", c.session.dids.session(number), "discu_owner", c.session.people.session(d.owner()),
		"discu_name", d.Name, "info_seq", 2, "mem_list", members}, "mem_status", status, "mem_info", info})
}

func (s *Service) onlineBuddies(c *call) *Reply {
	c.session.buddies = true
	online := list{}
	for _, f := range s.scene.Friends {
		if st := status(f.Status); st != "offline" && st != "hidden" {
			online = append(online, object{"client_type", max(f.ClientType, 1), "status", st, "uin", c.session.people.session(f.QQ)})
		}
	}
	return okLast(online)
}

// recent answers get_recent_list2: types 0 friend, 1 group, 2 discussion.
func (s *Service) recent(c *call) *Reply {
	all := list{}
	for _, f := range s.scene.Friends {
		all = append(all, object{"type", 0, "uin", c.session.people.session(f.QQ)})
	}
	for _, g := range s.scene.Groups {
		all = append(all, object{"type", 1, "uin", c.session.gids.session(g.Number)})
	}
	for _, d := range s.scene.Discussions {
		all = append(all, object{"type", 2, "uin", c.session.dids.session(d.Number)})
	}
	return okLast(all)
}
