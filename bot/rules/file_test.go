package rules

import (
	"strings"
	"testing"
)

var known = Known{Accounts: []string{"main", "other"}, Scripts: []string{"echo"}}

func fileOf(t testing.TB, text string) *File {
	t.Helper()
	f, err := Parse("rules.toml", []byte(text), known)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What is wrong is named by file, line and rule, with what would be right.
func TestBadFiles(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a regexp", "[[rule]]\nname = \"a\"\nregexp = \"(\"\nreply = \"x\"", `rules.toml:3: "(" is no regular expression: missing closing ): ` + "`(`"},
		{"an unknown field of a template", "[[rule]]\nreply = \"hi {{.Nmae}}\"",
			`rules.toml:2: the template "hi {{.Nmae}}" asks for .Nmae, which there is not: there are .Account, .Chat, .Sender, .Text, .Rest, .Match, .Event, .Cause, .Time`},
		{"an unknown field of a field", "[[rule]]\nreply = \"{{.Sender.Age}}\"", `asks for .Sender.Age, which there is not`},
		{"a field of a text", "[[rule]]\nreply = \"{{.Text.Length}}\"", `asks for .Text.Length, which there is not`},
		{"an unknown field in a branch", "[[rule]]\nreply = \"{{if .Text}}{{else}}{{$.Whom}}{{end}}\"", `asks for .Whom, which there is not`},
		{"a template that does not end", "[[rule]]\nreply = \"{{.Text\"", `rules.toml:2: the template "{{.Text": `},
		{"an unknown function", "[[rule]]\nreply = \"{{shout .Text}}\"", `function "shout" not defined`},
		{"an unknown key", "[[rule]]\nreply = \"x\"\nregex = \"y\"", `rules.toml:3: there is no key "rule.regex" here`},
		{"nothing to do", "\n\n[[rule]]\nname = \"idle\"\nprefix = [\"!x\"]", `rules.toml:3: rule "idle": it does nothing: give it reply, forward, webhook or script`},
		{"the second rule", "[[rule]]\nreply = \"x\"\n[[rule]]\nto = [\"group:1\"]\nscript = \"echo\"", `rules.toml:3: rule 2: to says where reply is said, and there is no reply`},
		{"an unknown script", "[[rule]]\nscript = \"eco\"", `rules.toml:1: rule 1: there is no script "eco": the scripts are ["echo"]`},
		{"an unknown account", "[[rule]]\naccount = [\"mian\"]\nreply = \"x\"", `there is no account "mian": the accounts are ["main" "other"]`},
		{"a forward to an unknown account", "[[rule]]\nforward = [\"mian/group:1\"]", `there is no account "mian"`},
		{"a chat", "[[rule]]\nchat = [\"groups:900\"]\nreply = \"x\"", `rules.toml:2: "groups:900" is no chat: such as "group:900"`},
		{"a chat without a number", "[[rule]]\nchat = [\"group:\"]\nreply = \"x\"", `"group:" is no chat`},
		{"a target that is a kind", "[[rule]]\nforward = [\"group\"]", `"group" is no place to say something: such as "group:900"`},
		{"a target of nobody", "[[rule]]\nforward = [\"/group:1\"]", `"/group:1" is no place`},
		{"a role", "[[rule]]\nrole = [\"boss\"]\nreply = \"x\"", `"boss" is no role: "owner", "admin", "member"`},
		{"a cooldown", "[[rule]]\ncooldown = \"10\"\nreply = \"x\"", `"10" is not a duration such as "10s" or "2h"`},
		{"whose cooldown", "[[rule]]\ncooldown = \"9s\"\ncooldown-per = \"day\"\nreply = \"x\"", `cooldown-per is "day": "person", "chat" or "rule"`},
		{"a note of no cooldown", "[[rule]]\ncooldown-note = \"wait\"\nreply = \"x\"", `cooldown-note needs a cooldown`},
		{"a webhook", "[[rule]]\nwebhook = \"ftp://a/\"", `"ftp://a/" is no address of a webhook`},
		{"an answer of no webhook", "[[rule]]\nwebhook-reply = true\nreply = \"x\"", `there is no webhook`},
		{"the text of an event", "[[rule]]\non = [\"offline\"]\nprefix = [\"!\"]\nreply = \"x\"", `an event has no text`},
		{"a time table", "[[schedule]]\ncron = \"0 25 * * *\"\nto = [\"main/group:1\"]\nsay = \"x\"", `rules.toml:2: "0 25 * * *" is no time table: five fields`},
		{"a time table with seconds", "[[schedule]]\ncron = \"0 0 8 * * *\"\nto = [\"main/group:1\"]\nsay = \"x\"", `is no time table: five fields`},
		{"no time table", "[[schedule]]\nto = [\"main/group:1\"]\nsay = \"x\"", `schedule 1: cron is missing`},
		{"a time zone", "[[schedule]]\ncron = \"0 8 * * *\"\ntime-zone = \"Peking\"\nto = [\"main/group:1\"]\nsay = \"x\"", `"Peking" is no time zone: such as "Asia/Shanghai"`},
		{"who speaks", "[[schedule]]\nname = \"m\"\ncron = \"0 8 * * *\"\nto = [\"group:1\"]\nsay = \"x\"", `schedule "m": who says it in group:1? There are several accounts: write "main/group:1"`},
		{"half a file", "[[rule]]\nreply = ", `rules.toml:2: `},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("rules.toml", []byte(test.text), known)
			if err == nil {
				t.Fatalf("it was accepted; want %q", test.want)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got\n%v\nwant\n%v", err, test.want)
			}
		})
	}
}

// Templates may say all that text/template can, where the fields exist.
func TestGoodTemplates(t *testing.T) {
	for _, text := range []string{
		"", "plain", "{{.Sender.Name}} {{.Sender.ID}} {{.Chat.Kind}} {{.Chat.ID}}", `{{.Time.Format "15:04"}}`,
		"{{range .Match}}{{.}}{{end}}", "{{with .Sender}}{{.Name}}{{$.Text}}{{end}}", `{{index .Match 0}}`,
		"{{if eq .Rest \"\"}}what?{{else}}{{.Rest}}{{end}}", "{{.Chat.Private}}", `{{define "x"}}{{.Any}}{{end}}y`,
	} {
		if err := new(Template).UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[[rule]]\nname = \"a\"\nprefix = [\"!a \"]\nreply = \"{{.Rest}}\"\n[[schedule]]\ncron = \"0 8 * * *\"\nto = [\"main/group:1\"]\nsay = \"x\"")
	f.Add("[people]\nowner = \"1\"\n[[rule]]\nregexp = \"(a)(b)?\"\nreply = \"{{index .Match 2}}\"\nto = [\"other/friend:2\"]")
	f.Add("[[rule]]\n[[rule]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f", []byte(text), known)
		if (file == nil) && err == nil {
			t.Error("neither a file nor an error")
		}
		if err != nil {
			return
		}
		d := NewDecider(file, nil)
		m := heard("group:900", "20002", "!a ab")
		todo, _ := d.Message("main", &m, morning)
		for _, done := range todo {
			if done.Rule.Reply != nil {
				done.Rule.Reply.render(&done.Scene) // may fail, must not panic
			}
		}
	})
}
