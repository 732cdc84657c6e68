package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bot"
)

var morning = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// heard returns a message in "group:900" or "friend:20002".
func heard(chat, sender, text string) bot.Message {
	var p Place
	if err := p.UnmarshalText([]byte(chat)); err != nil {
		panic(err)
	}
	return bot.Message{
		Chat: bot.Chat(p), Sender: bot.Person{ID: sender, Name: "n" + sender}, Content: bot.Text(text), Text: text, Time: morning,
	}
}

// said decides and returns what would be replied, one rule after the other.
func said(d *Decider, account string, m bot.Message, now time.Time) string {
	todo, taken := d.Message(account, &m, now)
	var lines []string
	for _, done := range todo {
		text := "held"
		switch {
		case done.Note:
			text, _ = done.Rule.CooldownNote.render(&done.Scene)
		case !done.Held:
			var err error
			if text, err = done.Rule.Reply.render(&done.Scene); err != nil {
				text = err.Error()
			}
		}
		lines = append(lines, text)
	}
	if taken {
		lines = append(lines, "taken")
	}
	return strings.Join(lines, "; ")
}

// One rule, and messages that are for it and that are not.
func TestMatch(t *testing.T) {
	group := func(text string) bot.Message { return heard("group:900", "20002", text) }
	role := func(r bot.Role) bot.Message { m := group("hi"); m.Sender.Role = r; return m }
	mention := func() bot.Message { m := group("hi"); m.Mentioned = true; return m }
	for _, test := range []struct {
		rule string
		m    bot.Message
		want string
	}{
		{`reply = "ok"`, group("anything"), "ok; taken"},
		{`reply = "ok"` + "\ngo-on = true", group("anything"), "ok"},
		{`prefix = ["!say "]` + "\nreply = \"{{.Rest}}\"", group("!say  it loud "), "it loud; taken"},
		{`prefix = ["!say "]` + "\nreply = \"<{{.Rest}}>\"", group("!SAY"), "<>; taken"},
		{`prefix = ["!say "]` + "\nreply = \"x\"", group("!sayit"), ""},
		{`prefix = ["!say "]` + "\nreply = \"x\"", group("I !say it"), ""},
		{`prefix = ["天气"]` + "\nreply = \"{{.Rest}}\"", group("天气 北京"), "北京; taken"},
		{`prefix = ["a", "b"]` + "\nreply = \"{{.Rest}}\"", group("b1"), "1; taken"},
		{`keyword = ["help", "救命"]` + "\nreply = \"x\"", group("please HELP me"), "x; taken"},
		{`keyword = ["help", "救命"]` + "\nreply = \"x\"", group("救命啊"), "x; taken"},
		{`keyword = ["help"]` + "\nreply = \"x\"", group("hel p"), ""},
		{`regexp = "(?i)roll (\\d+)d(\\d+)?"` + "\nreply = \"{{index .Match 1}}/{{index .Match 2}}\"", group("Roll 2d6!"), "2/6; taken"},
		{`regexp = "roll (\\d+)d(\\d+)?"` + "\nreply = \"{{index .Match 1}}/{{index .Match 2}}\"", group("roll 2d"), "2/; taken"},
		{`regexp = "^a$"` + "\nreply = \"x\"", group("b"), ""},
		{`mention = true` + "\nreply = \"x\"", group("hi"), ""},
		{`mention = true` + "\nreply = \"x\"", mention(), "x; taken"},
		{`mention = false` + "\nreply = \"x\"", mention(), ""},
		{`chat = ["group:900"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`chat = ["group:901", "friend"]` + "\nreply = \"x\"", group("hi"), ""},
		{`chat = ["group:901", "group"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`account = ["main"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`account = ["other"]` + "\nreply = \"x\"", group("hi"), ""},
		{`sender = ["20002"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`sender = ["20003"]` + "\nreply = \"x\"", group("hi"), ""},
		{`role = ["owner", "admin"]` + "\nreply = \"x\"", role(bot.Admin), "x; taken"},
		{`role = ["owner", "admin"]` + "\nreply = \"x\"", role(bot.Member), ""},
		{`role = ["owner"]` + "\nreply = \"x\"", role(""), ""},
		{`allow = ["owner"]` + "\nreply = \"x\"", group("hi"), ""},
		{`allow = ["owner"]` + "\nreply = \"x\"", heard("friend:1", "1", "hi"), "x; taken"},
		{`allow = ["admins"]` + "\nreply = \"x\"", heard("friend:1", "1", "hi"), "x; taken"},
		{`allow = ["admins"]` + "\nreply = \"x\"", heard("friend:2", "2", "hi"), "x; taken"},
		{`allow = ["admins", "20002"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`deny = ["20002"]` + "\nreply = \"x\"", group("hi"), ""},
		{`reply = "x"`, heard("group:900", "666", "hi"), ""}, // denied to all rules
		{`on = ["offline"]` + "\nreply = \"x\"", group("hi"), ""},
		{`on = ["message", "poke"]` + "\nreply = \"x\"", group("hi"), "x; taken"},
		{`reply = "{{.Account}} {{.Chat.Kind}} {{.Chat.ID}} {{.Sender.Name}} {{.Time.Format \"15:04\"}}"`, group("hi"), "main group 900 n20002 08:00; taken"},
	} {
		t.Run(fmt.Sprintf("%s/%s", test.rule, test.m.Text), func(t *testing.T) {
			d := NewDecider(fileOf(t, "[people]\nowner = \"1\"\nadmins = [\"2\"]\ndeny = [\"666\"]\n[[rule]]\n"+test.rule), nil)
			if got := said(d, "main", test.m, morning); got != test.want {
				t.Errorf("got %q; want %q", got, test.want)
			}
			if !d.Wants(&test.m) && test.want != "" {
				t.Error("nobody wants it")
			}
		})
	}
}

// The higher priority is asked first, then the order of the file; go-on asks on.
func TestOrder(t *testing.T) {
	d := NewDecider(fileOf(t, `
[[rule]]
reply = "third"
[[rule]]
reply = "fourth"
[[rule]]
priority = 5
go-on = true
reply = "second"
[[rule]]
priority = 9
go-on = true
reply = "first"
`), nil)
	if got, want := said(d, "main", heard("friend:1", "1", "hi"), morning), "first; second; third; taken"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestCooldown(t *testing.T) {
	rule := func(per string) string {
		return "[[rule]]\nname = \"r\"\ncooldown = \"10s\"\ncooldown-per = \"" + per + "\"\ncooldown-note = \"wait\"\nreply = \"x\"\n"
	}
	a, b := heard("group:900", "1", "hi"), heard("group:900", "2", "hi")
	c := heard("group:901", "1", "hi")
	for _, test := range []struct {
		per  string
		want string
	}{
		// a, a, a, b, c at once; then a after ten seconds.
		{"person", "x wait held x held x"},
		{"chat", "x wait held held x x"},
		{"rule", "x wait held held held x"},
	} {
		d := NewDecider(fileOf(t, rule(test.per)), nil)
		var got []string
		for _, m := range []bot.Message{a, a, a, b, c} {
			got = append(got, strings.TrimSuffix(said(d, "main", m, morning), "; taken"))
		}
		got = append(got, strings.TrimSuffix(said(d, "main", a, morning.Add(10*time.Second)), "; taken"))
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("per %s: got %q; want %q", test.per, s, test.want)
		}
	}

	t.Run("it outlives a reload", func(t *testing.T) {
		d := NewDecider(fileOf(t, rule("person")), nil)
		said(d, "main", a, morning)
		d = NewDecider(fileOf(t, rule("person")), d)
		if got := said(d, "main", a, morning); got != "wait; taken" {
			t.Errorf("got %q; want a wait", got)
		}
	})
	t.Run("a clock that is set back ends it", func(t *testing.T) {
		d := NewDecider(fileOf(t, rule("person")), nil)
		said(d, "main", a, morning)
		if got := said(d, "main", a, morning.Add(-time.Hour)); got != "x; taken" {
			t.Errorf("got %q; want an answer", got)
		}
	})
	t.Run("its memory is bounded", func(t *testing.T) {
		d := NewDecider(fileOf(t, rule("person")), nil)
		for i := range 3 * maxCooldowns {
			said(d, "main", heard("friend:1", fmt.Sprint(i), "hi"), morning.Add(time.Duration(i)*time.Millisecond))
		}
		if n := len(d.used.last); n > maxCooldowns {
			t.Errorf("%d are remembered; want at most %d", n, maxCooldowns)
		}
	})
}
