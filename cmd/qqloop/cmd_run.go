package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/bot/rules"
	"github.com/qqloop/qqloop/bot/script"
	"github.com/qqloop/qqloop/bot/store"
	"github.com/qqloop/qqloop/sched"
)

type runCmd struct {
	Config string  `short:"c" placeholder:"FILE" help:"The configuration. Default: qqloop.toml here, then in the user's config directory."`
	QRPNG  string  `name:"qr-png" placeholder:"FILE" help:"Write the QR code there too, as PNG."`
	Log    *string `enum:"text,json" placeholder:"text|json" help:"How to write the log, on standard error. Default: as configured."`
	Trace  bool    `help:"Tell each step of each request on standard error."`
}

// Help is the longer text of qqloop run --help.
func (*runCmd) Help() string {
	return `The configuration is TOML; every key may be left out:

    [account]
    qq = 10001                   # with login = "qr" nobody else may scan
    nick = "bot"                 # people in groups say @bot; default: the account's
    login = "qr"                 # or "password"
    password-file = "password"   # the password is in this file,
    password-env = "QQ_PASSWORD" # or in this variable; one of the two

    [service]
    address = "127.0.0.1:8013"   # where its hosts are: qqloop emulate
    tls-address = "127.0.0.1:8014" # and where for https; without it all is http
    # ca = """ """               # the roots it is signed by, in PEM; default: the system's
    hosts = { "w.qq.com" = "127.0.0.1:80", "ui.ptlogin2.qq.com:443" = "127.0.0.1:443" }
    pacing = "500ms"             # the shortest time between two messages
    qr-poll = "2s"               # how often to ask whether the code was scanned

    [bot]
    title-allow = ["192.168.0.0/16"] # fetched although not public
    max-reminders = 5            # for each person
    max-delay = "24h"            # of a reminder
    time-zone = "Asia/Shanghai"  # default: the machine's

    [session]
    file = "bot.session"         # kept over restarts, and as good as a password;
                                 # default: beside bot.toml; "": keep none

    [store]
    file = "bot.state"           # what must survive a restart: messages that are
                                 # not yet answered or sent, reminders;
                                 # default: beside bot.toml; "": keep none

    [log]
    format = "text"              # or "json"
    level = "info"               # debug, info, warn, error

Several accounts stand in [[account]], with the keys of [account] and [service] together, and none of [session]. Those on OneBot 11 (NapCat, LLBot) look so; with one bracket less it may be the only one:

    [[account]]
    service = "onebot"           # default: "webqq"
    name = "mine"                # for the log and --account
    address = "http://127.0.0.1:3000"
    token-file = "token"         # or token-env = "VARIABLE", or token = "..."
    transport = "auto"           # how events come: sse, poll, ws
    nick = "bot"
    pacing = "1s"                # between two messages of a chat, after a burst of 3
    # ca = """ """               # for https

    [[account]]
    qq = 10001
    session = "10001.session"

Rules say what else is answered, schedules what is said when; they change while the bot runs, with the file or on SIGHUP, and a bad file changes nothing:

    [people]
    owner = "20002"

    [[rule]]
    prefix = ["!hello"]
    chat = ["group:900", "friend"]
    allow = ["owner"]            # default: everybody
    cooldown = "10s"
    reply = "Hello, {{.Sender.Name}}"

    [[schedule]]
    cron = "0 8 * * 1-5"
    time-zone = "Asia/Shanghai"
    to = ["mine/group:900"]
    say = "Good morning"

A rule also has name, priority, on, account, sender, role, mention, keyword, regexp, deny, cooldown-per, cooldown-note, to, forward, webhook, webhook-reply and go-on: go doc github.com/qqloop/qqloop/bot/rules Rule.

File names are relative to the configuration. SIGTERM stops in order, with status 0; SIGINT too, with status 130.`
}

// Run logs in and answers until it is stopped.
func (c *runCmd) Run(e *env) error {
	path, err := findConfig(c.Config)
	if err != nil {
		return err
	}
	cfg, err := readConfig(path)
	if err != nil {
		return err
	}
	format := cfg.Log.Format
	if c.Log != nil {
		format = *c.Log
	}
	level, err := logLevel(cfg.Log.Level)
	if err != nil {
		return err
	}
	s := &service{
		env:    e,
		log:    newLogger(e.stderr, format, level),
		qrPNG:  c.QRPNG,
		drawQR: format != "json",
	}
	location, err := time.LoadLocation(cfg.Bot.TimeZone)
	if err != nil || cfg.Bot.TimeZone == "" {
		location = time.Local
	}
	o := seatOptions{
		log:     s.log,
		message: func(a *seat, m bot.Message) { a.bot.Handle(m) },
		event: func(a *seat, e bot.Event) {
			a.log.Debug("event", "type", string(e.Type), "chat", e.Chat.String())
			a.bot.Event(e)
		},
		state:   s.onState,
		qr:      s.showQR,
		captcha: s.askCaptcha,
	}
	if c.Trace {
		o.trace = traceTo(e.stderr)
	}
	s.roster, err = newRoster(cfg, "", o)
	if err != nil {
		return err
	}
	defer s.roster.close()
	s.fetch = sched.New(s.roster.loop, sched.Options{MaxConns: fetchConns, Trace: o.trace, Logger: s.log})
	defer s.fetch.Close()
	var state bot.Store
	if file := cfg.storeFile(); file != "" {
		kept, err := store.Open(s.roster.loop, file)
		if err != nil {
			return err
		}
		defer kept.Close()
		state = kept
	}
	bots := &bot.Bots{}
	f := &follower{
		path: path, log: s.log, loop: s.roster.loop,
		schedule: rules.NewScheduler(s.roster.loop, bots, s.log),
		scripts:  script.New(s.roster.loop, filepath.Dir(path), s.log),
	}
	f.rules = rules.New(s.roster.loop, &cfg.File, rules.Options{Fetch: s.fetch, Scripts: f.scripts, Logger: s.log})
	for _, a := range s.roster.seats {
		a.bot = bot.New(s.roster.loop, a.account, bot.Options{
			Fetch:        s.fetch,
			UserAgent:    userAgent(),
			FetchAllow:   cfg.Bot.TitleAllow,
			MaxReminders: cfg.Bot.MaxReminders,
			MaxDelay:     cfg.Bot.MaxDelay.or(0),
			Location:     location,
			Logger:       a.log,
			Name:         a.name,
			Bots:         bots,
			Responders:   []bot.Responder{f.rules},
			Store:        state,
			ChatRate:     a.config.chatRate(),
			OnDone:       func(bot.Message) { s.maybeStop() },
		})
		if one, ok := a.account.(*bot.OneBot); ok && state != nil {
			one.KeepHeard(s.roster.loop, state, bot.Heard{Table: a.name + "/heard", Logger: a.log})
		}
	}
	f.scripts.Follow(cfg.Scripts)
	f.schedule.Follow(&cfg.File)
	defer f.start()()
	return s.run(e.ctx)
}

// logLevel reads the name of a level; "" is info.
func logLevel(name string) (slog.Level, error) {
	var level slog.Level
	if name == "" {
		return level, nil
	}
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return level, fmt.Errorf(`%q is no level: "debug", "info", "warn" or "error"`, name)
	}
	return level, nil
}
