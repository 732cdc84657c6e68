package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// remind sets a timer of the loop. A reminder lives in memory: it does not
// outlive the process, which is why MaxDelay is short.
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
	b.reminders[c.msg.Sender.ID]++
	b.waiting++
	b.loop.CallLater(d, func() {
		if b.reminders[c.msg.Sender.ID]--; b.reminders[c.msg.Sender.ID] == 0 {
			delete(b.reminders, c.msg.Sender.ID)
		}
		b.waiting--
		// A fresh call: the one that set the reminder is long done.
		due := &Call{bot: b, msg: c.msg, lang: c.lang}
		due.remindNow(text)
	})
	return c.say(phrase{"I shall remind you in %s", "好的，%s后提醒你"}, formatDuration(d, c.lang))
}

// remindNow says the text of a reminder that is due.
func (c *Call) remindNow(text string) {
	c.bot.open++
	c.bot.account.Send(c.msg.Chat, Text(c.say(phrase{"reminder: %s", "提醒：%s"}, text)), func(err error) {
		if err != nil {
			c.bot.log.Warn("a reminder was not accepted", "chat", c.msg.Chat.String(), "err", err)
		}
		c.bot.open--
		c.bot.maybeQuiet()
	})
}
