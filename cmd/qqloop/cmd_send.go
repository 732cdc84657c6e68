package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
)

type sendCmd struct {
	accountFlags
	To      string        `required:"" placeholder:"CHAT" help:"Where to say it: group:900, friend:20002, discuss:700."`
	Timeout time.Duration `default:"30s" placeholder:"TIME" help:"How long all of it may take. Default: ${default}."`
	Text    string        `arg:"" help:"What to say; - reads it from standard input."`
}

// Help is the longer text of qqloop send --help.
func (*sendCmd) Help() string {
	return `Sends one message, and ends when the service has accepted it.

    qqloop send --to group:900 "the backup is done"
    df -h | qqloop send --to friend:20002 -

A message is sent once. If no answer comes nobody knows whether it arrived; that is said, and the status is 1. 4 is that the service refused it, or the token.

On WebQQ the numbers of chats change with each login: a group is called by its name there, group:NAME, and a friend by name or number. That service has one session for each account: this one takes it over from a running qqloop run.`
}

// Run says it.
func (c *sendCmd) Run(e *env) error {
	chat, err := parseChat(c.To)
	if err != nil {
		return err
	}
	text := c.Text
	if text == "-" {
		b, err := io.ReadAll(e.stdin)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	}
	if strings.TrimSpace(text) == "" {
		return usagef("there is nothing to say: the text is empty")
	}
	if c.Timeout <= 0 {
		return usagef("--timeout %v: a time above 0", c.Timeout)
	}
	v := &visit{}
	o := visitor(e)
	begun := false
	o.state = func(s *seat, retry time.Duration) {
		if err := trouble(s, retry); err != nil && !begun {
			v.end(err)
			return
		}
		if !s.online || begun {
			return
		}
		begun = true
		locate(s, chat, func(chat bot.Chat, err error) {
			if err != nil {
				v.end(err)
				return
			}
			s.account.Send(chat, bot.Text(text), func(err error) {
				if err != nil {
					v.end(err)
					return
				}
				s.shutdown(func() { v.end(nil) })
			})
		})
	}
	o.captcha = func([]byte, func(string)) {
		v.end(errors.New("the service asks for a captcha: let qqloop run log in first"))
	}
	if v.roster, err = c.one(o); err != nil {
		return err
	}
	defer v.close()
	v.loop.CallLater(c.Timeout, func() {
		if begun {
			v.end(fmt.Errorf("no answer after %v: %w", c.Timeout, bot.ErrOutcomeUnknown))
			return
		}
		v.end(fmt.Errorf("the account was not online within %v: nothing was sent; qqloop doctor tells what is wrong", c.Timeout))
	})
	return v.run(e.ctx)
}
