package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
)

type chatCmd struct {
	accountFlags
	To string `placeholder:"CHAT" help:"Where lines are said: group:900, friend:20002. Default: where somebody spoke last."`
}

// Help is the longer text of qqloop chat --help.
func (*chatCmd) Help() string {
	return `Shows what is said on the account, and says what you type: a line is a message, "/to CHAT" changes where. Ctrl-D leaves. No bot answers.

When the input is no terminal each of its lines is said, one after the other, and the end of the input ends it.`
}

// Run chats until the input ends.
func (c *chatCmd) Run(e *env) error {
	ch := &chat{visit: &visit{}, env: e}
	if c.To != "" {
		to, err := parseChat(c.To)
		if err != nil {
			return err
		}
		ch.to = to
	}
	o := visitor(e)
	o.message = ch.heard
	o.state = ch.state
	o.captcha = func([]byte, func(string)) {
		ch.end(errors.New("the service asks for a captcha: let qqloop run log in first"))
	}
	var err error
	if ch.roster, err = c.one(o); err != nil {
		return err
	}
	defer ch.close()
	ch.seat = ch.seats[0]
	if isTerminal(e.stdin) && isTerminal(e.stdout) {
		if ch.screen, err = newTerminal(e); err != nil {
			return err
		}
		defer ch.screen.close()
		ch.screen.echo = func(line string) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "/") && ch.to.ID != "" {
				ch.screen.write(utterance{who: ch.to.String() + " me", text: line})
			} else {
				ch.screen.print("")
			}
		}
		ch.prompt()
	} else {
		ch.pipe = &pipe{in: e.stdin, out: e.stdout, err: e.stderr, ready: make(chan struct{}, 1)}
	}
	return ch.run(e.ctx)
}

// A chat is a person's stay on an account. It is on the loop's goroutine.
type chat struct {
	*visit
	env     *env
	seat    *seat
	screen  *terminal // of these two one is nil
	pipe    *pipe     // "
	to      bot.Chat  // ID "": not known yet
	begun   bool
	open    int // messages on their way
	leaving bool
}

func (c *chat) prompt() {
	where := "nowhere yet"
	if c.to.ID != "" {
		where = c.to.String()
	}
	c.screen.editor.prompt = where + "> "
	c.screen.editor.style = c.screen.style(utterance{})
}

// note tells what is no message.
func (c *chat) note(text string) {
	if c.screen != nil {
		c.screen.note(oneLine(text))
		return
	}
	fmt.Fprintf(c.env.stderr, "qqloop: %s\n", oneLine(text))
}

func (c *chat) state(s *seat, retry time.Duration) {
	switch {
	case s.online && !c.begun:
		c.begun = true
		if c.screen != nil {
			c.note("Online as " + s.who() + ". /to group:900 chooses a chat, Ctrl-D leaves.")
			c.screen.read(c.loop, c)
		} else {
			c.pipe.read(c.loop, c)
		}
	case s.online:
		c.note("online again")
	case !c.begun:
		if err := trouble(s, retry); err != nil {
			c.end(err)
		}
	case retry > 0:
		c.note(fmt.Sprintf("offline, trying again in %v: %v", retry.Round(time.Millisecond), s.err))
	}
}

func (c *chat) heard(s *seat, m bot.Message) {
	if c.to.ID == "" {
		c.to = m.Chat
		if c.screen != nil {
			c.prompt()
		}
	}
	line := heardText(s, m, "message", false) + "\n"
	if c.screen != nil {
		c.screen.print(line)
	} else if _, err := io.WriteString(c.env.stdout, line); err != nil {
		c.end(fmt.Errorf("standard output: %w", err))
	}
}

func (c *chat) typed(line string) {
	where, command := strings.CutPrefix(line, "/to ")
	switch {
	case strings.TrimSpace(line) == "":
	case command:
		to, err := parseChat(strings.TrimSpace(where))
		if err != nil {
			c.note(err.Error())
			break
		}
		c.to = to
		if c.screen != nil {
			c.prompt()
			c.screen.print("")
		}
	case c.to.ID == "":
		c.note("nobody has spoken yet: say where, with /to group:900")
	default:
		c.say(line)
		return
	}
	c.ready()
}

func (c *chat) say(line string) {
	c.open++
	over := func(err error) {
		c.open--
		if err != nil {
			c.note(err.Error())
			if c.pipe != nil {
				c.end(err)
			}
		}
		c.ready()
	}
	locate(c.seat, c.to, func(to bot.Chat, err error) {
		if err != nil {
			over(err)
			return
		}
		c.seat.account.Send(to, bot.Text(line), over)
	})
}

// ready lets the next line come, or ends what the input has ended.
func (c *chat) ready() {
	if c.leaving && c.open == 0 {
		c.end(nil)
	} else if c.pipe != nil {
		c.pipe.done()
	}
}

func (c *chat) hangUp() {
	c.leaving = true
	c.ready()
}

func (c *chat) leave() { c.hangUp() }

func (c *chat) interrupt() { c.end(&exitError{code: exitInterrupted}) }
