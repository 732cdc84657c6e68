package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A File is the part of a configuration that may change while the bot runs. It
// can be embedded in the structure of a larger one. Once checked, it is not
// changed.
type File struct {
	People    People     `toml:"people,omitempty"`
	Rules     []Rule     `toml:"rule,omitempty"`
	Schedules []Schedule `toml:"schedule,omitempty"`
}

// People are persons with a name for what they may do, by their numbers.
type People struct {
	Owner  string   `toml:"owner,omitempty" comment:"The number of the bot's owner. Rules call him \"owner\"."`
	Admins []string `toml:"admins,omitempty" comment:"Whom rules call \"admins\"; the owner is one of them."`
	Deny   []string `toml:"deny,omitempty" comment:"Whom no rule answers."`
}

// A Rule is what is done with some messages. Its zero value applies to all of
// them and does nothing, which Check refuses.
type Rule struct {
	Name     string `toml:"name,omitempty"`
	Priority int    `toml:"priority,omitempty"` // the higher one is asked first

	// What it is for. Each that is given must hold; of a list, one.
	On      []string `toml:"on,omitempty"`      // types of events; empty: messages
	Account []string `toml:"account,omitempty"` // names of accounts
	Chat    []Place  `toml:"chat,omitempty"`    // "group:900", or all of a kind: "group"
	Sender  []string `toml:"sender,omitempty"`  // numbers
	Role    []string `toml:"role,omitempty"`    // in the group: "owner", "admin", "member"
	Mention *bool    `toml:"mention,omitempty"` // the bot was mentioned, or was not
	Prefix  []string `toml:"prefix,omitempty"`  // of the text, without regard to case
	Keyword []string `toml:"keyword,omitempty"` // anywhere in the text, without regard to case
	Regexp  *Pattern `toml:"regexp,omitempty"`  // RE2, anywhere in the text

	// Who may. The words "owner" and "admins" stand for People.
	Allow []string `toml:"allow,omitempty"` // empty: everybody
	Deny  []string `toml:"deny,omitempty"`

	// How often: not again for so long, counted for each person, chat, or
	// the whole rule.
	Cooldown     Duration  `toml:"cooldown,omitempty"`
	CooldownPer  string    `toml:"cooldown-per,omitempty"`  // "person" (unless given), "chat", "rule"
	CooldownNote *Template `toml:"cooldown-note,omitempty"` // said once to whom it holds off

	// What is done.
	Reply        *Template `toml:"reply,omitempty"`
	To           []Target  `toml:"to,omitempty"` // where reply is said; empty: where it was heard
	Forward      []Target  `toml:"forward,omitempty"`
	Webhook      *Webhook  `toml:"webhook,omitempty"`
	WebhookReply bool      `toml:"webhook-reply,omitempty"` // its answer is said
	Script       string    `toml:"script,omitempty"`

	GoOn bool `toml:"go-on,omitempty"` // the rules after it are asked, too
}

// A Schedule says something at certain times.
type Schedule struct {
	Name     string    `toml:"name,omitempty"`
	Cron     Cron      `toml:"cron"`                // "0 8 * * 1-5": minute, hour, day, month, weekday
	TimeZone Zone      `toml:"time-zone,omitempty"` // "Asia/Shanghai"; empty: the machine's
	To       []Target  `toml:"to"`
	Say      *Template `toml:"say"`
}

// A Pattern is a regular expression (RE2), compiled as it is read.
type Pattern struct{ *regexp.Regexp }

// UnmarshalText compiles text.
func (p *Pattern) UnmarshalText(text []byte) error {
	re, err := regexp.Compile(string(text))
	if err != nil {
		return fmt.Errorf("%q is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	p.Regexp = re
	return nil
}

// A Duration is written "90s" or "1h30m".
type Duration struct{ time.Duration }

// UnmarshalText reads text.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration such as \"10s\" or \"2h\"", text)
	}
	d.Duration = v
	return nil
}

// Parse reads a file that has nothing but rules in it. Errors are as of Check.
func Parse(name string, text []byte, known Known) (*File, error) {
	f := &File{}
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(f)
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		bad := missing.Errors[0]
		line, _ := bad.Position()
		return nil, &Error{File: name, Line: line, Err: fmt.Errorf("there is no key %q here", strings.Join(bad.Key(), "."))}
	}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := bad.Position()
		return nil, &Error{File: name, Line: line, Err: errors.New(strings.TrimPrefix(bad.Error(), "toml: "))}
	}
	if err != nil {
		return nil, &Error{File: name, Err: err}
	}
	return f, f.Check(name, text, known)
}

// An Error is what is wrong with a file of rules, and where.
type Error struct {
	File string
	Line int    // 0: of the whole
	Rule string // the rule or schedule as people know it; "" where it is none's
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Rule != "" {
		b.WriteString(e.Rule + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Known are the names that rules may use.
type Known struct {
	Accounts []string // nil: not known, and not checked
	Scripts  []string
}

// Check says what cannot be meant so: the first mistake, as an *Error. text is
// what f was read from, for the number of the line.
func (f *File) Check(name string, text []byte, known Known) error {
	for i := range f.Rules {
		r := &f.Rules[i]
		if err := r.check(known); err != nil {
			return &Error{name, LineOf(text, "rule", i), title("rule", r.Name, i), err}
		}
	}
	for i := range f.Schedules {
		s := &f.Schedules[i]
		if err := s.check(known); err != nil {
			return &Error{name, LineOf(text, "schedule", i), title("schedule", s.Name, i), err}
		}
	}
	return nil
}

// title returns `rule "weather"`, or "rule 3", counted from 1.
func title(table, name string, i int) string {
	if name != "" {
		return fmt.Sprintf("%s %q", table, name)
	}
	return fmt.Sprintf("%s %d", table, i+1)
}

func (r *Rule) check(known Known) error {
	switch {
	case r.Reply == nil && len(r.Forward) == 0 && r.Webhook == nil && r.Script == "":
		return errors.New("it does nothing: give it reply, forward, webhook or script")
	case len(r.To) > 0 && r.Reply == nil:
		return errors.New("to says where reply is said, and there is no reply")
	case r.WebhookReply && r.Webhook == nil:
		return errors.New("webhook-reply says the webhook's answer, and there is no webhook")
	case r.CooldownNote != nil && r.Cooldown.Duration == 0:
		return errors.New("cooldown-note needs a cooldown")
	case r.Script != "" && !slices.Contains(known.Scripts, r.Script):
		return fmt.Errorf("there is no script %q: the scripts are %q", r.Script, known.Scripts)
	}
	for _, name := range r.Account {
		if err := known.account(name); err != nil {
			return err
		}
	}
	for _, to := range slices.Concat(r.To, r.Forward) {
		if err := known.account(to.Account); to.Account != "" && err != nil {
			return err
		}
	}
	if !slices.Contains([]string{"", perPerson, perChat, perRule}, r.CooldownPer) {
		return fmt.Errorf(`cooldown-per is %q: "person", "chat" or "rule"`, r.CooldownPer)
	}
	for _, role := range r.Role {
		if !slices.Contains([]string{"owner", "admin", "member"}, role) {
			return fmt.Errorf(`%q is no role: "owner", "admin", "member"`, role)
		}
	}
	if len(r.On) > 0 && (len(r.Prefix) > 0 || len(r.Keyword) > 0 || r.Regexp != nil || r.Mention != nil) {
		return errors.New("an event has no text: prefix, keyword, regexp and mention are for messages")
	}
	return nil
}

// account returns an error if there is no account of that name.
func (k Known) account(name string) error {
	if k.Accounts == nil || slices.Contains(k.Accounts, name) {
		return nil
	}
	return fmt.Errorf("there is no account %q: the accounts are %q", name, k.Accounts)
}

func (s *Schedule) check(known Known) error {
	switch {
	case s.Cron.expr == "":
		return errors.New(`cron is missing: "0 8 * * 1-5" is 8 o'clock on weekdays`)
	case s.Say == nil:
		return errors.New("say is missing: what is to be said")
	case len(s.To) == 0:
		return errors.New(`to is missing: where it is said, such as ["group:900"]`)
	}
	for _, to := range s.To {
		switch {
		case to.Account == "" && len(known.Accounts) > 1:
			return fmt.Errorf("who says it in %s? There are several accounts: write %q", to, known.Accounts[0]+"/"+to.String())
		case to.Account != "":
			if err := known.account(to.Account); err != nil {
				return err
			}
		}
	}
	return nil
}

// LineOf returns the line, counted from 1, on which entry i of an array of tables
// begins, or 0.
func LineOf(text []byte, table string, i int) int {
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.ArrayTable {
			continue
		}
		key := e.Key()
		if !key.Next() || string(key.Node().Data) != table || !key.IsLast() {
			continue
		}
		if i == 0 {
			return p.Shape(key.Node().Raw).Start.Line
		}
		i--
	}
	return 0
}
