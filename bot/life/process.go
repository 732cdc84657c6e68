package life

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http/cookiejar"
	"slices"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq"
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
	client  *webqq.Client
	bot     *bot.Bot
	closing bool // its owner has stopped it
	over    bool // everything is closed: nothing may be left
}

func newProcess(l *life) (*process, error) {
	p := &process{l: l}
	o := l.world.Loop()
	p.clock = o.Clock
	o.Poller = &poller{o.Poller, l.watch, p}
	var err error
	if p.loop, err = loop.New(o); err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	if l.o.Trace != nil {
		log = slog.New(&logTo{l: l})
	}
	options := sched.Options{Kernel: l.world.Kernel(), Trace: p.trace()}
	fetch := options
	fetch.MaxConns = 8
	options.Jar = jar
	p.stream = sched.New(p.loop, options)
	p.fetch = sched.New(p.loop, fetch)

	var account *bot.WebQQ
	p.client, err = webqq.New(&adder{l.watch, p, p.stream}, webqq.Options{
		Jar:     jar,
		Plain:   true, // the simulated network has no TLS
		QRCode:  func([]byte) {},
		Session: slices.Clone(l.disk.session),
		SaveSession: func(session []byte) {
			l.disk.session = session
		},
		OnMessage: func(m webqq.Message) {
			message := account.Message(m)
			l.people.heard(message)
			p.bot.Handle(message)
		},
		OnState: func(c webqq.Change) { l.tell("the bot is %v", c.State) },
		Rand:    rand.NewPCG(l.rand.Uint64(), 7),
		Logger:  log,
	})
	if err != nil {
		return nil, err
	}
	account = bot.NewWebQQ(p.client, "")
	p.bot = bot.New(p.loop, &mouth{account, p}, bot.Options{
		Fetch:        &adder{l.watch, p, p.fetch},
		MaxReminders: 1000,
		Store:        l.disk.store.Open(p.loop),
		MaxAge:       7 * day, // nothing is too old to be answered: each must be
		Location:     time.UTC,
		Logger:       log,
	})
	return p, nil
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
	p.loop.AddCallback(func() { p.client.Shutdown(p.loop.Stop) })
}

// A mouth is the account, with an ear for what is said and what becomes of it.
type mouth struct {
	*bot.WebQQ
	p *process
}

// Send implements bot.Account.
func (m *mouth) Send(to bot.Chat, what bot.Content, done func(error)) {
	w, s := m.p.l.watch, m.p.l.people.saying(what.Text())
	returned, calls := false, 0
	m.WebQQ.Send(to, what, func(err error) {
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
