package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A family of calls refuses alike.
type family int

const (
	page     family = iota // pages, pictures, uploads
	ptlogin                // the login hosts: a call of the page's script
	contacts               // s.web2.qq.com/api, "S"
	channel                // d1.web2.qq.com/channel, "D"
	keycgi                 // cgi.web2.qq.com
	qun                    // qun.qq.com and qinfo.clt.qq.com
)

// refusal is the reply of a family to what it cannot use.
func (f family) refusal(code int) *Reply {
	switch f {
	case page:
		return reply(http.StatusBadRequest, typeHTML, nginxPage("400 Bad Request"))
	case ptlogin:
		return ptuiCB("7", "", "提交参数错误，请检查。", "")
	case qun:
		return jsonReply(object{"ec", 1, "em", "no&nbsp;login"})
	}
	return jsonReply(object{"retcode", code, "errmsg", ""})
}

// identity is what a call must be able to tell about the caller.
type identity int

const (
	anyone    identity = iota
	byCookie           // a login of which the cookies or the ptwebqq are known
	bySession          // a session: by vfwebqq on S, by psessionid on D
)

// A route is one call: its path, and what the service wanted to see in it.
// The same path meant the same on every host.
type route struct {
	path   string
	family family
	need   string // fields that must be there; many may be empty
	smart  string // fields that a SmartQQ session must send besides
	who    identity
	denied int // retcode for a caller who is nobody; 0: 100000
	answer func(*Service, *call) *Reply
}

// routes is section by section the list of calls. A field is in need where
// every client sent it; t and the like are in nobody's way.
func routes() map[string]*route {
	const who = "clientid psessionid "
	const msg = who + "content msg_id " // twqq sends no face to groups
	table := []route{
		// Pages.
		{path: "/", answer: (*Service).emptyPage},
		{path: "/proxy.html", answer: (*Service).emptyPage},
		{path: "/cfproxy.html", answer: (*Service).emptyPage},
		{path: "/loginproxy.html", answer: (*Service).emptyPage},
		{path: "/login.html", answer: (*Service).outerPage},
		{path: "/web2/get_msg_tip", answer: (*Service).msgTip},

		// Login, both kinds.
		{path: "/cgi-bin/login", answer: (*Service).loginPage},
		{path: "/cgi-bin/xlogin", answer: (*Service).loginPage},
		{path: "/check", family: ptlogin, need: "uin appid", answer: (*Service).check},
		{path: "/getimage", need: "aid uin", answer: (*Service).getimage},
		{path: "/login", family: ptlogin, need: "u p verifycode aid u1", answer: (*Service).login},
		{path: "/ptqrshow", need: "appid", answer: (*Service).ptqrshow},
		{path: "/ptqrlogin", family: ptlogin, need: "ptqrtoken aid u1", answer: (*Service).ptqrlogin},
		{path: "/check_sig", need: "uin ptsigx", answer: (*Service).checkSig},
		{path: "/pt4_auth", need: "appid auth_token", family: ptlogin, answer: (*Service).pt4Auth},
		{path: "/logout", answer: (*Service).ptLogout},
		{path: "/api/getvfwebqq", family: contacts, need: who + "ptwebqq", who: byCookie, answer: (*Service).getvfwebqq},
		{path: "/channel/login2", family: channel, need: who + "ptwebqq status", who: byCookie, denied: 100001, answer: (*Service).login2},

		// Contacts.
		{path: "/api/get_user_friends2", family: contacts, need: "vfwebqq", smart: "hash", who: bySession, answer: (*Service).friends},
		{path: "/api/get_group_name_list_mask2", family: contacts, need: "vfwebqq", smart: "hash", who: bySession, answer: (*Service).groups},
		{path: "/api/get_discus_list", family: contacts, need: who + "vfwebqq", who: bySession, answer: (*Service).discussions},
		{path: "/api/get_discu_list_new2", family: contacts, need: "vfwebqq", who: bySession, answer: (*Service).discussions},
		{path: "/api/get_group_info_ext2", family: contacts, need: "gcode vfwebqq", who: bySession, answer: (*Service).groupInfo},
		{path: "/channel/get_discu_info", family: channel, need: who + "did vfwebqq", who: bySession, answer: (*Service).discussInfo},
		{path: "/api/get_friend_info2", family: contacts, need: "tuin vfwebqq", who: bySession, answer: (*Service).personInfo},
		{path: "/api/get_stranger_info2", family: contacts, need: "tuin vfwebqq", who: bySession, answer: (*Service).personInfo},
		{path: "/api/get_self_info2", family: contacts, who: bySession, answer: (*Service).selfInfo},
		{path: "/api/get_friend_uin2", family: contacts, need: "tuin type vfwebqq", who: bySession, answer: (*Service).friendUin},
		{path: "/api/get_single_long_nick2", family: contacts, need: "tuin vfwebqq", who: bySession, answer: (*Service).longNick},
		{path: "/api/set_long_nick2", family: contacts, need: "nlk vfwebqq", who: bySession, answer: (*Service).setLongNick},
		{path: "/api/get_qq_level2", family: contacts, need: "tuin vfwebqq", who: bySession, answer: (*Service).level},
		{path: "/channel/get_online_buddies2", family: channel, need: who, smart: "vfwebqq", who: bySession, answer: (*Service).onlineBuddies},
		{path: "/channel/get_recent_list2", family: channel, need: who + "vfwebqq", who: bySession, answer: (*Service).recent},

		// Status and session.
		{path: "/channel/change_status2", family: channel, need: who + "newstatus", who: bySession, answer: (*Service).changeStatus},
		{path: "/channel/logout2", family: channel, need: who, who: bySession, answer: (*Service).logout2},
		{path: "/channel/shake2", family: channel, need: who + "to_uin", who: bySession, answer: (*Service).nudge},
		{path: "/channel/input_notify2", family: channel, need: who + "to_uin", who: bySession, answer: (*Service).nudge},
		{path: "/channel/get_c2cmsg_sig2", family: channel, need: who + "id to_uin service_type", who: bySession, answer: (*Service).sessSig},
		{path: "/keycgi/qqweb/uac/messagefilter.do", family: keycgi, need: "retype app itemlist vfwebqq", who: bySession, answer: (*Service).messageFilter},

		// Messages.
		{path: "/channel/poll2", family: channel, need: who + "key", smart: "ptwebqq", who: bySession, answer: (*Service).poll2},
		{path: "/channel/send_buddy_msg2", family: channel, need: msg + "to", who: bySession, answer: (*Service).sendFriend},
		{path: "/channel/send_qun_msg2", family: channel, need: msg + "group_uin", who: bySession, answer: (*Service).sendGroup},
		{path: "/channel/send_discu_msg2", family: channel, need: msg + "did", who: bySession, answer: (*Service).sendDiscuss},
		{path: "/channel/send_sess_msg2", family: channel, need: msg + "to group_sig service_type", who: bySession, answer: (*Service).sendSess},

		// Pictures and files.
		{path: "/channel/get_gface_sig2", family: channel, need: who, who: bySession, answer: (*Service).gfaceSig},
		{path: "/cgi-bin/cface_upload", answer: (*Service).cfaceUpload},
		{path: "/ftn_access/upload_offline_pic", answer: (*Service).offlinePic},
		{path: "/channel/get_offpic2", family: channel, need: who + "file_path f_uin", who: bySession, answer: (*Service).offpic},
		{path: "/d/channel/get_offpic2", answer: (*Service).offpic},
		{path: "/channel/get_cface2", family: channel, need: who + "lcid to guid", who: bySession, answer: (*Service).picture},
		{path: "/cgi-bin/get_group_pic", answer: (*Service).picture},
		{path: "/channel/get_file2", family: channel, need: who, who: bySession, answer: (*Service).accepted},
		{path: "/channel/refuse_file2", family: channel, need: who, who: bySession, answer: (*Service).accepted},
		{path: "/channel/notify_offfile2", family: channel, need: who, who: bySession, answer: (*Service).accepted},
		{path: "/channel/send_offfile2", family: channel, need: who, who: bySession, answer: (*Service).accepted},
		{path: "/cgi/svr/face/getface", answer: (*Service).picture},

		// qun.qq.com.
		{path: "/cgi-bin/qun_mgr/get_friend_list", family: qun, need: "bkn", answer: (*Service).qunFriends},
		{path: "/cgi-bin/qun_mgr/get_group_list", family: qun, need: "bkn", answer: (*Service).qunGroups},
		{path: "/cgi-bin/qun_mgr/search_group_members", family: qun, need: "gc st end bkn", answer: (*Service).qunMembers},
		{path: "/cgi-bin/qun_mgr/delete_group_member", family: qun, need: "gc ul bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_mgr/add_group_member", family: qun, need: "gc ul bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_mgr/set_group_admin", family: qun, need: "gc ul bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_mgr/set_group_card", family: qun, need: "gc bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_info/get_group_members_new", family: qun, need: "gc bkn", answer: (*Service).qinfoMembers},
		{path: "/cgi-bin/qun_info/set_group_shutup", family: qun, need: "gc bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_info/set_group_admin", family: qun, need: "gc bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_info/set_group_card", family: qun, need: "gc bkn", answer: (*Service).qunDone},
		{path: "/cgi-bin/qun_info/delete_group_member", family: qun, need: "gc bkn", answer: (*Service).qunDone},
	}
	// Changes of the contact list: which fields they need was never pinned
	// down, and some were called on either host.
	for _, name := range strings.Fields(`allow_and_add2 allow_added_request2 deny_added_request2
		add_need_verify2 add_no_verify2 search_qq_by_uin2 delete_friend modify_friend_group
		change_mark_name2 quit_group2 get_group_public_info2 op_group_join_req
		apply_join_group2 create_discu change_discu_mem modify_discu_info`) {
		table = append(table,
			route{path: "/api/" + name, family: contacts, who: bySession, answer: (*Service).accepted},
			route{path: "/channel/" + name, family: channel, who: bySession, answer: (*Service).accepted})
	}
	byPath := map[string]*route{}
	for i := range table {
		byPath[table[i].path] = &table[i]
	}
	return byPath
}

func apiPath(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/channel/")
}

// admit checks a request against its route, and finds out who is calling. It
// returns the refusal, or nil.
func (s *Service) admit(c *call) *Reply {
	f := c.route.family
	if f == contacts || f == channel {
		if why := refererProblem(c.req.Header.Get("Referer")); why != "" && !s.forgive(c, why) {
			return s.refuse(c, 103, why)
		}
		if c.badR {
			return s.refuse(c, 100006, "the field r is no JSON object")
		}
	}
	if r := s.wantFields(c, c.route.need); r != nil {
		return r
	}
	switch {
	case f == qun:
		if r := s.admitQun(c); r != nil {
			return r
		}
	case c.route.who == byCookie:
		if r := s.admitLogin(c); r != nil {
			return r
		}
	case c.route.who == bySession:
		if r := s.admitSession(c); r != nil {
			return r
		}
		if c.session.era == SmartQQ {
			return s.wantFields(c, c.route.smart)
		}
	}
	return nil
}

// refererProblem says what is wrong with a Referer. The service looked at it
// on S and D, but took the proxy page of any version and of any of its hosts.
func refererProblem(referer string) string {
	if referer == "" {
		return "there is no Referer; want the proxy page, such as http://d1.web2.qq.com/proxy.html?v=20151105001&callback=1&id=2"
	}
	u, err := url.Parse(referer)
	if err != nil || u.Hostname() != "qq.com" && !strings.HasSuffix(u.Hostname(), ".qq.com") {
		return fmt.Sprintf("the Referer is %q; want a page on qq.com", referer)
	}
	return ""
}

func (s *Service) wantFields(c *call, names string) *Reply {
	for name := range strings.FieldsSeq(names) {
		if _, ok := c.lookup(name); !ok {
			why := fmt.Sprintf("the field %s is missing", name)
			if !s.forgive(c, why) {
				return s.refuse(c, 100001, why)
			}
		}
	}
	return nil
}

// forgive reports whether something that is missing is let pass.
func (s *Service) forgive(c *call, why string) bool {
	if s.lenient {
		s.log(c.req.Path + " was let pass: " + why)
	}
	return s.lenient
}

// admitQun wants the two cookies that reach qun.qq.com, and the token made of
// one of them. A client's jar keeps p_uin and p_skey on web2.qq.com.
func (s *Service) admitQun(c *call) *Reply {
	for _, g := range s.grants {
		if c.proves("skey", g.skey) && g.over == "" {
			c.grant = g
		}
	}
	switch {
	case c.grant == nil && !(len(c.cookies["skey"]) == 0 && s.forgive(c, "the cookie skey is missing")):
		return s.refuse(c, 0, "the cookie skey is missing, or of no login that lasts")
	case len(c.cookies["uin"]) == 0 && !s.forgive(c, "the cookie uin is missing"):
		return s.refuse(c, 0, "the cookie uin is missing")
	case c.grant != nil && c.field("bkn") != fmt.Sprint(bkn(c.grant.skey)):
		if _, there := c.lookup("bkn"); there {
			return s.refuse(c, 0, fmt.Sprintf("bkn is %q; want %d, made of the skey", c.field("bkn"), bkn(c.grant.skey)))
		}
	}
	return nil
}
