package main

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/onebot"
	onebotemulator "github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

type demoCmd struct {
	Service   string  `enum:"webqq,onebot" default:"webqq" help:"What the bot talks to: webqq, or onebot. Default: ${default}."`
	Login     *string `enum:"qr,password" placeholder:"qr|password" help:"How the bot logs in to WebQQ. Default: qr, or password with --captcha."`
	Captcha   bool    `help:"The password login asks for a captcha; the demo reads it for you."`
	Transport *string `enum:"sse,poll,ws" placeholder:"sse|poll|ws" help:"How events come from OneBot: an event stream, long polls, a WebSocket. Default: sse."`
	Trace     bool    `help:"Tell each step of each request on standard error."`
}

// Help is the longer text of qqloop demo --help.
func (*demoCmd) Help() string {
	return `An emulator of the service and the bot run in this process and talk over sockets on 127.0.0.1. You are a friend of the bot's: a line that you type is said to it in private, and "/group TEXT" is said in a group, where it answers to "@bot". Blank lines and those that begin with # are skipped.

When the output is no terminal it is one message a line: "friend> ping", "bot> pong".

Try: help, ping, echo 你好, remind 5s tea, /group @bot time`
}

// Run holds the conversation until the input ends.
func (c *demoCmd) Run(e *env) error {
	d := &demo{}
	options := engineOptions{
		bot: bot.Options{
			FetchAllow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			// What is said is printed by a callback, of onEvent. These come
			// after it, and so must what they lead to.
			OnDone:  func(bot.Message) { d.engine.loop.AddCallback(d.finished) },
			OnQuiet: func() { d.engine.loop.AddCallback(d.maybeEnd) },
		},
	}
	start := c.webqq
	if c.Service == "onebot" {
		start = c.onebot
	}
	if err := c.check(); err != nil {
		return err
	}
	atTerminal := isTerminal(e.stdin) && isTerminal(e.stdout)
	if atTerminal {
		t, err := newTerminal(e)
		if err != nil {
			return err
		}
		defer t.close()
		d.screen = t
	} else {
		d.screen = &pipe{in: e.stdin, out: e.stdout, err: e.stderr, ready: make(chan struct{}, 1)}
	}
	notes := d.screen.stderr(e.stderr)
	options.log = slog.New(&peopleHandler{w: notes, level: slog.LevelWarn})
	if c.Trace {
		options.trace = traceTo(notes)
	}
	err := start(d, &options, atTerminal)
	if d.server != nil {
		defer d.server.Close()
	}
	if err != nil {
		return err
	}
	d.engine, err = newEngine(options)
	if err != nil {
		return err
	}
	defer d.engine.close()
	d.screen.welcome(c.Service, d.server.HTTPAddr())
	return d.run(e.ctx)
}

// check refuses flags of the other service.
func (c *demoCmd) check() error {
	switch {
	case c.Service == "onebot" && (c.Login != nil || c.Captcha):
		return usagef("--login and --captcha are for --service webqq: nobody logs in to OneBot")
	case c.Service == "webqq" && c.Transport != nil:
		return usagef("--transport is for --service onebot")
	case c.Captcha && c.Login != nil && *c.Login != "password":
		return usagef("--captcha: the QR login asks for none: use --login password")
	}
	return nil
}

// webqq starts the emulator of WebQQ, and says how the bot reaches it.
func (c *demoCmd) webqq(d *demo, o *engineOptions, atTerminal bool) error {
	scene := emulator.DefaultScene()
	scene.Behaviour.Captcha = c.Captcha
	d.friend, d.group = scene.Friends[0].QQ, scene.Groups[0].Number
	service := emulator.Options{}
	var server *emulator.Server
	o.client = webqq.Options{
		QRCode: d.showQR,
		QRPoll: 10 * time.Millisecond,
		Captcha: func(_ []byte, answer func(string)) {
			letters := server.Captcha()
			d.screen.note("The service shows a captcha. The demo reads it: " + letters)
			answer(letters)
		},
		OnState: d.onState,
		Pacing:  -1,
	}
	if atTerminal { // time to look at the code
		service.ScanAfter, o.client.QRPoll = 2*time.Second, 250*time.Millisecond
	}
	if c.Captcha || c.Login != nil && *c.Login == "password" {
		o.client.Era = webqq.Classic
		o.client.Account = webqq.QQ(scene.Account.QQ)
		o.client.Password = scene.Account.Password
	}
	server, err := emulator.Start(emulator.New(scene, service), emulator.ServerOptions{HTTPS: "127.0.0.1:0", OnEvent: d.onEvent})
	if err != nil {
		return err
	}
	d.server = server
	at, err := serviceOf(server)
	if err != nil {
		return err
	}
	o.resolve = at.resolve
	o.roots, err = at.roots()
	return err
}

// onebot starts an implementation of OneBot. NapCat has no long poll, so that
// LLBot is asked for one.
func (c *demoCmd) onebot(d *demo, o *engineOptions, _ bool) error {
	const token = "demo"
	transport, flavour := onebot.SSE, onebotemulator.NapCat
	if c.Transport != nil {
		transport = onebot.Transport(*c.Transport)
	}
	if transport == onebot.Poll {
		flavour = onebotemulator.LLBot
	}
	scene := onebotemulator.DefaultScene()
	d.friend, d.group = scene.Friends[0].QQ, scene.Groups[0].Number
	service := onebotemulator.New(scene, onebotemulator.Options{Flavour: flavour, Token: token})
	server, err := onebotemulator.Start(service, onebotemulator.ServerOptions{OnEvent: d.onOneBotEvent})
	if err != nil {
		return err
	}
	d.server = server
	o.onebot = &onebot.Options{
		URL: "http://" + server.HTTPAddr(), Token: token, Transport: transport, OnState: d.onOneBotState,
	}
	return nil
}
