package emulator

// An action is what a client may call.
type action struct {
	needs []string // parameters that must be there
	does  bool     // it changes something: an Action tells of it
	run   func(s *Service, c *call) result
}

// actions is what both flavours know.
var actions = map[string]action{
	"send_private_msg": {needs: []string{"user_id", "message"}, run: (*Service).sendPrivate},
	"send_group_msg":   {needs: []string{"group_id", "message"}, run: (*Service).sendGroup},
	"send_msg":         {needs: []string{"message"}, run: (*Service).sendMsg},
	"delete_msg":       {needs: []string{"message_id"}, does: true, run: (*Service).deleteMsg},
	"get_msg":          {needs: []string{"message_id"}, run: (*Service).getMsg},

	"send_private_forward_msg": {needs: []string{"user_id"}, run: (*Service).sendForward},
	"send_group_forward_msg":   {needs: []string{"group_id"}, run: (*Service).sendForward},
	"send_forward_msg":         {run: (*Service).sendForward},
	"get_forward_msg":          {run: (*Service).getForward},
	"get_group_msg_history":    {needs: []string{"group_id"}, run: (*Service).groupHistory},
	"get_friend_msg_history":   {needs: []string{"user_id"}, run: (*Service).friendHistory},

	"get_login_info":          {run: (*Service).loginInfo},
	"get_version_info":        {run: (*Service).versionInfo},
	"get_status":              {run: (*Service).getStatus},
	"get_friend_list":         {run: (*Service).friendList},
	"get_stranger_info":       {needs: []string{"user_id"}, run: (*Service).strangerInfo},
	"get_group_list":          {run: (*Service).groupList},
	"get_group_info":          {needs: []string{"group_id"}, run: (*Service).groupInfo},
	"get_group_member_list":   {needs: []string{"group_id"}, run: (*Service).memberList},
	"get_group_member_info":   {needs: []string{"group_id", "user_id"}, run: (*Service).memberInfo},
	"get_group_honor_info":    {needs: []string{"group_id"}, run: (*Service).honorInfo},
	"get_essence_msg_list":    {needs: []string{"group_id"}, run: gives(list{})},
	"get_group_system_msg":    {run: gives(object{"invited_requests", list{}, "join_requests", list{}})},
	"can_send_image":          {run: gives(object{"yes", true})},
	"can_send_record":         {run: gives(object{"yes", true})},
	"get_cookies":             {run: gives(object{"cookies", "", "bkn", ""})},
	"get_csrf_token":          {run: gives(object{"token", 5381})},
	"get_credentials":         {run: gives(object{"cookies", "", "token", 5381})},
	".handle_quick_operation": {needs: []string{"context", "operation"}, does: true, run: (*Service).quickAction},

	"set_friend_add_request":  {needs: []string{"flag"}, does: true, run: (*Service).friendRequest},
	"set_group_add_request":   {needs: []string{"flag"}, does: true, run: gives(nil)},
	"set_group_card":          {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).setCard},
	"set_group_name":          {needs: []string{"group_id", "group_name"}, does: true, run: (*Service).setName},
	"set_group_kick":          {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).toMember},
	"set_group_ban":           {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).toMember},
	"set_group_admin":         {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).toMember},
	"set_group_special_title": {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).toMember},
	"group_poke":              {needs: []string{"group_id", "user_id"}, does: true, run: (*Service).toMember},
	"set_group_whole_ban":     {needs: []string{"group_id"}, does: true, run: (*Service).toGroup},
	"set_group_anonymous":     {needs: []string{"group_id"}, does: true, run: (*Service).toGroup},
	"set_group_leave":         {needs: []string{"group_id"}, does: true, run: (*Service).toGroup},
	"friend_poke":             {needs: []string{"user_id"}, does: true, run: (*Service).toPerson},
	"send_like":               {needs: []string{"user_id"}, does: true, run: (*Service).toPerson},
	"send_poke":               {needs: []string{"user_id"}, does: true, run: (*Service).toPerson},
	"set_msg_emoji_like":      {needs: []string{"message_id"}, does: true, run: (*Service).toMessage},
	"set_essence_msg":         {needs: []string{"message_id"}, does: true, run: (*Service).toMessage},
	"delete_essence_msg":      {needs: []string{"message_id"}, does: true, run: (*Service).toMessage},

	"mark_msg_as_read":         {does: true, run: gives(nil)},
	"mark_private_msg_as_read": {does: true, run: gives(nil)},
	"mark_group_msg_as_read":   {does: true, run: gives(nil)},
	"set_input_status":         {does: true, run: gives(nil)},
	"clean_cache":              {does: true, run: gives(nil)},
	"set_restart":              {does: true, run: func(*Service, *call) result { return result{async: true} }},
}

// gives is an action that always has one answer.
func gives(data any) func(*Service, *call) result {
	return func(*Service, *call) result { return done(data) }
}

func (s *Service) loginInfo(*call) result {
	return done(object{"user_id", s.scene.Account.QQ, "nickname", nick(s.scene.Account.Nick, s.scene.Account.QQ)})
}

func (s *Service) versionInfo(*call) result {
	name, version := "NapCat.Onebot", "4.18.0"
	if s.o.Flavour == LLBot {
		name, version = "LLOneBot", "8.1.0"
	}
	return done(object{"app_name", name, "app_version", version, "protocol_version", "v11"})
}

func (s *Service) getStatus(*call) result { return done(append(s.status(), "stat", object{})) }

func (s *Service) friendList(*call) result {
	all := list{}
	for _, f := range s.scene.Friends {
		all = append(all, object{"user_id", f.QQ, "nickname", nick(f.Nick, f.QQ), "remark", f.Remark, "sex", "unknown", "age", 0})
	}
	return done(all)
}

func (s *Service) strangerInfo(c *call) result {
	qq, _ := c.number("user_id")
	name, ok := s.scene.nick(qq)
	if !ok {
		return failed("%d: 没有这个用户", qq)
	}
	return done(object{"user_id", qq, "nickname", name, "sex", "unknown", "age", 0})
}

func groupObject(g *Group) object {
	return object{"group_id", g.Number, "group_name", g.Name, "group_remark", "", "member_count", len(g.Members), "max_member_count", 200}
}

func (s *Service) groupList(*call) result {
	all := list{}
	for i := range s.scene.Groups {
		all = append(all, groupObject(&s.scene.Groups[i]))
	}
	return done(all)
}

func (s *Service) groupInfo(c *call) result {
	g, bad := s.groupOf(c)
	if g == nil {
		return bad
	}
	return done(groupObject(g))
}

func (s *Service) memberObject(g *Group, qq int64) object {
	name, _ := s.scene.nick(qq)
	return object{"group_id", g.Number, "user_id", qq, "nickname", name, "card", g.Cards[qq], "sex", "unknown", "age", 0,
		"area", "", "join_time", 0, "last_sent_time", 0, "level", "1", "role", g.role(qq), "unfriendly", false,
		"title", "", "title_expire_time", 0, "card_changeable", true}
}

func (s *Service) memberList(c *call) result {
	g, bad := s.groupOf(c)
	if g == nil {
		return bad
	}
	all := list{}
	for _, qq := range g.Members {
		all = append(all, s.memberObject(g, qq))
	}
	return done(all)
}

func (s *Service) memberInfo(c *call) result {
	g, qq, bad := s.memberOf(c)
	if g == nil {
		return bad
	}
	return done(s.memberObject(g, qq))
}

func (s *Service) honorInfo(c *call) result {
	g, bad := s.groupOf(c)
	if g == nil {
		return bad
	}
	return done(object{"group_id", g.Number, "current_talkative", nil, "talkative_list", list{}, "performer_list", list{},
		"legend_list", list{}, "strong_newbie_list", list{}, "emotion_list", list{}})
}

// groupOf returns the group of a call, or nil and what to answer.
func (s *Service) groupOf(c *call) (*Group, result) {
	n, ok := c.number("group_id")
	if !ok {
		return nil, badParam("group_id %q 不是数字", c.text("group_id"))
	}
	if g := s.scene.group(n); g != nil {
		return g, result{}
	}
	return nil, failed("群 %d 不存在", n)
}

// memberOf returns the group and the member of a call.
func (s *Service) memberOf(c *call) (*Group, int64, result) {
	g, bad := s.groupOf(c)
	if g == nil {
		return nil, 0, bad
	}
	qq, ok := c.number("user_id")
	if !ok {
		return nil, 0, badParam("user_id %q 不是数字", c.text("user_id"))
	}
	for _, m := range g.Members {
		if m == qq {
			return g, qq, result{}
		}
	}
	return nil, 0, failed("群 %d 没有成员 %d", g.Number, qq)
}

// toMember, toGroup, toPerson and toMessage are actions that check whom they
// are about, and do nothing.
func (s *Service) toMember(c *call) result {
	_, _, bad := s.memberOf(c)
	return bad
}

func (s *Service) toGroup(c *call) result {
	_, bad := s.groupOf(c)
	return bad
}

func (s *Service) toPerson(c *call) result {
	qq, _ := c.number("user_id")
	if _, ok := s.scene.nick(qq); !ok {
		return failed("%d: 没有这个用户", qq)
	}
	return done(nil)
}

func (s *Service) toMessage(c *call) result {
	_, bad := s.messageOf(c)
	return bad
}

func (s *Service) setCard(c *call) result {
	g, qq, bad := s.memberOf(c)
	if g != nil {
		g.Cards[qq] = c.text("card")
	}
	return bad
}

func (s *Service) setName(c *call) result {
	g, bad := s.groupOf(c)
	if g != nil {
		g.Name = c.text("group_name")
	}
	return bad
}

// friendRequest answers a request that the command "request" has made: who is
// accepted is a friend from then on.
func (s *Service) friendRequest(c *call) result {
	flag := c.text("flag")
	qq, ok := s.requests[flag]
	if !ok {
		return failed("没有这个请求 %q", flag)
	}
	delete(s.requests, flag)
	if !c.flag("approve", true) || s.scene.friend(qq) != nil {
		return done(nil)
	}
	name, _ := s.scene.nick(qq)
	s.scene.Friends = append(s.scene.Friends[:len(s.scene.Friends):len(s.scene.Friends)], Friend{qq, name, c.text("remark")})
	s.emit(s.event("notice", "notice_type", "friend_add", "user_id", qq), about{})
	return done(nil)
}
