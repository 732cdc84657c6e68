package emulator

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A session is what login2 begins. Everyone else's numbers are its own: drawn
// when it begins, and unknown to any other.
type session struct {
	era        Era
	grant      *grant
	psessionid string
	vfwebqq    string // valid for S in the classic service only
	status     string
	buddies    bool   // get_online_buddies2 was called
	over       string // why it ended; empty while it lives
	notice     bool   // its next poll is told so, once

	people  numbers // QQ and uin
	gids    numbers // group number and gid
	codes   numbers // group number and code
	dids    numbers // discussion number and did
	sigs    map[string]bool
	taken   map[int64]bool
	account int64
}

// numbers translate between the scene's and the session's.
type numbers struct{ toSession, toScene map[int64]int64 }

// session is the number that the session has for one of the scene.
func (n numbers) session(scene int64) int64 { return n.toSession[scene] }

// scene is the number that was meant by one of the session, in decimal.
func (n numbers) scene(text string) (int64, bool) {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false
	}
	scene, ok := n.toScene[v]
	return scene, ok
}

// drawNumbers gives each of the scene's numbers one of the session. None is equal to
// any other nor to any of the scene, so that to mix them up never works.
func (s *Service) drawNumbers(ses *session, scene []int64) numbers {
	n := numbers{map[int64]int64{}, map[int64]int64{}}
	for _, v := range scene {
		drawn := v
		for ses.taken[drawn] {
			drawn = 100_000_000 + s.rand.Int64N(math.MaxUint32-100_000_000)
		}
		ses.taken[drawn] = true
		n.toSession[v], n.toScene[drawn] = drawn, v
	}
	return n
}

func (s *Service) newSession(g *grant) *session {
	ses := &session{era: g.era, grant: g, account: s.scene.Account.QQ, sigs: map[string]bool{}, taken: map[int64]bool{}}
	var people, groups, discussions []int64
	for _, p := range s.scene.people() {
		people = append(people, p.qq)
	}
	for _, g := range s.scene.Groups {
		groups = append(groups, g.Number)
	}
	for _, d := range s.scene.Discussions {
		discussions = append(discussions, d.Number)
	}
	for _, n := range slices.Concat([]int64{ses.account}, people, groups, discussions) {
		ses.taken[n] = true
	}
	ses.people = s.drawNumbers(ses, people)
	ses.people.toSession[ses.account], ses.people.toScene[ses.account] = ses.account, ses.account
	ses.gids = s.drawNumbers(ses, groups)
	ses.codes = s.drawNumbers(ses, groups)
	ses.dids = s.drawNumbers(ses, discussions)
	s.sessions = append(s.sessions, ses)
	if len(s.sessions) > maxLogins {
		s.sessions = slices.Delete(s.sessions, 0, 1)
	}
	return ses
}

// login2 begins a session; an older one is over then, since an account is at
// one place at a time. Called with the psessionid of a session that lives, it
// is a relink: the numbers stay.
func (s *Service) login2(c *call) *Reply {
	ses, id := c.grant.session, c.field("psessionid")
	relink := id != "" && ses != nil && ses.psessionid == id && ses.over == ""
	if relink {
		if p := s.takePoll(ses); p != nil { // under the psessionid of before
			s.finish(p, channel.refusal(103))
		}
	} else {
		ses = s.newSession(c.grant)
		for _, older := range s.sessions {
			if older != ses && older.over == "" {
				s.end(older, "the session was replaced by a newer login", true)
			}
		}
	}
	c.grant.session = ses
	ses.status = c.field("status")
	ses.vfwebqq = s.draw(hexDigits, 80)
	if relink && ses.era == SmartQQ {
		// Mojo-Webqq goes on with the token of a relink, though not with the
		// one of a login.
		ses.vfwebqq = c.grant.vfwebqq
	}
	// It began with the name of a machine of theirs, in hexadecimal.
	ses.psessionid = "8368046764001d636f6e6e7365727665725f77656271714031302e" + s.draw(hexDigits, 74)
	s.events = append(s.events, Login{ses.account, ses.era})
	s.deliver()
	return jsonReply(object{"retcode", 0, "result", object{
		"uin", ses.account, "cip", 1000000000 + s.rand.IntN(900000000), "index", 1075, "port", 40000 + s.rand.IntN(20000),
		"status", ses.status, "vfwebqq", ses.vfwebqq, "psessionid", ses.psessionid, "user_state", 0, "f", 0,
	}})
}

// getvfwebqq gives the token that opens S to SmartQQ: the one of login2 does
// not.
func (s *Service) getvfwebqq(c *call) *Reply {
	return ok(object{"vfwebqq", c.grant.vfwebqq})
}

// vf is the vfwebqq that S takes from this session.
func (ses *session) vf() string {
	if ses.era == WebQQ {
		return ses.vfwebqq
	}
	return ses.grant.vfwebqq
}

// admitSession finds the session of a call: on S by its vfwebqq, on D by its
// psessionid, which some clients leave empty where a vfwebqq is sent too. A
// call that takes neither is known by its cookies.
func (s *Service) admitSession(c *call) *Reply {
	id, vf := c.field("psessionid"), c.field("vfwebqq")
	var is func(*session) bool
	code, why := 100000, ""
	switch {
	case c.route.family == channel && id != "":
		is = func(ses *session) bool { return ses.psessionid == id }
		code, why = 103, "the psessionid is of no session; want the one of login2"
	case vf != "":
		is = func(ses *session) bool { return ses.vf() == vf && ses.grant.session == ses }
		why = "the vfwebqq is of no session; want login2 called first"
		for _, ses := range s.sessions {
			if ses.era == SmartQQ && ses.vfwebqq == vf {
				why = "the vfwebqq is the one of login2; in SmartQQ want the one of getvfwebqq"
			}
		}
	default:
		// A login on which no session was begun stands for the account too:
		// Mojo-Webqq makes one for qun.qq.com, over the cookies of the first.
		second := slices.ContainsFunc(s.grants, func(g *grant) bool {
			return g.session == nil && g.signed && g.over == "" && c.provesGrant(g)
		})
		is = func(ses *session) bool {
			return ses.grant.session == ses && (c.provesGrant(ses.grant) || second && ses.over == "")
		}
		why = "nothing tells whose call it is: psessionid, vfwebqq or the cookies of a login"
	}
	var found *session
	for _, ses := range slices.Backward(s.sessions) {
		if is(ses) {
			found = ses
			break
		}
	}
	if found == nil && id == "" && vf == "" && len(s.sessions) > 0 && s.forgive(c, why) {
		found = s.sessions[len(s.sessions)-1]
	}
	switch {
	case found == nil:
		return s.refuse(c, code, why)
	case found.over != "" && !(found.notice && c.route.path == pollPath):
		return s.refuse(c, 103, found.over)
	}
	c.session, c.grant = found, found.grant
	return nil
}

// end ends a session. With notice, its poll, the one that waits or the next,
// is told that the account was logged in elsewhere.
func (s *Service) end(ses *session, why string, notice bool) {
	ses.over, ses.notice = why, notice
	p := s.takePoll(ses)
	switch {
	case p != nil && notice:
		ses.notice = false
		s.finish(p, kickReply())
	case p != nil:
		s.finish(p, channel.refusal(103))
	}
}

func (s *Service) logOut(ses *session) {
	s.events = append(s.events, Logout{ses.account})
	s.end(ses, "the session was ended by its client", false)
}

// live is the session that gets the messages, or nil.
func (s *Service) live() *session {
	if len(s.sessions) == 0 || s.sessions[len(s.sessions)-1].over != "" {
		return nil
	}
	return s.sessions[len(s.sessions)-1]
}

// changeStatus takes offline as a logout, which is how one client means it.
func (s *Service) changeStatus(c *call) *Reply {
	status := c.field("newstatus")
	switch {
	case !slices.Contains(statuses, status):
		return s.refuse(c, 100001, fmt.Sprintf("the status %q does not exist", status))
	case status == "offline":
		s.logOut(c.session)
	default:
		c.session.status = status
	}
	return ok("ok")
}

func (s *Service) logout2(c *call) *Reply {
	s.logOut(c.session)
	return ok("ok")
}
