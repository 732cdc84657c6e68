package life

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A disk is what a process finds of the one before it.
type disk struct {
	session []byte
	store   bot.Memory
}

// A process is the bot from its start to its end, built as the command does it.
type process struct {
	l       *life
	clock   loop.Clock
	loop    *loop.Loop
	stream  *sched.Stream // to the service
	fetch   *sched.Stream // to wherever people point
	log     *slog.Logger
	client  client
	account bot.Account
	state   func() string // the client's, "online" if all is well
	stop    func()        // ends what else has a timer; may be nil
	bot     *bot.Bot
	closing bool // its owner has stopped it
	over    bool // everything is closed: nothing may be left
}

// A client is what the services' clients have in common.
type client interface {
	Start(stopped func(error))
	Shutdown(done func())
	Queued() int
}

func newProcess(l *life) (*process, error) {
	p := &process{l: l, log: slog.New(slog.DiscardHandler)}
	if l.o.Trace != nil {
		p.log = slog.New(&logTo{l: l})
	}
	o := l.world.Loop()
	p.clock = o.Clock
	o.Poller = &poller{o.Poller, l.watch, p}
	var err error
	if p.loop, err = loop.New(o); err != nil {
		return nil, err
	}
	store := l.disk.store.Open(p.loop)
	if err := l.server.service.connect(p, store); err != nil {
		return nil, err
	}
	p.bot = bot.New(p.loop, &mouth{p.account, p}, bot.Options{
		Fetch:        &adder{l.watch, p, p.fetch},
		MaxReminders: 1000,
		Store:        store,
		MaxAge:       7 * day, // nothing is too old to be answered: each must be
		Location:     time.UTC,
		Logger:       p.log,
	})
	return p, nil
}

// open makes the streams. That to the service has cookies if jar is not nil.
func (p *process) open(jar http.CookieJar) {
	options := sched.Options{Kernel: p.l.world.Kernel(), Trace: p.trace()}
	fetch := options
	fetch.MaxConns = 8
	options.Jar = jar
	p.stream = sched.New(p.loop, options)
	p.fetch = sched.New(p.loop, fetch)
}

// heard is called with each message that the client hears.
func (p *process) heard(m bot.Message) {
	p.l.people.heard(m)
	p.bot.Handle(m)
}

// trace tells each step in the article's words.
func (p *process) trace() func(sched.Trace) {
	if p.l.o.Trace == nil {
		return nil
	}
	return func(t sched.Trace) {
		switch t.Op {
		case sched.TraceConnected, sched.TraceUse, sched.TraceWroteHead, sched.TraceWrote, sched.TraceFirstByte,
			sched.TraceHead, sched.TraceWhole, sched.TraceKept: // follow of themselves
		case sched.TraceReadback: // told by its own name, where it is called
		default:
			p.l.tell("%v", t)
		}
	}
}

// run lives until the process is killed or has closed everything.
func (p *process) run() {
	l := p.l
	p.client.Start(func(err error) {
		if err != nil && !p.closing {
			l.watch.violation("settled", "the client has given up: %v", err)
			p.shutdown()
		}
	})
	err := p.loop.Run()
	if errors.Is(err, sim.ErrExited) { // killed
		l.watch.gone()
		l.people.killed(l.disk.store.Crash(l.rand.IntN(3)) > 0)
		return
	}
	if err != nil {
		l.watch.violation("spin", "the loop fails: %v", err)
		l.ended = true
		return
	}
	p.stream.Close()
	p.fetch.Close()
	if !p.bot.Quiet() {
		// A reminder waits: it is in the store, and its timer is no leak.
		l.watch.returned(p)
		return
	}
	p.over = true
	if err := p.loop.Run(); !errors.Is(err, errOver) {
		l.watch.violation("process", "the loop ends with %v; want it to wait", err)
	}
	if err := p.loop.Close(); err != nil {
		l.watch.violation("process", "the loop does not close: %v", err)
	}
	l.watch.returned(p)
}

// shutdown is what the command does at SIGTERM.
func (p *process) shutdown() {
	if p.closing {
		return
	}
	p.closing = true
	if p.stop != nil {
		p.stop()
	}
	p.loop.AddCallback(func() { p.client.Shutdown(p.loop.Stop) })
}

// A mouth is the account, with an ear for what is said and what becomes of it.
type mouth struct {
	bot.Account
	p *process
}

// Send implements bot.Account.
func (m *mouth) Send(to bot.Chat, what bot.Content, done func(error)) {
	w, s := m.p.l.watch, m.p.l.people.saying(what.Text())
	returned, calls := false, 0
	m.Account.Send(to, what, func(err error) {
		if calls++; calls > 1 {
			w.violation("readback", "done of a send was called %d times: %v", calls, err)
		} else if !returned {
			w.violation("readback", "done of a send was called before Send returned: %v", err)
		}
		m.p.l.people.said(s, err)
		done(err)
	})
	returned = true
}

// logTo makes lines of a life's trace out of a log.
type logTo struct{ l *life }

func (h *logTo) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (h *logTo) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	h.l.tell("%s", line)
	return nil
}

func (h *logTo) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *logTo) WithGroup(string) slog.Handler      { return h }
