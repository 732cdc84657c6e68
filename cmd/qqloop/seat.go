package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http/cookiejar"
	"os"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// A seat is one configured account on the loop, whatever its service: the
// client, and what a bot knows of it. Each has a stream of its own, so that an
// account that is in trouble holds up no other.
type seat struct {
	name    string
	config  *accountConfig
	log     *slog.Logger
	stream  *sched.Stream
	saver   *saver // of a session; nil keeps none
	account bot.Account
	web     *webqq.Client  // of these two one is nil
	one     *onebot.Client // "
	bot     *bot.Bot       // of run; else nil

	online bool
	state  string // "online", "account offline", "waiting", ...
	err    error  // why it is not online
	ended  bool   // the client has given up, or was stopped
}

// seatOptions say who hears of what. All functions are called on the loop's
// goroutine, and each is needed.
type seatOptions struct {
	log   *slog.Logger
	trace func(sched.Trace)

	message func(*seat, bot.Message)
	event   func(*seat, bot.Event)
	// state hears that online, state or err has changed; retry is how long
	// until the next attempt, where there will be one.
	state   func(s *seat, retry time.Duration)
	qr      func(s *seat, png []byte)
	captcha func(image []byte, answer func(string))
}

// newSeat builds a seat and starts nothing.
func newSeat(l *loop.Loop, c *config, a *accountConfig, o seatOptions) (*seat, error) {
	s := &seat{name: a.Name, config: a, log: o.log, state: "stopped"}
	if !c.short {
		s.log = o.log.With("name", a.Name)
	}
	var err error
	if a.service() == serviceOneBot {
		err = s.buildOneBot(l, c, o)
	} else {
		err = s.buildWebQQ(l, c, o)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *seat) buildOneBot(l *loop.Loop, c *config, o seatOptions) error {
	token, err := c.token(s.config)
	if err != nil {
		return err
	}
	roots, err := s.config.roots()
	if err != nil {
		return err
	}
	s.stream = sched.New(l, sched.Options{TLS: &tls.Config{RootCAs: roots}, Trace: o.trace, Logger: s.log})
	var account *bot.OneBot
	s.one, err = onebot.New(s.stream, onebot.Options{
		URL: s.config.Address, Token: token, Transport: onebot.Transport(s.config.Transport), Logger: s.log,
		OnMessage: func(e onebot.Event) { o.message(s, account.Message(e)) },
		OnEvent:   func(e onebot.Event) { o.event(s, account.Event(e)) },
		OnState: func(ch onebot.Change) {
			s.online, s.state, s.err = ch.State == onebot.Online, ch.State.String(), ch.Err
			o.state(s, ch.Retry)
			if e, ok := account.Change(ch, l.Wall()); ok {
				o.event(s, e)
			}
		},
	})
	if err != nil {
		return err
	}
	account = bot.NewOneBot(s.one, s.config.Nick)
	s.account = account
	return nil
}

func (s *seat) buildWebQQ(l *loop.Loop, c *config, o seatOptions) error {
	a := s.config
	password, err := c.password(a)
	if err != nil {
		return err
	}
	roots, err := a.roots()
	if err != nil {
		return err
	}
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		return err
	}
	s.stream = sched.New(l, sched.Options{
		Jar: jar, Resolve: a.resolve, TLS: &tls.Config{RootCAs: roots}, Trace: o.trace, Logger: s.log,
	})
	var account *bot.WebQQ
	options := webqq.Options{
		Account: webqq.QQ(a.QQ), Password: password, Jar: jar, Logger: s.log,
		QRCode: func(png []byte) { o.qr(s, png) }, QRPoll: a.QRPoll.or(0),
		Captcha: o.captcha, Pacing: a.Pacing.or(0), Plain: a.plain(),
		OnMessage: func(m webqq.Message) { o.message(s, account.Message(m)) },
		OnState: func(ch webqq.Change) {
			s.online, s.state, s.err = ch.State == webqq.Online, ch.State.String(), ch.Err
			o.state(s, ch.Retry)
			if e, ok := account.Change(ch, l.Wall()); ok {
				o.event(s, e)
			}
		},
	}
	if a.Login == "password" {
		options.Era = webqq.Classic
	}
	if p := a.Pacing.Duration; p != nil && *p == 0 {
		options.Pacing = -1
	}
	if file := c.sessionFile(a); file != "" {
		options.Session, err = os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			return usagef("%s: session.file: %w", c.path, err)
		}
		s.saver = newSaver(file, s.log)
		options.SaveSession = s.saver.save
	}
	s.web, err = webqq.New(s.stream, options)
	if err != nil {
		return err
	}
	account = bot.NewWebQQ(s.web, a.Nick)
	s.account = account
	return nil
}

// start connects; stopped hears why the client gave up, nil after shutdown.
func (s *seat) start(stopped func(error)) {
	end := func(err error) {
		s.ended, s.online = true, false
		stopped(err)
	}
	if s.one != nil {
		s.one.Start(end)
	} else {
		s.web.Start(end)
	}
}

// shutdown stops the client after the messages that wait.
func (s *seat) shutdown(done func()) {
	if s.one != nil {
		s.one.Shutdown(done)
	} else {
		s.web.Shutdown(done)
	}
}

// stop ends the client at once.
func (s *seat) stop() {
	if s.one != nil {
		s.one.Stop()
	} else {
		s.web.Stop()
	}
}

// close gives everything back. The loop does not run any more.
func (s *seat) close() {
	if s.stream != nil {
		s.stream.Close()
	}
	if s.saver != nil {
		s.saver.close()
	}
}

// who returns "10001 bot", as far as it is known.
func (s *seat) who() string {
	id, nick := s.account.ID(), s.account.Nick()
	if id == "" || id == "0" {
		return "-"
	}
	return fmt.Sprintf("%s %s", id, nick)
}

// A roster is all the accounts of a configuration on one loop.
type roster struct {
	config *config
	loop   *loop.Loop
	seats  []*seat
}

// newRoster builds the seats of the accounts that are named, or of all.
func newRoster(c *config, only string, o seatOptions) (*roster, error) {
	l, err := loop.New(loop.Options{SlowAfter: slowAfter, OnSlow: loop.LogSlow(o.log)})
	if err != nil {
		return nil, err
	}
	r := &roster{config: c, loop: l}
	var names []string
	for i := range c.Accounts {
		a := &c.Accounts[i]
		names = append(names, a.Name)
		if only != "" && a.Name != only {
			continue
		}
		s, err := newSeat(l, c, a, o)
		if err != nil {
			r.close()
			return nil, err
		}
		r.seats = append(r.seats, s)
	}
	if len(r.seats) == 0 {
		r.close()
		return nil, usagef("--account %s: %s has no such account: %q", only, c.path, names)
	}
	return r, nil
}

func (r *roster) close() {
	for _, s := range r.seats {
		s.close()
	}
	r.loop.Close()
}
