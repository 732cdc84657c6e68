package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
)

// A Decision is what one rule has to do with a message or an event.
type Decision struct {
	Rule  *Rule
	Scene Scene
	// Held says that the rule applies and holds off: its cooldown is not over.
	Held bool
	// Note says that this is to be told, once.
	Note bool
}

// A Decider finds the rules for what is heard. It does nothing but remember when
// a rule was used last. It belongs to one goroutine.
type Decider struct {
	file  *File
	order []*Rule // highest priority first
	used  *cooldowns
}

// NewDecider returns a Decider for a checked file. used is the memory of the
// Decider whose place it takes, or nil.
func NewDecider(f *File, used *Decider) *Decider {
	d := &Decider{file: f, used: newCooldowns()}
	if used != nil {
		d.used = used.used
	}
	for i := range f.Rules {
		d.order = append(d.order, &f.Rules[i])
	}
	slices.SortStableFunc(d.order, func(a, b *Rule) int { return cmp.Compare(b.Priority, a.Priority) })
	return d
}

// Wants reports whether any rule is for m, on whatever account. It changes
// nothing.
func (d *Decider) Wants(m *bot.Message) bool {
	return slices.ContainsFunc(d.order, func(r *Rule) bool {
		s := sceneOf("", m)
		return d.match(r, m, &s)
	})
}

// Message returns what is to be done about m, in this order, and whether that
// is all: false says that others may be asked, too.
func (d *Decider) Message(account string, m *bot.Message, now time.Time) (todo []Decision, taken bool) {
	for _, r := range d.order {
		s := sceneOf(account, m)
		if !oneOf(r.Account, account) || !d.match(r, m, &s) {
			continue
		}
		todo = append(todo, d.cool(r, s, now))
		if !r.GoOn {
			return todo, true
		}
	}
	return todo, false
}

// Event returns what is to be done about e.
func (d *Decider) Event(account string, e *bot.Event, now time.Time) (todo []Decision) {
	for _, r := range d.order {
		if !slices.Contains(r.On, string(e.Type)) || !oneOf(r.Account, account) || !d.mayBe(r, e.Chat, e.Sender) {
			continue
		}
		todo = append(todo, d.cool(r, sceneOfEvent(account, e), now))
		if !r.GoOn {
			break
		}
	}
	return todo
}

// match reports whether r is for m, and puts into s what it has found.
func (d *Decider) match(r *Rule, m *bot.Message, s *Scene) bool {
	if len(r.On) > 0 && !slices.Contains(r.On, "message") || !d.mayBe(r, m.Chat, m.Sender) ||
		r.Mention != nil && *r.Mention != m.Mentioned {
		return false
	}
	if len(r.Prefix) > 0 {
		rest, ok := cutPrefix(s.Rest, r.Prefix)
		if !ok {
			return false
		}
		s.Rest = strings.TrimSpace(rest)
	}
	if len(r.Keyword) > 0 {
		text := strings.ToLower(m.Text)
		if !slices.ContainsFunc(r.Keyword, func(k string) bool { return strings.Contains(text, strings.ToLower(k)) }) {
			return false
		}
	}
	if r.Regexp != nil {
		s.Match = r.Regexp.FindStringSubmatch(m.Text)
		return s.Match != nil
	}
	return true
}

// mayBe reports whether r is for this chat and this person.
func (d *Decider) mayBe(r *Rule, chat bot.Chat, sender bot.Person) bool {
	p := &d.file.People
	switch {
	case len(r.Chat) > 0 && !slices.ContainsFunc(r.Chat, func(p Place) bool { return p.holds(chat) }),
		!oneOf(r.Sender, sender.ID),
		!oneOf(r.Role, string(sender.Role)),
		len(r.Allow) > 0 && !p.is(sender.ID, r.Allow),
		p.is(sender.ID, r.Deny), p.is(sender.ID, p.Deny):
		return false
	}
	return true
}

// oneOf reports whether v is in list; an empty one has everything.
func oneOf(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

// cutPrefix returns what follows the first of prefixes that text begins with,
// without regard to case.
func cutPrefix(text string, prefixes []string) (rest string, ok bool) {
	for _, p := range prefixes {
		p = strings.TrimLeft(p, " ")
		if len(text) >= len(p) && strings.EqualFold(text[:len(p)], p) {
			return text[len(p):], true
		}
		// "!help " is meant for "!help" alone, too: nobody types the blank.
		if short := strings.TrimRight(p, " "); strings.EqualFold(text, short) {
			return "", true
		}
	}
	return "", false
}

// cool makes the decision, and counts it.
func (d *Decider) cool(r *Rule, s Scene, now time.Time) Decision {
	decision := Decision{Rule: r, Scene: s}
	if r.Cooldown.Duration > 0 {
		decision.Held, decision.Note = d.used.held(r, &s, now)
		decision.Note = decision.Note && r.CooldownNote != nil
	}
	return decision
}
