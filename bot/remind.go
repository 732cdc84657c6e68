package bot

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A reminder is what somebody wants to hear later, and its entry in the store.
type reminder struct {
	Due    time.Time
	Chat   Chat
	Person string
	Text   string
	Lang   lang
}

// remind sets a timer of the loop. With a Store a reminder outlives the process:
// it becomes durable together with the answer that promises it.
func (c *Call) remind() string {
	b := c.bot
	args := strings.TrimLeftFunc(c.args, unicode.IsSpace)
	when, text := args, ""
	if end := strings.IndexFunc(args, unicode.IsSpace); end >= 0 {
		_, size := utf8.DecodeRuneInString(args[end:])
		when, text = args[:end], args[end+size:]
	}
	if when == "" {
		return c.say(phrase{"remind needs a time and a text, as in: remind 90s tea is ready", "“提醒”后面要有时间和文字，例如：提醒 5分钟 茶好了"})
	}
	d, err := ParseDuration(when)
	switch {
	case err != nil:
		return c.say(phrase{"%q is no time: write 90s, 5m, 1h30m, 90秒 or 2小时", "“%s”不是时间：请写 90秒、5分钟、2小时、90s 或 1h30m"}, when)
	case d <= 0:
		return c.say(phrase{"%q is not in the future: write a time above zero, as in 90s", "“%s”不在以后：时间要大于零，例如 90秒"}, when)
	case d > b.o.MaxDelay:
		return c.say(phrase{"%q is too long: at most %s", "“%s”太久了：最多%s"}, when, formatDuration(b.o.MaxDelay, c.lang))
	case strings.TrimSpace(text) == "":
		return c.say(phrase{"remind %s of what? Write a text behind the time", "提醒 %s，提醒什么？请在时间后面写文字"}, when)
	case b.reminders[c.msg.Sender.ID] >= b.o.MaxReminders:
		return c.say(phrase{"you have %d reminders waiting, and that is the most I keep for one person", "你已经有 %d 个提醒在等，一个人最多这么多"}, b.reminders[c.msg.Sender.ID])
	}
	r := reminder{Due: b.loop.Wall().Add(d), Chat: c.msg.Chat, Person: c.msg.Sender.ID, Text: text, Lang: c.lang}
	key := b.nextKey()
	c.staged = append(c.staged, Change{b.table("reminders"), key, encode(r)})
	b.setReminder(key, r)
	return c.say(phrase{"I shall remind you in %s", "好的，%s后提醒你"}, formatDuration(d, c.lang))
}

// setReminder waits for the time of r. What was due while the bot was away is
// said at once.
func (b *Bot) setReminder(key string, r reminder) {
	b.reminders[r.Person]++
	b.waiting++
	wait := r.Due.Sub(b.loop.Wall())
	b.loop.CallLater(max(0, wait), func() {
		if b.reminders[r.Person]--; b.reminders[r.Person] == 0 {
			delete(b.reminders, r.Person)
		}
		b.waiting--
		text := phrase{"reminder: %s", "提醒：%s"}
		operands := []any{r.Text}
		if wait < 0 {
			text = phrase{"reminder, late, for I was away at %s: %s", "提醒（%s 我不在，迟到了）：%s"}
			operands = []any{r.Due.In(b.o.Location).Format("15:04"), r.Text}
		}
		said := Text(fmt.Sprintf(text[r.Lang], operands...))
		b.sayWith([]Change{{Table: b.table("reminders"), Key: key}}, r.Chat, said, nil)
	})
}
