package emulator

import (
	"net/http"
	"slices"
)

const pollPath = "/channel/poll2"

// poll2 parks the request as the last of waiting; Handle looks at once whether
// there is news for it. Of two polls of one session the newer one wins, and
// the older is told 103, the code that clients saw when they polled twice.
func (s *Service) poll2(c *call) *Reply {
	ses := c.session
	if ses.over != "" {
		ses.notice = false
		return kickReply()
	}
	if s.scene.Behaviour.BuddiesFirst && !ses.buddies {
		return s.refuse(c, 103, "get_online_buddies2 was not called before the first poll")
	}
	if older := s.takePoll(ses); older != nil {
		s.finish(older, channel.refusal(103))
	}
	s.waiting = append(s.waiting, &pending{ticket: c.ticket, due: s.now.Add(s.hold), poll: ses})
	return nil
}

// takePoll takes the poll of a session out of waiting; nil if it has none.
func (s *Service) takePoll(ses *session) *pending {
	i := slices.IndexFunc(s.waiting, func(p *pending) bool { return p.poll == ses })
	if i < 0 {
		return nil
	}
	p := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return p
}

// deliver gives the oldest message to the poll of the newest session. Each
// reply carries one: there are clients that look at the first only.
func (s *Service) deliver() {
	ses := s.live()
	if ses == nil || len(s.queue) == 0 {
		return
	}
	p := s.takePoll(ses)
	if p == nil {
		return
	}
	m := s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	s.carried[p.ticket] = m
	s.finish(p, okLast(list{m.value(ses, s.rand)}))
}

// quietReply is what a poll is told when its time is up.
func (s *Service) quietReply(ses *session) *Reply {
	if ses.era == WebQQ {
		return jsonReply(object{"retcode", 102, "errmsg", ""})
	}
	switch s.scene.Behaviour.Quiet {
	case "ok":
		return ok("ok")
	case "empty":
		return reply(http.StatusOK, typeJSON, nil)
	case "504":
		return reply(http.StatusGatewayTimeout, typeHTML, nginxPage("504 Gateway Time-out"))
	}
	return jsonReply(object{"errmsg", "error", "retcode", 0})
}

func kickReply() *Reply {
	return okLast(list{object{"poll_type", "kick_message", "value", object{
		"way", "poll", "show_reason", 1, "reason", "您的帐号在另一地点登录，您已被迫下线。如有疑问，请登录 safe.qq.com 了解更多。",
	}}})
}
