package webqq

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// Look-ups by the numbers of this session and of former ones.
func TestLookups(t *testing.T) {
	scene := emulator.DefaultScene()
	scene.Friends[0].Markname = "老友"
	scene.Groups[0].Markname = "备注群"
	scene.Groups[0].Cards = map[string]string{"20003": "名片"}
	g := newStage(t, scene, nil)
	g.start()
	c := g.client
	first := struct {
		friend  Friend
		group   Group
		discuss Discuss
	}{c.Friends()[0], c.Groups()[0], c.Discusses()[0]}
	if first.friend.Nick != "friend" {
		first.friend = c.Friends()[1]
	}
	check := func(when string) {
		t.Helper()
		f, ok := c.Friend(first.friend.ID)
		if !ok || f.Name() != "老友" || f.Status != "online" {
			t.Errorf("%s, the friend: got %+v, %v", when, f, ok)
		}
		group, ok := c.Group(first.group.ID)
		if !ok || group.Name != "测试群" || group.Mark != "备注群" || len(group.Members) != 3 {
			t.Errorf("%s, the group: got %+v, %v", when, group, ok)
		}
		discuss, ok := c.Discuss(first.discuss.ID)
		if !ok || discuss.Name != "讨论组" || len(discuss.Members) != 3 {
			t.Errorf("%s, the discussion: got %+v, %v", when, discuss, ok)
		}
		for chat, want := range map[Chat]string{
			FriendChat(first.friend.ID): "老友", GroupChat(first.group.ID): "备注群", DiscussChat(first.discuss.ID): "讨论组",
			FriendChat(1): "", GroupChat(1): "", DiscussChat(1): "",
		} {
			if got := c.ChatName(chat); got != want {
				t.Errorf("%s, the name of %v: got %q; want %q", when, chat, got, want)
			}
		}
		for _, m := range group.Members {
			named, ok := c.Member(GroupChat(group.ID), m.ID)
			if !ok || named.Name() != c.NameOf(GroupChat(group.ID), m.ID) {
				t.Errorf("%s, the member %d: got %+v, %v", when, m.ID, named, ok)
			}
		}
		if !slices.ContainsFunc(group.Members, func(m Member) bool { return m.Name() == "名片" && m.Nick == "小明" }) {
			t.Errorf("%s: no member has the card: %+v", when, group.Members)
		}
	}
	check("at first")
	g.command("expire")
	g.run(2 * time.Minute)
	check("in the next session")
	if _, ok := c.Friend(1); ok {
		t.Error("nobody is number 1")
	}
}

func TestTranslate(t *testing.T) {
	knowing := func(friends ...Friend) *roster {
		r := newRoster()
		r.setFriends(friends)
		return r
	}
	now := knowing(Friend{ID: 11, Nick: "a"}, Friend{ID: 12, Nick: "b"}, Friend{ID: 13, Nick: "b"}, Friend{ID: 14, Nick: "d"})
	past := []*roster{
		knowing(Friend{ID: 21, Nick: "a"}, Friend{ID: 22, Nick: "b"}, Friend{ID: 23, Nick: "c"}),
		knowing(Friend{ID: 31, Nick: "a"}, Friend{ID: 32, Nick: "d"}, Friend{ID: 33, Nick: "d"}),
	}
	for _, tt := range []struct {
		name     string
		id, want UserID
		ok       bool
	}{
		{"of this session", 12, 12, true},
		{"of the last one", 21, 11, true},
		{"of the one before", 31, 11, true},
		{"two have the name now", 22, 22, false},
		{"two had the name then", 32, 32, false},
		{"gone", 23, 23, false},
		{"never seen", 99, 99, true},
	} {
		chat, ok := translate(FriendChat(tt.id), now, past)
		if chat.User != tt.want || ok != tt.ok {
			t.Errorf("%s: got %d, %v; want %d, %v", tt.name, chat.User, ok, tt.want, tt.ok)
		}
	}
}

// "hash wrong" makes the classic client try the hash of another year.
func TestRehash(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), classic)
	left := 3
	var hashes []string
	g.before = func(x *sim.Exchange) bool {
		if x.Request.URL.Path != "/api/get_user_friends2" {
			return false
		}
		_, rest, _ := strings.Cut(string(x.Body), "hash%22%3A%22")
		hash, _, _ := strings.Cut(rest, "%22")
		hashes = append(hashes, hash)
		if left--; left < 0 {
			return false
		}
		x.Reply(200, nil, []byte(`{"retcode":50,"errmsg":""}`))
		return true
	}
	g.start()
	var want []string
	for _, h := range []listHash{hashP, hashQ, hashO, hashN} {
		want = append(want, h(10001, g.client.session.PTWebQQ))
	}
	if !slices.Equal(hashes, want) {
		t.Errorf("got the hashes %q; want %q", hashes, want)
	}
}

// A list that lacks something is better than none.
func TestIncompleteList(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.before = func(x *sim.Exchange) bool {
		if x.Request.URL.Path != "/api/get_user_friends2" {
			return false
		}
		x.Reply(200, nil, []byte(`{"retcode":100003,"result":{"friends":[{"uin":7,"categories":0}],"info":[{"uin":7,"nick":"seven"}]}}`))
		return true
	}
	g.start()
	if got := g.client.Friends(); len(got) != 1 || got[0].Nick != "seven" {
		t.Errorf("got %+v; want the one friend that came", got)
	}
}

// Where a login leads to is looked at before cookies go there.
func TestCheckSigElsewhere(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"another domain", "http://qq.com.evil.example/check_sig", "is not one of qq.com"},
		{"a user in front", "http://ptlogin2.qq.com@evil.example/", "is not one of qq.com"},
		{"no address", "", "is not one of qq.com"},
		{"a frozen account", "http://aq.qq.com/cn2/login_limit", "frozen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newStage(t, emulator.DefaultScene(), nil)
			g.before = func(x *sim.Exchange) bool {
				if x.Request.URL.Path == "/check_sig" || strings.Contains(x.Request.Host, "evil") {
					t.Errorf("went to %s%s", x.Request.Host, x.Request.URL.Path)
				}
				if x.Request.URL.Path != "/ptqrlogin" {
					return false
				}
				x.Reply(200, nil, []byte("ptuiCB('0','0','"+tt.url+"','0','登录成功！', 'x');"))
				return true
			}
			var got error
			g.client.Login(func(err error) { got = err })
			g.run(2 * time.Minute)
			if got == nil || !strings.Contains(got.Error(), tt.want) {
				t.Errorf("got %v; want an error that says %q", got, tt.want)
			}
		})
	}
}
