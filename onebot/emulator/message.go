package emulator

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A message was said, by whomever.
type message struct {
	id, seq int64
	time    time.Time
	from    int64
	peer    int64  // in private: who is not the account
	group   *Group // nil: in private
	content []segment
	nodes   []segment // of a forward
}

// A said is what a person at the command line said. It is told once that it was
// delivered, by whichever way.
type said struct {
	kind      Kind
	from      int64
	text      string
	delivered bool
}

// keep gives a message its numbers and remembers it.
func (s *Service) keep(m *message) {
	m.time = s.now
	s.seq++
	m.seq = s.seq
	for m.id == 0 || s.message(m.id) != nil {
		m.id = int64(s.rand.Int32())
	}
	if len(s.messages) >= maxHistory {
		s.messages = slices.Delete(s.messages, 0, maxHistory/10)
	}
	s.messages = append(s.messages, m)
}

func (s *Service) message(id int64) *message {
	for _, m := range slices.Backward(s.messages) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// say is what somebody says to the account, in a group or in private.
func (s *Service) say(g *Group, from int64, content []segment, text string) {
	m := &message{from: from, peer: from, group: g, content: content}
	s.keep(m)
	if s.offline != "" {
		return // QQ has it, and so has the history once the account is back
	}
	says := &said{kind: ToFriend, from: from, text: text}
	if g != nil {
		says.kind = ToGroup
	}
	s.emit(s.messageEvent("message", m), about{message: m, says: says})
}

// messageEvent is a message as an event, and as get_msg and the histories show it.
func (s *Service) messageEvent(post string, m *message) object {
	kind, sub := "private", "friend"
	if m.group != nil {
		kind, sub = "group", "normal"
	} else if s.scene.friend(m.peer) == nil {
		sub = "group" // met in one
	}
	e := object{"time", m.time.Unix(), "self_id", s.scene.Account.QQ, "post_type", post,
		"message_type", kind, "sub_type", sub, "message_id", m.id, "user_id", m.from}
	if m.group != nil {
		e = append(e, "group_id", m.group.Number, "anonymous", nil)
	}
	if post == "message_sent" {
		e = append(e, "target_id", m.target())
	}
	format := "array"
	var body any = segments(m.content)
	if s.o.Strings {
		format, body = "string", cqText(m.content)
	}
	e = append(e, "message", body, "raw_message", cqText(m.content), "font", 14, "sender", s.sender(m), "real_id", m.id)
	if s.o.Flavour == NapCat {
		e = append(e, "message_seq", m.seq, "message_format", format)
		if m.group != nil {
			e = append(e, "group_name", m.group.Name)
		}
		return e
	}
	return append(e, "message_seq", m.seq)
}

// target is where a message of the account's went.
func (m *message) target() int64 {
	if m.group != nil {
		return m.group.Number
	}
	return m.peer
}

func (s *Service) sender(m *message) object {
	name, _ := s.scene.nick(m.from)
	o := object{"user_id", m.from, "nickname", name, "sex", "unknown", "age", 0}
	if m.group != nil {
		o = append(o, "card", m.group.Cards[m.from], "area", "", "level", "1", "role", m.group.role(m.from), "title", "")
	}
	return o
}

// mentions makes segments of a text that a person in a group types: "@bot" with
// a blank or the end behind it becomes a mention, as QQ's own clients do.
func (s *Service) mentions(g *Group, text string) []segment {
	var all []segment
	plain := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '@' {
			continue
		}
		qq, n := s.mentioned(g, text[i+1:])
		if qq == "" {
			continue
		}
		if i > plain {
			all = append(all, textSegment(text[plain:i]))
		}
		all = append(all, segment{"at", object{"qq", qq}})
		plain = i + 1 + n
		i = plain - 1
	}
	if plain < len(text) {
		all = append(all, textSegment(text[plain:]))
	}
	return all
}

// mentioned finds whose name stands at the head of text; of several the longest.
func (s *Service) mentioned(g *Group, text string) (qq string, n int) {
	try := func(name, who string) {
		rest, ok := strings.CutPrefix(text, name)
		if r, size := utf8.DecodeRuneInString(rest); ok && name != "" && len(name) > n && (size == 0 || unicode.IsSpace(r)) {
			qq, n = who, len(name)
		}
	}
	try("全体成员", "all")
	for _, m := range g.Members {
		name, _ := s.scene.nick(m)
		try(name, nick("", m))
		try(g.Cards[m], nick("", m))
	}
	return qq, n
}

// recall takes a message back: whoever listens hears of it.
func (s *Service) recall(m *message, by int64) {
	s.messages = slices.DeleteFunc(s.messages, func(o *message) bool { return o == m })
	if m.group == nil {
		s.emit(s.event("notice", "notice_type", "friend_recall", "user_id", m.peer, "message_id", m.id), about{})
		return
	}
	s.emit(s.event("notice", "notice_type", "group_recall", "group_id", m.group.Number, "user_id", m.from,
		"operator_id", by, "message_id", m.id), about{})
}
