package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/webqq"
)

// accountFlags say which accounts a command is about.
type accountFlags struct {
	Config  string `short:"c" placeholder:"FILE" help:"The configuration. Default: as for qqloop run."`
	Account string `placeholder:"NAME" help:"Which of its accounts."`
}

// roster builds the accounts that the flags name.
func (f *accountFlags) roster(o seatOptions) (*roster, error) {
	path, err := findConfig(f.Config)
	if err != nil {
		return nil, err
	}
	c, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	return newRoster(c, f.Account, o)
}

// one is roster for a command that is about one account.
func (f *accountFlags) one(o seatOptions) (*roster, error) {
	r, err := f.roster(o)
	if err != nil || len(r.seats) == 1 {
		return r, err
	}
	var names []string
	for _, s := range r.seats {
		names = append(names, s.name)
	}
	r.close()
	return nil, usagef("--account NAME: which of %s?", strings.Join(names, ", "))
}

// visitor is what a command that only visits has to say to its accounts: it
// reports its own way, so that their clients are silent.
func visitor(e *env) seatOptions {
	return seatOptions{
		log:     slog.New(slog.DiscardHandler),
		message: func(*seat, bot.Message) {},
		event:   func(*seat, bot.Event) {},
		state:   func(*seat, time.Duration) {},
		qr: func(_ *seat, png []byte) {
			if code, err := readQR(png); err == nil {
				io.WriteString(e.stderr, code.text(wantColour(e.stderr))+"Scan the code with QQ on a phone.\n")
			}
		},
	}
}

// A visit is a command's stay on the loop, up to its first end.
type visit struct {
	*roster
	serves bool // it lasts until somebody stops it, and SIGTERM is no failure
	left   bool
	err    error
}

// run starts the accounts and stays until end is called, or ctx has ended.
func (v *visit) run(ctx context.Context) error {
	v.loop.AddCallback(func() {
		for _, s := range v.seats {
			s.start(func(err error) {
				s.err = err
				if err != nil && len(v.seats) == 1 {
					v.end(err)
				}
			})
		}
	})
	stop := context.AfterFunc(ctx, func() {
		v.loop.AddCallback(func() {
			if v.serves {
				v.end(stoppedInOrder(ctx))
			} else {
				v.end(&exitError{code: exitInterrupted})
			}
		})
	})
	defer stop()
	if err := v.loop.Run(); err != nil {
		return err
	}
	if v.err == nil {
		return nil
	}
	if exit, ok := errors.AsType[*exitError](v.err); ok {
		return exit
	}
	return &exitError{code: refusedOrFailed(v.err), err: v.err}
}

// end leaves, with the first error that it was given.
func (v *visit) end(err error) {
	if v.left {
		return
	}
	v.left, v.err = true, err
	v.loop.Stop()
}

// trouble returns why s cannot be used now, or nil where that may still come.
func trouble(s *seat, retry time.Duration) error {
	switch {
	case s.online || s.err == nil:
		return nil
	case retry > 0:
		return s.err
	case s.one != nil && s.one.State() == onebot.AccountOffline:
		return fmt.Errorf("%w: log in to QQ where the implementation runs", s.err)
	}
	return nil
}

// parseChat reads "group:900" or "friend:20002".
func parseChat(text string) (bot.Chat, error) {
	kind, id, ok := strings.Cut(text, ":")
	switch kind := bot.ChatKind(kind); {
	case !ok || id == "":
	case kind == bot.Group, kind == bot.Friend, kind == bot.Discuss:
		return bot.Chat{Kind: kind, ID: id}, nil
	}
	return bot.Chat{}, usagef("%q is no chat such as group:900 or friend:20002", text)
}

// locate finds the chat on the account. OneBot knows chats by their numbers.
// WebQQ gives them new ones with each login: there a chat has a name, and a
// friend may have the real number.
func locate(s *seat, chat bot.Chat, done func(bot.Chat, error)) {
	n, err := strconv.ParseUint(chat.ID, 10, 64)
	if s.one != nil {
		switch {
		case chat.Kind == bot.Discuss:
			err = usagef("discuss:%s: there are no discussions on OneBot", chat.ID)
		case err != nil || n == 0:
			err = usagef("%s:%s: %q is no number of QQ", chat.Kind, chat.ID, chat.ID)
		}
		done(chat, err)
		return
	}
	found := func(id uint64) { done(bot.Chat{Kind: chat.Kind, ID: strconv.FormatUint(id, 10)}, nil) }
	unknown := func() {
		done(chat, &exitError{code: exitFailed, err: fmt.Errorf("%s %s is not on the account's list", chat.Kind, chat.ID)})
	}
	switch chat.Kind {
	case bot.Group:
		for _, g := range s.web.Groups() {
			if chat.ID == g.Name || chat.ID == g.Mark || n == uint64(g.ID) || n == uint64(g.Code) {
				found(uint64(g.ID))
				return
			}
		}
		unknown()
	case bot.Discuss:
		for _, d := range s.web.Discusses() {
			if chat.ID == d.Name || n == uint64(d.ID) {
				found(uint64(d.ID))
				return
			}
		}
		unknown()
	default:
		locateFriend(s.web, s.web.Friends(), chat.ID, func(id webqq.UserID, ok bool) {
			if !ok {
				unknown()
				return
			}
			found(uint64(id))
		})
	}
}

// locateFriend asks for one number after the other, up to the right one.
func locateFriend(c *webqq.Client, friends []webqq.Friend, who string, done func(webqq.UserID, bool)) {
	for _, f := range friends {
		if who == f.Nick || who == f.Mark {
			done(f.ID, true)
			return
		}
	}
	if len(friends) == 0 {
		done(0, false)
		return
	}
	c.LookupQQ(friends[0].ID, func(n webqq.QQ, err error) {
		if err == nil && strconv.FormatUint(uint64(n), 10) == who {
			done(friends[0].ID, true)
			return
		}
		locateFriend(c, friends[1:], who, done)
	})
}
