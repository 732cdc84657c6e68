package main

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// An engine is the demo's bot on its own loop. Those of run are seats.
type engine struct {
	loop   *loop.Loop
	stream *sched.Stream // to the service, with its cookies
	fetch  *sched.Stream // to wherever strangers point, without any
	client client
	webqq  *webqq.Client  // the client, of an account on WebQQ
	onebot *onebot.Client // the client, of an account on OneBot
	bot    *bot.Bot
}

// A client is an account's place in a service, whichever it is.
type client interface {
	Start(stopped func(error))
	Stop()
	Shutdown(done func())
}

// engineOptions are what the demo chooses. Of the client's, jar,
// logger and OnMessage are filled in.
type engineOptions struct {
	client  webqq.Options
	onebot  *onebot.Options // instead of client, where the account is on OneBot
	bot     bot.Options
	nick    string
	resolve func(host, port string) (netip.AddrPort, bool)
	roots   *x509.CertPool // that the service's certificates hang from; nil: the system's
	trace   func(sched.Trace)
	log     *slog.Logger
}

// fetchConns is few: the descriptors are for the service. The bot itself
// fetches no more than eight pages at once.
const fetchConns = 16

// slowAfter is how long a function may hold the loop before the log says so:
// nobody who waits for an answer of the bot notices less.
const slowAfter = time.Second

// newEngine builds everything and starts nothing.
func newEngine(o engineOptions) (*engine, error) {
	l, err := loop.New(loop.Options{SlowAfter: slowAfter, OnSlow: loop.LogSlow(o.log)})
	if err != nil {
		return nil, err
	}
	e := &engine{loop: l}
	if err := e.build(o); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *engine) build(o engineOptions) error {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		return err
	}
	e.stream = sched.New(e.loop, sched.Options{
		Jar: jar, Resolve: o.resolve, TLS: &tls.Config{RootCAs: o.roots}, Trace: o.trace, Logger: o.log,
	})
	e.fetch = sched.New(e.loop, sched.Options{MaxConns: fetchConns, Trace: o.trace, Logger: o.log})

	account, err := e.account(o, jar)
	if err != nil {
		return err
	}
	o.bot.Fetch = e.fetch
	o.bot.UserAgent = userAgent()
	o.bot.Logger = o.log
	e.bot = bot.New(e.loop, account, o.bot)
	return nil
}

// account makes the client and what the bot sees of it.
func (e *engine) account(o engineOptions, jar http.CookieJar) (bot.Account, error) {
	var err error
	if o.onebot != nil {
		var account *bot.OneBot
		o.onebot.Logger = o.log
		o.onebot.OnMessage = func(m onebot.Event) { e.bot.Handle(account.Message(m)) }
		if e.onebot, err = onebot.New(e.stream, *o.onebot); err != nil {
			return nil, err
		}
		e.client = e.onebot
		account = bot.NewOneBot(e.onebot, o.nick)
		return account, nil
	}
	var account *bot.WebQQ
	o.client.Jar = jar
	o.client.Logger = o.log
	o.client.OnMessage = func(m webqq.Message) { e.bot.Handle(account.Message(m)) }
	if e.webqq, err = webqq.New(e.stream, o.client); err != nil {
		return nil, err
	}
	e.client = e.webqq
	account = bot.NewWebQQ(e.webqq, o.nick)
	return account, nil
}

func (e *engine) close() {
	for _, s := range []*sched.Stream{e.fetch, e.stream} {
		if s != nil {
			s.Close()
		}
	}
	e.loop.Close()
}
