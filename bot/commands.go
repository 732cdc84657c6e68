package bot

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A lang is the language of an answer, and an index into a phrase.
type lang int

const (
	english lang = iota
	chinese
)

// A phrase says one thing in both languages.
type phrase [2]string

// A command is a row of the table. Its handler returns the answer, or "" if
// that comes later by Call.Reply.
type command struct {
	names phrase // English names are matched without case
	usage phrase // what follows the name; "" means that nothing does
	about phrase
	run   func(*Call) string
}

// table returns the commands, in the order of the help.
func table(fetch bool) []command {
	commands := []command{
		{phrase{"help", "帮助"}, phrase{"[COMMAND]", "[命令]"}, phrase{"this list, or one command", "这张表，或一条命令的用法"}, (*Call).help},
		{phrase{"ping", "ping"}, phrase{}, phrase{"answers pong", "回答 pong"}, (*Call).ping},
		{phrase{"echo", "回声"}, phrase{"TEXT", "文字"}, phrase{"says TEXT again", "把文字再说一遍"}, (*Call).echo},
		{phrase{"time", "时间"}, phrase{}, phrase{"the time of day here", "现在几点"}, (*Call).time},
		{phrase{"uptime", "运行时间"}, phrase{}, phrase{"how long I have been running", "我运行了多久"}, (*Call).uptime},
		{phrase{"remind", "提醒"}, phrase{"90s TEXT", "5分钟 文字"}, phrase{"says TEXT after that time", "到时间再说这段文字"}, (*Call).remind},
	}
	if fetch {
		commands = append(commands,
			command{phrase{"title", "标题"}, phrase{"URL", "网址"}, phrase{"the title of a web page", "网页的标题"}, (*Call).title})
	}
	return commands
}

// parse finds the command that the message calls. What follows its name and
// one blank is kept to the byte.
func (c *Call) parse(commands []command) (command, bool) {
	text := strings.TrimLeftFunc(c.msg.Text, unicode.IsSpace)
	c.name, c.args = text, ""
	if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
		_, size := utf8.DecodeRuneInString(text[end:])
		c.name, c.args = text[:end], text[end+size:]
	}
	for _, cmd := range commands {
		switch {
		case strings.EqualFold(c.name, cmd.names[english]):
			c.lang = english
		case c.name == cmd.names[chinese]:
			c.lang = chinese
		default:
			continue
		}
		return cmd, true
	}
	return command{}, false
}

// say picks the language and fills in the operands, which both languages
// take in the same order.
func (c *Call) say(p phrase, operands ...any) string {
	return fmt.Sprintf(p[c.lang], operands...)
}

// line is a command's line in the help.
func (cmd *command) line(l lang) string {
	s := cmd.names[l]
	if cmd.usage[l] != "" {
		s += " " + cmd.usage[l]
	}
	return s + phrase{": ", "："}[l] + cmd.about[l]
}

func (c *Call) help() string {
	if want := strings.TrimSpace(c.args); want != "" {
		for _, cmd := range c.bot.commands {
			if strings.EqualFold(want, cmd.names[english]) || want == cmd.names[chinese] {
				return cmd.line(english) + "\n" + cmd.line(chinese)
			}
		}
		return c.say(phrase{"there is no command %q: help alone lists them", "没有“%s”这条命令：只说“帮助”会列出全部"}, want)
	}
	lines := []string{c.say(phrase{"In private, or in a group after @%s:", "私聊直接说，群里先写 @%s："}, c.bot.account.Nick())}
	for _, cmd := range c.bot.commands {
		lines = append(lines, cmd.line(c.lang))
	}
	lines = append(lines, phrase{"中文说明：帮助", "In English: help"}[c.lang])
	return strings.Join(lines, "\n")
}

// nothing returns a sentence if something follows a command that takes
// nothing.
func (c *Call) nothing() string {
	if strings.TrimSpace(c.args) == "" {
		return ""
	}
	return c.say(phrase{"%s stands alone, without %q", "“%s”后面不用写“%s”"}, c.name, c.args)
}

func (c *Call) ping() string {
	if wrong := c.nothing(); wrong != "" {
		return wrong
	}
	return "pong"
}

func (c *Call) echo() string {
	if strings.TrimSpace(c.args) == "" {
		return c.say(phrase{"echo needs a text, as in: echo hello", "“回声”后面要有文字，例如：回声 你好"})
	}
	return c.args
}

func (c *Call) time() string {
	if wrong := c.nothing(); wrong != "" {
		return wrong
	}
	now := c.bot.loop.Wall().In(c.bot.o.Location)
	if c.lang == chinese {
		day := [...]string{"日", "一", "二", "三", "四", "五", "六"}[now.Weekday()]
		return now.Format("2006年1月2日 星期") + day + now.Format(" 15:04:05 (UTC-07:00)")
	}
	return now.Format("Mon 2 Jan 2006 15:04:05 (UTC-07:00)")
}

func (c *Call) uptime() string {
	if wrong := c.nothing(); wrong != "" {
		return wrong
	}
	up := (c.bot.loop.Time() - c.bot.started).Truncate(time.Second)
	if up == 0 {
		return c.say(phrase{"up for less than a second", "刚刚开始运行"})
	}
	return c.say(phrase{"up for %s", "已经运行 %s"}, formatDuration(up, c.lang))
}
