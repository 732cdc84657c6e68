package emulator

import (
	"strings"
	"testing"
)

// ask sends a request and returns the body of the reply.
func (k *talker) ask(method, target string, fields ...string) string {
	_, r := k.request(method, k.expand(target), fields)
	if r == nil {
		k.t.Fatalf("got no reply to %s; want one at once", target)
	}
	return string(r.Body)
}

func wantIn(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if !strings.Contains(got, want) {
			t.Errorf("got %q; want %q in it", got, want)
		}
	}
}

// Yinzo's client finds the number of a group by its name, which it escapes to
// compare it with what qun.qq.com says; pandolia's unescapes that.
func TestQunNamesAreForHTML(t *testing.T) {
	scene := DefaultScene()
	scene.Friends[0].Nick = `R&D <lab> "x"`
	scene.Friends[1].Category = "同 学"
	scene.Groups[0].Name = "a & b"
	scene.Groups[0].Cards = map[string]string{"20003": "1 < 2"}
	scene.Groups[0].Admins = []int64{20003}
	k := talkTo(t, New(scene, Options{}))
	k.login()
	const qun, qinfo = "http://qun.qq.com/cgi-bin/qun_mgr/", "http://qinfo.clt.qq.com/cgi-bin/qun_info/"
	wantIn(t, k.ask("POST", qun+"get_friend_list", "bkn=${bkn}"), `"name":"R&amp;D&nbsp;&lt;lab&gt;&nbsp;\"x\""`, `"gname":"同&nbsp;学"`)
	wantIn(t, k.ask("POST", qun+"get_group_list", "bkn=${bkn}"), `"gn":"a&nbsp;&amp;&nbsp;b"`)
	wantIn(t, k.ask("POST", qun+"search_group_members", "gc=900", "st=0", "end=20", "bkn=${bkn}"),
		`"nick":"R&amp;D&nbsp;&lt;lab&gt;&nbsp;\"x\""`, `"card":"1&nbsp;&lt;&nbsp;2"`)
	wantIn(t, k.ask("POST", qinfo+"get_group_members_new", "gc=900", "bkn=${bkn}"),
		`"n":"R&amp;D&nbsp;&lt;lab&gt;&nbsp;\"x\""`, `"adm":[20003]`, `"cards":{"20003":"1&nbsp;&lt;&nbsp;2"}`)
	wantIn(t, k.ask("POST", "http://s.web2.qq.com/api/get_group_name_list_mask2", `r={"vfwebqq":"${vfwebqq}","hash":"${hash}"}`), `"name":"a & b"`)
}

// What a scene wrote with entities is not escaped twice.
func TestQunNameEscapesOnce(t *testing.T) {
	for _, name := range []string{"a&b c", "a&amp;b&nbsp;c"} {
		if got, want := qunName(name), "a&amp;b&nbsp;c"; got != want {
			t.Errorf("qunName(%q): got %q; want %q", name, got, want)
		}
	}
}

// Pandolia's client counts those who are not in ul as not removed.
func TestRemovedMembersAreListed(t *testing.T) {
	k := newTalker(t)
	k.login()
	got := k.ask("POST", "http://qun.qq.com/cgi-bin/qun_mgr/delete_group_member", "gc=900", "ul=20002|20003", "flag=0", "bkn=${bkn}")
	if want := `{"ec":0,"gc":900,"ul":[20002,20003]}`; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Mojo-Webqq drops the vfwebqq of a login2, but not that of a relink.
func TestRelinkTokenOpensContacts(t *testing.T) {
	k := newTalker(t)
	k.login()
	list := func() string {
		return k.ask("POST", "http://s.web2.qq.com/api/get_user_friends2", `r={"vfwebqq":"${login2_vfwebqq}","hash":"${hash}"}`)
	}
	wantIn(t, list(), `"retcode":100000`)
	k.ask("POST", "http://d1.web2.qq.com/channel/login2",
		`r={"status":"online","key":"","ptwebqq":"${ptwebqq}","clientid":53999199,"psessionid":"${psessionid}"}`)
	wantIn(t, list(), `"retcode":0`, `"nick":"friend"`)
}

// Clients of before February 2017 knew no ptqrtoken. The strict service says
// that a field is missing; the lenient one goes by the cookie alone.
func TestCodeWithoutToken(t *testing.T) {
	const poll = "https://ssl.ptlogin2.qq.com/ptqrlogin?aid=501004106&u1=http%3A%2F%2Fw.qq.com%2Fproxy.html"
	for _, test := range []struct {
		lenient bool
		want    []string
	}{
		{false, []string{"'7'", "'7'", "'7'", "'7'"}},
		{true, []string{"'65'", "'66'", "'67'", "'0'"}},
	} {
		k := talkTo(t, New(DefaultScene(), Options{Lenient: test.lenient}))
		for i, want := range test.want {
			if i == 1 {
				k.ask("GET", "https://ssl.ptlogin2.qq.com/ptqrshow?appid=501004106")
			}
			wantIn(t, k.ask("GET", poll), "ptuiCB("+want)
		}
	}
}

// Mojo-Webqq makes a second login, with the password and for qun.qq.com. The
// session that polls lives on, and the calls known by their cookies with it.
func TestSecondLoginForQun(t *testing.T) {
	k := newTalker(t)
	k.login()
	ses := k.session()
	check := k.ask("GET", "https://ssl.ptlogin2.qq.com/check?pt_tea=2&uin=10001&appid=715030901&u1=http%3A%2F%2Fqun.qq.com%2F")
	wantIn(t, check, k.s.classic.session)
	wantIn(t, k.ask("GET", "https://ssl.ptlogin2.qq.com/login?u=10001&p=${code_tea:password}&verifycode=${verifycode}&aid=715030901&u1=http%3A%2F%2Fqun.qq.com%2F"),
		"ptuiCB('0'", "s_url=http%3A%2F%2Fqun.qq.com%2F")
	k.ask("GET", k.last)
	const self = "http://s.web2.qq.com/api/get_self_info2?t=1"
	wantIn(t, k.ask("GET", self), `"retcode":0`, `"nick":"bot"`)
	wantIn(t, k.ask("POST", "http://qun.qq.com/cgi-bin/qun_mgr/get_group_list", "bkn=${bkn}"), `"gc":900`)
	if k.s.live() != ses {
		t.Error("the second login ended the session; want it alive")
	}
	k.cookies = false
	wantIn(t, k.ask("GET", self), `"retcode":100000`)
}
