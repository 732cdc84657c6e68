package emulator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A message is on its way to the account. Its numbers are the scene's: which
// session will get it is not known yet.
type message struct {
	kind Kind
	from int64 // who said it
	room int64 // the group or discussion; 0 for a friend
	text string
	id   int64
	time int64 // seconds since 1970
}

// push queues a message for the newest session, and hands it over if that one
// is polling.
func (s *Service) push(kind Kind, from, room int64, text string) error {
	if len(s.queue) >= maxQueue {
		return fmt.Errorf("%d messages wait already, and nobody polls", len(s.queue))
	}
	s.msgID++
	s.queue = append(s.queue, message{kind, from, room, strings.ToValidUTF8(text, "\uFFFD"), s.msgID, s.now.Unix()})
	s.deliver()
	return nil
}

// say is the command: someone of the scene says something.
func (s *Service) say(kind Kind, room, from int64, text string) error {
	echo := s.scene.Behaviour.Echo
	switch kind {
	case ToFriend:
		if s.scene.friend(from) == nil && !(echo && from == s.scene.Account.QQ) {
			return fmt.Errorf("%d is no friend of the account; the friends are %s", from, s.friendNumbers())
		}
	case ToGroup:
		g := s.scene.group(room)
		if g == nil {
			return fmt.Errorf("there is no group %d; the groups are %s", room, roomNumbers(s.scene.Groups, func(g Group) int64 { return g.Number }))
		}
		if !slices.Contains(g.Members, from) {
			return fmt.Errorf("%d is no member of the group %d; the members are %d", from, room, g.Members)
		}
	case ToDiscuss:
		d := s.scene.discussion(room)
		if d == nil {
			return fmt.Errorf("there is no discussion %d; the discussions are %s", room, roomNumbers(s.scene.Discussions, func(d Discussion) int64 { return d.Number }))
		}
		if !slices.Contains(d.Members, from) {
			return fmt.Errorf("%d is no member of the discussion %d; the members are %d", from, room, d.Members)
		}
	}
	if from == s.scene.Account.QQ && !echo {
		return errors.New("the account's own messages come back only if the scene says echo = true")
	}
	return s.push(kind, from, room, text)
}

func (s *Service) friendNumbers() string {
	return roomNumbers(s.scene.Friends, func(f Friend) int64 { return f.QQ })
}

func roomNumbers[T any](all []T, number func(T) int64) string {
	if len(all) == 0 {
		return "none"
	}
	var names []string
	for _, v := range all {
		names = append(names, fmt.Sprint(number(v)))
	}
	return strings.Join(names, ", ")
}

// value is the message as a session's poll gets it. The text stands behind its
// font and ends in a blank, as all text did that came from other clients.
func (m message) value(ses *session, rnd *rand.Rand) object {
	own := ses.account
	from := ses.people.session(m.from)
	content := list{
		list{"font", object{"size", 10, "color", "000000", "style", list{0, 0, 0}, "name", "宋体"}},
		m.text + " ",
	}
	id2, ip := 100000+rnd.IntN(900000), 1700000000+rnd.IntN(400000000)
	head := func(from int64, msgType int) object {
		return object{"msg_id", m.id, "from_uin", from, "to_uin", own, "msg_id2", id2, "msg_type", msgType, "reply_ip", ip}
	}
	var name string
	var value object
	classic := ses.era == WebQQ
	switch m.kind {
	case ToFriend:
		name = "message"
		if classic {
			value = append(head(from, 9), "time", m.time, "content", content)
		} else {
			value = object{"content", content, "from_uin", from, "msg_id", m.id, "msg_type", 0, "time", m.time, "to_uin", own}
		}
	case ToGroup:
		name = "group_message"
		gid := ses.gids.session(m.room)
		if classic {
			value = append(head(gid, 43), "group_code", ses.codes.session(m.room), "send_uin", from,
				"seq", m.id, "time", m.time, "info_seq", m.room, "content", content)
		} else {
			value = object{"content", content, "from_uin", gid, "group_code", gid, "msg_id", m.id, "msg_type", 4,
				"send_uin", from, "time", m.time, "to_uin", own}
		}
	case ToDiscuss:
		name = "discu_message"
		did := ses.dids.session(m.room)
		if classic {
			value = append(head(10000, 42), "did", did, "send_uin", from,
				"seq", m.id, "time", m.time, "info_seq", m.room, "content", content)
		} else {
			value = object{"content", content, "did", did, "from_uin", did, "msg_id", m.id, "msg_type", 5,
				"send_uin", from, "time", m.time, "to_uin", own}
		}
	}
	return object{"poll_type", name, "value", value}
}
