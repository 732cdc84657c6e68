package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
)

func (s *Service) sendMsg(c *call) result {
	_, isGroup := c.params["group_id"]
	switch kind := c.text("message_type"); {
	case kind == "group", kind == "" && isGroup:
		return s.sendGroup(c)
	case kind == "private", kind == "":
		return s.sendPrivate(c)
	default:
		return badParam("message_type %q", kind)
	}
}

func (s *Service) sendPrivate(c *call) result {
	to, bad := s.personOf(c)
	if to == 0 {
		return bad
	}
	return s.sendTo(c, nil, to)
}

func (s *Service) sendGroup(c *call) result {
	g, bad := s.groupOf(c)
	if g == nil {
		return bad
	}
	return s.sendTo(c, g, 0)
}

// personOf returns to whom a private message goes: a friend, or somebody met in
// a group.
func (s *Service) personOf(c *call) (int64, result) {
	qq, ok := c.number("user_id")
	if !ok {
		return 0, badParam("user_id %q 不是数字", c.text("user_id"))
	}
	if _, ok := s.scene.nick(qq); !ok || qq == s.scene.Account.QQ {
		return 0, failed("无法获取用户信息: %d", qq)
	}
	return qq, result{}
}

func (s *Service) sendTo(c *call, g *Group, to int64) result {
	content, err := readMessage(c.params["message"], c.flag("auto_escape", false))
	switch {
	case err != nil:
		return badParam("%v", err)
	case len(content) == 0:
		return failed("消息体无法解析, 请检查是否发送了不支持的消息类型")
	}
	id, why := s.send(g, to, content, nil)
	if why != "" {
		return failed("%s", why)
	}
	return done(object{"message_id", id})
}

// send accepts a message of the account's. Of a forward the nodes are what it holds.
func (s *Service) send(g *Group, to int64, content, nodes []segment) (id int64, why string) {
	if s.offline != "" {
		return 0, "发送失败: " + s.offline
	}
	m := &message{from: s.scene.Account.QQ, peer: to, group: g, content: content, nodes: nodes}
	s.keep(m)
	if nodes != nil {
		m.content = []segment{{"forward", object{"id", fmt.Sprint(m.id)}}}
	}
	text := plainText(content)
	e := Send{Kind: ToFriend, To: to, Text: text}
	if g != nil {
		e.Kind, e.To = ToGroup, g.Number
	}
	s.events = append(s.events, e)
	if s.o.ReportSelf {
		s.emit(s.messageEvent("message_sent", m), about{})
	}
	return m.id, ""
}

// sendForward sends a list of nodes. Its text is that of all of them.
func (s *Service) sendForward(c *call) result {
	raw := c.params["messages"]
	if raw == nil {
		raw = c.params["message"]
	}
	nodes, err := readMessage(raw, false)
	if err != nil {
		return badParam("%v", err)
	}
	nodes = slices.DeleteFunc(nodes, func(n segment) bool { return n.kind != "node" })
	if len(nodes) == 0 {
		return badParam("messages 没有 node")
	}
	var said []segment
	for _, n := range nodes {
		content, err := n.content()
		if err != nil {
			return badParam("%v", err)
		}
		if len(said) > 0 {
			said = append(said, textSegment("\n"))
		}
		said = append(said, content...)
	}
	var g *Group
	var to int64
	var bad result
	if _, ok := c.params["group_id"]; ok {
		if g, bad = s.groupOf(c); g == nil {
			return bad
		}
	} else if to, bad = s.personOf(c); to == 0 {
		return bad
	}
	id, why := s.send(g, to, said, nodes)
	if why != "" {
		return failed("%s", why)
	}
	return done(object{"message_id", id, "forward_id", fmt.Sprint(id)})
}

// content is what a node says; one that only names a message says nothing new.
func (g segment) content() ([]segment, error) {
	for i := 0; i+1 < len(g.data); i += 2 {
		if g.data[i] != "content" {
			continue
		}
		raw, ok := g.data[i+1].(json.RawMessage)
		if !ok {
			raw = appendString(nil, g.data[i+1].(string))
		}
		return readMessage(raw, false)
	}
	return nil, nil
}

func (s *Service) getForward(c *call) result {
	id, ok := c.number("id")
	if !ok {
		id, _ = c.number("message_id")
	}
	m := s.message(id)
	if m == nil || m.nodes == nil {
		return failed("找不到相关的聊天记录 %d", id)
	}
	return done(object{"messages", segments(m.nodes), "message", segments(m.nodes)})
}

// messageOf returns the message of a call, or nil and what to answer.
func (s *Service) messageOf(c *call) (*message, result) {
	id, ok := c.number("message_id")
	if !ok {
		return nil, badParam("message_id %q 不是数字", c.text("message_id"))
	}
	if m := s.message(id); m != nil {
		return m, result{}
	}
	return nil, failed("消息 %d 不存在", id)
}

func (s *Service) getMsg(c *call) result {
	m, bad := s.messageOf(c)
	if m == nil {
		return bad
	}
	return done(s.shown(m))
}

// shown is a message as a question finds it: the account's own is no event.
func (s *Service) shown(m *message) object {
	if m.from == s.scene.Account.QQ {
		return s.messageEvent("message_sent", m)
	}
	return s.messageEvent("message", m)
}

func (s *Service) deleteMsg(c *call) result {
	m, bad := s.messageOf(c)
	if m != nil {
		s.recall(m, s.scene.Account.QQ)
	}
	return bad
}

func (s *Service) groupHistory(c *call) result {
	g, bad := s.groupOf(c)
	if g == nil {
		return bad
	}
	return s.history(c, func(m *message) bool { return m.group == g })
}

func (s *Service) friendHistory(c *call) result {
	qq, ok := c.number("user_id")
	if !ok {
		return badParam("user_id %q 不是数字", c.text("user_id"))
	}
	return s.history(c, func(m *message) bool { return m.group == nil && m.peer == qq })
}

// history answers with the last messages of a chat, oldest first; with a
// message_seq, which may be a message_id too, with those up to it.
func (s *Service) history(c *call, in func(*message) bool) result {
	count, ok := c.number("count")
	if !ok || count < 1 {
		count = 20
	}
	until, _ := c.number("message_seq")
	var found []*message
	for _, m := range s.messages {
		if in(m) {
			found = append(found, m)
			if until != 0 && (m.seq == until || m.id == until) {
				break
			}
		}
	}
	all := list{}
	for _, m := range found[max(0, len(found)-int(min(count, maxHistory))):] {
		all = append(all, s.shown(m))
	}
	return done(object{"messages", all})
}
