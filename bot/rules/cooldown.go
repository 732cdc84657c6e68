package rules

import "time"

// What a cooldown is counted for.
const (
	perPerson = "person"
	perChat   = "chat"
	perRule   = "rule"
)

// maxCooldowns bounds the memory of a bot whom a whole city talks to. Beyond it
// those that are over are forgotten; if these are not half of them, all are, for
// to look at each for every message would cost more than cooldowns are worth.
const maxCooldowns = 10_000

// A cooling is who has to wait for which rule. The rule is known by its name, so
// that it is the same one after a reload; without a name, by what it is.
type cooling struct {
	name string
	rule *Rule // of one without a name
	who  string
}

type lastUse struct {
	until time.Time
	noted bool
}

// cooldowns remember when rules were used.
type cooldowns struct{ last map[cooling]lastUse }

func newCooldowns() *cooldowns { return &cooldowns{map[cooling]lastUse{}} }

// held reports whether r holds off, and whether that is new to the person. If it
// does not, its time begins.
func (c *cooldowns) held(r *Rule, s *Scene, now time.Time) (held, note bool) {
	k := cooling{name: r.Name}
	if k.name == "" {
		k.rule = r
	}
	switch r.CooldownPer {
	case perRule:
	case perChat:
		k.who = s.Account + " " + s.Chat.String()
	default:
		k.who = s.Account + " " + s.Sender.ID
	}
	// A clock that was set back must not make a minute last for an hour.
	if u, ok := c.last[k]; ok && now.Before(u.until) && u.until.Sub(now) <= r.Cooldown.Duration {
		note = !u.noted
		u.noted = true
		c.last[k] = u
		return true, note
	}
	if len(c.last) >= maxCooldowns {
		c.sweep(now)
	}
	c.last[k] = lastUse{until: now.Add(r.Cooldown.Duration)}
	return false, false
}

func (c *cooldowns) sweep(now time.Time) {
	for k, u := range c.last {
		if !now.Before(u.until) {
			delete(c.last, k)
		}
	}
	if len(c.last) > maxCooldowns/2 {
		clear(c.last)
	}
}
