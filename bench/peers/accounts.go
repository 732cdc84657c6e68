//go:build linux

package peers

import (
	"errors"
	"fmt"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
)

// measureAccounts has a bot on each of so many accounts, looks at what they
// hold, and lets people talk to them.
func measureAccounts(p *Peer, job *Job) (load.Sample, error) {
	none := load.Sample{}
	c, err := dialControl(job.Control)
	if err != nil {
		return none, err
	}
	defer c.Close()
	var urls []string
	if err := c.read(fmt.Sprintf("/accounts/%d", job.Conns), &urls); err != nil {
		return none, err
	}
	ld := load.NewAccounts(job.Conns, job.Origin)
	online := make(chan struct{})
	run, stop, err := p.bots(job, urls, func() { close(online) })
	if err != nil {
		return none, err
	}
	done := make(chan error, 1)
	go func() { done <- run() }()
	ended := func(err error) error { return fmt.Errorf("the client ended before its work: %v", err) }
	select {
	case <-online:
	case err := <-done:
		return none, ended(err)
	case <-time.After(Patience / 2):
		return none, errors.New("not all accounts are on line")
	}
	ld.Hold()
	var ns []int64
	talked := make(chan error, 1)
	go func() { talked <- c.read(fmt.Sprintf("/talk/%d/%d", job.N, job.Interval.Microseconds()), &ns) }()
	select {
	case err := <-talked:
		if err != nil {
			return none, err
		}
	case err := <-done:
		return none, ended(err)
	case <-time.After(Patience / 2):
		return none, errors.New("not every message was answered")
	}
	took := make([]time.Duration, len(ns))
	for i, n := range ns {
		took[i] = time.Duration(n)
	}
	s := ld.Over(took)
	stop()
	return s, <-done
}

// qqloopBots has all accounts on one loop, and one stream for all of them.
func qqloopBots(job *Job, urls []string, ready func()) (run func() error, stop func(), err error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return nil, nil, err
	}
	stream := sched.New(l, sched.Options{MaxConns: 4 * len(urls)})
	left := len(urls)
	for _, url := range urls {
		var b *bot.Bot
		var account *bot.OneBot
		online := false
		client, err := onebot.New(stream, onebot.Options{
			URL:       url,
			Transport: onebot.Transport(job.Bots),
			OnMessage: func(e onebot.Event) { b.Handle(account.Message(e)) },
			OnState: func(c onebot.Change) {
				if c.State != onebot.Online || online {
					return
				}
				online = true
				if left--; left == 0 {
					ready()
				}
			},
		})
		if err != nil {
			return nil, nil, errors.Join(err, stream.Close(), l.Close())
		}
		account = bot.NewOneBot(client, "")
		b = bot.New(l, account, bot.Options{})
		l.AddCallback(func() { client.Start(func(error) {}) })
	}
	run = func() error {
		err := l.Run()
		return errors.Join(err, stream.Close(), l.Close())
	}
	return run, l.Stop, nil
}
