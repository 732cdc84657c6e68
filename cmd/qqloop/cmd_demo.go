package main

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

type demoCmd struct {
	Login   *string `enum:"qr,password" placeholder:"qr|password" help:"How the bot logs in. Default: qr, or password with --captcha."`
	Captcha bool    `help:"The password login asks for a captcha; the demo reads it for you."`
	Trace   bool    `help:"Tell each step of each request on standard error."`
}

// Help is the longer text of qqloop demo --help.
func (*demoCmd) Help() string {
	return `An emulator of the service and the bot run in this process and talk over sockets on 127.0.0.1. You are a friend of the bot's: a line that you type is said to it in private, and "/group TEXT" is said in a group, where it answers to "@bot". Blank lines and those that begin with # are skipped.

When the output is no terminal it is one message a line: "friend> ping", "bot> pong".

Try: help, ping, echo 你好, remind 5s tea, /group @bot time`
}

// Run holds the conversation until the input ends.
func (c *demoCmd) Run(e *env) error {
	password := c.Captcha
	if c.Login != nil {
		password = *c.Login == "password"
	}
	if c.Captcha && !password {
		return usagef("--captcha: the QR login asks for none: use --login password")
	}
	d := &demo{scene: emulator.DefaultScene()}
	d.scene.Behaviour.Captcha = c.Captcha

	o := emulator.Options{}
	client := webqq.Options{
		QRCode: d.showQR,
		QRPoll: 10 * time.Millisecond,
		Captcha: func(_ []byte, answer func(string)) {
			letters := d.server.Captcha()
			d.screen.note("The service shows a captcha. The demo reads it: " + letters)
			answer(letters)
		},
		OnState: d.onState,
		Pacing:  -1,
	}
	if isTerminal(e.stdin) && isTerminal(e.stdout) {
		t, err := newTerminal(e)
		if err != nil {
			return err
		}
		defer t.close()
		d.screen = t
		// Time to look at the code.
		o.ScanAfter, client.QRPoll = 2*time.Second, 250*time.Millisecond
	} else {
		d.screen = &pipe{in: e.stdin, out: e.stdout, err: e.stderr, ready: make(chan struct{}, 1)}
	}
	if password {
		client.Era = webqq.Classic
		client.Account = webqq.QQ(d.scene.Account.QQ)
		client.Password = d.scene.Account.Password
	}
	notes := d.screen.stderr(e.stderr)
	log := slog.New(&peopleHandler{w: notes, level: slog.LevelWarn})
	var err error
	d.server, err = emulator.Start(emulator.New(d.scene, o), emulator.ServerOptions{HTTPS: "127.0.0.1:0", OnEvent: d.onEvent})
	if err != nil {
		return err
	}
	defer d.server.Close()

	service, err := serviceOf(d.server)
	if err != nil {
		return err
	}
	options := engineOptions{
		client: client,
		bot: bot.Options{
			FetchAllow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			// What is said is printed by a callback, of onEvent. These come
			// after it, and so must what they lead to.
			OnDone:  func(bot.Message) { d.engine.loop.AddCallback(d.finished) },
			OnQuiet: func() { d.engine.loop.AddCallback(d.maybeEnd) },
		},
		resolve: service.resolve,
		log:     log,
	}
	if options.roots, err = service.roots(); err != nil {
		return err
	}
	if c.Trace {
		options.trace = traceTo(notes)
	}
	d.engine, err = newEngine(options)
	if err != nil {
		return err
	}
	defer d.engine.close()
	d.screen.welcome(d.server.HTTPAddr())
	return d.run(e.ctx)
}
