package webqq

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// One life in SmartQQ, from the code on the screen to the logout, as the
// article would draw its chain.
func TestSmartQQConversation(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.record = true
	converse(g)
	if g.codes != 1 {
		t.Errorf("got %d codes; want 1", g.codes)
	}
	g.golden("smartqq.txt")
}

// The same with the password of the years before.
func TestClassicConversation(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), classic)
	g.record = true
	converse(g)
	g.golden("webqq.txt")
}

// A service of 2013 has not heard of pt_tea and takes the MD5 chain.
func TestClassicOf2013(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), classic)
	g.before = func(x *sim.Exchange) bool {
		u := x.Request.URL
		u.RawQuery = strings.Replace(u.RawQuery, "&pt_tea=1", "", 1)
		if p := u.Query().Get("p"); u.Path == "/login" && len(p) != 32 {
			t.Errorf("got the password field %q; want 32 hex digits", p)
		}
		return false
	}
	converse(g)
}

func classic(o *Options) {
	o.Era, o.Account, o.Password = Classic, 10001, "password"
}

func converse(g *stage) {
	t := g.t
	t.Helper()
	g.client.o.OnMessage = func(m Message) {
		g.seen = append(g.seen, m)
		g.client.Send(m.Chat, TextContent("echo "+m.Text()), func(err error) {
			if err != nil {
				t.Errorf("send: %v", err)
			}
		})
	}
	g.start()
	for _, say := range []string{
		"say friend 20002 hello",
		"say group 900 20003 你好 & <all>",
		"say discuss 700 20002 third",
	} {
		g.command(say)
		g.run(2 * time.Second)
	}
	want := []string{
		`{"event":"send","kind":"friend","to":20002,"text":"echo hello"}`,
		`{"event":"send","kind":"group","to":900,"text":"echo 你好 & <all>"}`,
		`{"event":"send","kind":"discuss","to":700,"text":"echo third"}`,
	}
	if got := g.sends(); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := g.client.NameOf(g.seen[1].Chat, g.seen[1].Sender), "小明"; got != want {
		t.Errorf("the sender in the group: got %q; want %q", got, want)
	}
	if got := g.client.Account(); got != 10001 {
		t.Errorf("account: got %d; want 10001", got)
	}
	if got := g.client.Nick(); got != "bot" {
		t.Errorf("nick: got %q; want bot", got)
	}
	var number QQ
	g.client.LookupQQ(g.seen[0].Sender, func(n QQ, err error) {
		if err != nil {
			t.Errorf("LookupQQ: %v", err)
		}
		number = n
	})
	g.run(time.Second)
	if number != 20002 {
		t.Errorf("the friend's number: got %d; want 20002", number)
	}
	out := false
	g.client.Logout(func(err error) {
		out = true
		if err != nil {
			t.Errorf("logout: %v", err)
		}
	})
	g.run(time.Second)
	if !out || len(g.stopped) != 1 || g.stopped[0] != nil {
		t.Errorf("got logout %v, stopped %v; want true and [nil]", out, g.stopped)
	}
	if len(g.session) != 0 {
		t.Errorf("after logout the session is %q; want none", g.session)
	}
	for _, e := range g.events {
		if len(e) > 17 && e[:17] == `{"event":"refused` {
			t.Errorf("the service refused something: %s", e)
		}
	}
}
