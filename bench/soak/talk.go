//go:build linux

package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// A talker is the bot and its account on the emulator at one address.
type talker struct {
	stream *sched.Stream
	client *webqq.Client
	logins int
}

func newTalker(l *loop.Loop, at netip.AddrPort) (*talker, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	t := &talker{stream: sched.New(l, sched.Options{
		Jar:      jar,
		Timeouts: sched.Timeouts{FirstByte: 20 * time.Second, Stall: 5 * time.Second},
		Resolve:  func(string, string) (netip.AddrPort, bool) { return at, true },
	})}
	var b *bot.Bot
	var account *bot.WebQQ
	t.client, err = webqq.New(t.stream, webqq.Options{
		Jar: http.CookieJar(jar), Plain: true, QRPoll: 100 * time.Millisecond, Pacing: -1,
		QRCode:    func([]byte) {},
		OnMessage: func(m webqq.Message) { b.Handle(account.Message(m)) },
		OnState: func(c webqq.Change) {
			if c.State == webqq.Online {
				t.logins++
			}
		},
	})
	if err != nil {
		return nil, err
	}
	account = bot.NewWebQQ(t.client, "")
	b = bot.New(l, account, bot.Options{})
	return t, nil
}
