package rules

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A stage is two bots in a simulated world that follow the same rules.
type stage struct {
	t      *testing.T
	world  *sim.World
	loop   *loop.Loop
	stream *sched.Stream
	rules  *Rules
	bots   bot.Bots
	said   []string // "main group 900: text"
	log    strings.Builder
}

// A voice is an account that writes down what it says.
type voice struct {
	*stage
	name string
}

func (v voice) ID() string   { return "10001" }
func (v voice) Nick() string { return "bot" }
func (v voice) Send(to bot.Chat, what bot.Content, done func(error)) {
	v.said = append(v.said, fmt.Sprintf("%s %s: %s", v.name, to, what.Text()))
	v.loop.AddCallback(func() { done(nil) })
}

// calls are scripts that write down what they are given.
type calls struct{ *stage }

func (c calls) Message(name string, call *bot.Call) {
	c.said = append(c.said, fmt.Sprintf("script %s: %s", name, call.Message().Text))
}

func (c calls) Event(name string, b *bot.Bot, e bot.Event) {
	c.said = append(c.said, fmt.Sprintf("script %s: %s on %s", name, e.Type, b.Name()))
}

var hook = netip.MustParseAddrPort("203.0.113.7:80")

func newStage(t *testing.T, text string) *stage {
	t.Helper()
	s := &stage{t: t, world: sim.New(sim.Options{Start: morning})}
	l, err := loop.New(s.world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	s.loop = l
	s.world.Host("hook.example", hook.Addr())
	s.stream = sched.New(l, sched.Options{Kernel: s.world.Kernel()})
	s.rules = New(l, fileOf(t, text), Options{
		Fetch: s.stream, Scripts: calls{s},
		Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	for _, name := range known.Accounts {
		bot.New(l, voice{s, name}, bot.Options{Name: name, Bots: &s.bots, Responders: []bot.Responder{s.rules}})
	}
	t.Cleanup(func() {
		s.stream.Close()
		l.Close()
		if n := s.world.Open(); n != 0 {
			t.Errorf("%d sockets are open at the end; want 0", n)
		}
	})
	return s
}

// run has do done on the loop, gives it so long, and returns what was said.
func (s *stage) run(d time.Duration, do func()) []string {
	s.t.Helper()
	s.said = nil
	s.loop.AddCallback(do)
	s.loop.CallLater(d, s.loop.Stop)
	if err := s.loop.Run(); err != nil {
		s.t.Fatal(err)
	}
	return s.said
}

func (s *stage) hears(account, chat, sender, text string) []string {
	return s.run(time.Minute, func() { s.bots.Get(account).Handle(heard(chat, sender, text)) })
}

func (s *stage) want(got []string, want ...string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Errorf("got\n%s\nwant\n%s\nlog:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), s.log.String())
	}
}

func TestActions(t *testing.T) {
	s := newStage(t, `
[[rule]]
prefix = ["!hi"]
reply = "hello {{.Sender.Name}}"
[[rule]]
prefix = ["!tell "]
reply = "{{.Sender.ID}} says {{.Rest}}"
to = ["friend:7", "other/group:8"]
[[rule]]
prefix = ["!pass"]
forward = ["other/group:901"]
[[rule]]
prefix = ["!run"]
script = "echo"
[[rule]]
prefix = ["!break"]
reply = "{{index .Match 3}}"
[[rule]]
prefix = ["!quiet"]
reply = "{{if .Rest}}loud{{end}}"
`)
	s.want(s.hears("main", "group:900", "1", "!hi"), "main group 900: hello n1")
	s.want(s.hears("other", "friend:1", "1", "!hi"), "other friend 1: hello n1")
	s.want(s.hears("main", "group:900", "1", "!tell all of it"), "main friend 7: 1 says all of it", "other group 8: 1 says all of it")
	s.want(s.hears("main", "group:900", "1", "!pass on"), "other group 901: !pass on")
	s.want(s.hears("main", "group:900", "1", "!run now"), "script echo: !run now")
	s.want(s.hears("main", "group:900", "1", "!quiet"))
	s.want(s.hears("main", "group:900", "1", "no rule has this"))
	s.want(s.hears("main", "group:900", "1", "!break"))
	if !strings.Contains(s.log.String(), "a reply cannot be made") {
		t.Errorf("the log does not say why nothing was said: %s", s.log.String())
	}
	// What no rule takes is for the commands.
	s.want(s.hears("main", "friend:1", "1", "ping"), "main friend 1: pong")
}

func TestFollow(t *testing.T) {
	s := newStage(t, "[[rule]]\nprefix = [\"!a\"]\nreply = \"old\"")
	s.want(s.hears("main", "friend:1", "1", "!a"), "main friend 1: old")
	s.rules.Follow(fileOf(t, "[[rule]]\nprefix = [\"!a\"]\nreply = \"new\""))
	s.want(s.hears("main", "friend:1", "1", "!a"), "main friend 1: new")
}

func TestEvents(t *testing.T) {
	s := newStage(t, `
[[rule]]
on = ["offline", "kicked"]
account = ["main"]
reply = "{{.Account}} is {{.Event}}: {{.Cause}}"
to = ["other/friend:1"]
[[rule]]
on = ["group_increase"]
chat = ["group:900"]
reply = "welcome, {{.Sender.ID}}"
[[rule]]
on = ["online"]
script = "echo"
`)
	event := func(account string, e bot.Event) []string {
		return s.run(time.Minute, func() { s.bots.Get(account).Event(e) })
	}
	s.want(event("main", bot.Event{Type: bot.Kicked, Text: "another place"}), "other friend 1: main is kicked: another place")
	s.want(event("other", bot.Event{Type: bot.Kicked}))
	s.want(event("main", bot.Event{Type: bot.Online}), "script echo: online on main")
	s.want(event("main", bot.Event{Type: "group_increase", Chat: bot.Chat{Kind: bot.Group, ID: "900"}, Sender: bot.Person{ID: "5"}}), "main group 900: welcome, 5")
	s.want(event("main", bot.Event{Type: "group_increase", Chat: bot.Chat{Kind: bot.Group, ID: "901"}, Sender: bot.Person{ID: "5"}}))
}

func TestWebhook(t *testing.T) {
	s := newStage(t, `
[[rule]]
name = "asks"
prefix = ["!ask"]
webhook = "http://hook.example/secret"
webhook-reply = true
[[rule]]
prefix = ["!tell"]
webhook = "http://hook.example/secret"
[[rule]]
on = ["poke"]
webhook = "http://hook.example/secret"
webhook-reply = true
`)
	var told []string
	var reply func(x *sim.Exchange)
	listener := s.world.Listen(hook, sim.HTTP(func(x *sim.Exchange) {
		told = append(told, string(x.Body))
		reply(x)
	}))
	answer := func(status int, kind, body string) {
		reply = func(x *sim.Exchange) { x.Reply(status, map[string][]string{"Content-Type": {kind}}, []byte(body)) }
	}

	answer(200, "application/json; charset=utf-8", `{"reply":"from afar"}`)
	s.want(s.hears("main", "group:900", "1", "!ask me"), "main group 900: from afar")
	var body map[string]any
	if err := json.Unmarshal([]byte(told[0]), &body); err != nil || body["type"] != "message" || body["account"] != "main" ||
		body["chat"] != "group:900" || body["text"] != "!ask me" || body["sender"].(map[string]any)["id"] != "1" {
		t.Errorf("the webhook was told %s", told[0])
	}
	answer(200, "text/plain", "plainly\n")
	s.want(s.hears("main", "group:900", "1", "!ask me"), "main group 900: plainly")
	s.want(s.hears("main", "group:900", "1", "!tell"))
	s.want(s.run(time.Minute, func() {
		s.bots.Get("main").Event(bot.Event{Type: "poke", Chat: bot.Chat{Kind: bot.Friend, ID: "1"}})
	}), "main friend 1: plainly")

	// Whatever goes wrong, nothing is said, the log says why, and does not name
	// the secret in the path.
	for _, test := range []struct {
		name string
		do   func()
		log  string
	}{
		{"an error", func() { answer(500, "text/plain", "broken") }, "status=500"},
		{"no text", func() { answer(200, "text/html", "<p>") }, ""},
		{"bad JSON", func() { answer(200, "application/json", "{") }, ""},
		{"too much", func() { answer(200, "text/plain", strings.Repeat("x", hookMaxReply+1)) }, "a webhook failed"},
		{"silence", func() { reply = func(*sim.Exchange) {} }, "a webhook failed"},
		{"nobody there", func() { listener.Close() }, "a webhook failed"},
	} {
		s.log.Reset()
		test.do()
		s.want(s.hears("main", "group:900", "1", "!ask me"))
		if log := s.log.String(); !strings.Contains(log, test.log) || strings.Contains(log, "/secret") {
			t.Errorf("%s: the log says %q; want %q, and no path", test.name, log, test.log)
		}
	}
}

// A slow webhook does not gather requests without end.
func TestManyWebhooks(t *testing.T) {
	s := newStage(t, "[[rule]]\nprefix = [\"!\"]\nwebhook = \"http://hook.example/\"")
	asked := 0
	s.world.Listen(hook, sim.HTTP(func(*sim.Exchange) { asked++ }))
	s.run(10*time.Second, func() {
		for i := range 2 * hooksAtOnce {
			s.bots.Get("main").Handle(heard("group:900", fmt.Sprint(i), "!"))
		}
	})
	if asked > hooksAtOnce || asked == 0 {
		t.Errorf("%d are under way; want at most %d", asked, hooksAtOnce)
	}
	if !strings.Contains(s.log.String(), "a webhook was not called") {
		t.Error("the log does not name those that were not called")
	}
	s.run(hookTimeout, func() {})
	s.want(s.run(time.Second, func() {}))
}
