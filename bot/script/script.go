package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// Scripts are the scripts of a configuration: what package rules calls them by
// their names. All methods but Close are for the loop's goroutine.
type Scripts struct {
	loop   *loop.Loop
	dir    string
	log    *slog.Logger
	byName map[string]*script
	old    []*script // let go, and perhaps still ending
}

// New returns scripts of which none runs: see Follow. Programs are relative to
// dir, and run there.
func New(l *loop.Loop, dir string, log *slog.Logger) *Scripts {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if abs, err := filepath.Abs(dir); err == nil { // it is where they run, too
		dir = abs
	}
	return &Scripts{loop: l, dir: dir, log: log, byName: map[string]*script{}}
}

// Follow runs these scripts in the place of those before. They must have passed
// Check. One that is as it was goes on undisturbed; the messages of one that is
// no longer there are given up.
func (s *Scripts) Follow(configs []Config) {
	before := s.byName
	s.byName = map[string]*script{}
	for _, c := range configs {
		if old := before[c.Name]; old != nil && old.config.same(&c) {
			s.byName[c.Name] = old
			delete(before, c.Name)
			continue
		}
		s.byName[c.Name] = s.start(c)
	}
	s.old = slices.DeleteFunc(s.old, (*script).over)
	for _, gone := range before {
		gone.stop()
		s.old = append(s.old, gone)
	}
}

// Close ends all children and returns when they have. The loop must not run any
// more.
func (s *Scripts) Close() {
	all := s.old
	for _, x := range s.byName {
		all = append(all, x)
	}
	for _, x := range all {
		x.child.end()
	}
	for _, x := range all {
		x.wait()
	}
}

// Message gives a script what was heard; c is held until it has answered, or its
// time is over.
func (s *Scripts) Message(name string, c *bot.Call) {
	if x := s.byName[name]; x != nil {
		x.message(c, 0)
		return
	}
	s.log.Warn("there is no such script", "script", name)
}

// Event tells a script what happened.
func (s *Scripts) Event(name string, b *bot.Bot, e bot.Event) {
	if x := s.byName[name]; x != nil {
		x.event(b, e)
		return
	}
	s.log.Warn("there is no such script", "script", name)
}

// A script is one script on the loop: the messages that it has, and its child.
type script struct {
	config Config
	loop   *loop.Loop
	log    *slog.Logger
	child  *child
	asked  map[uint64]*asking
	last   uint64
	bot    *bot.Bot // of the last message or event: who "send" is said by
	warned bool     // of this process's rubbish
	once   once
}

// An asking is a message that a script has not done with.
type asking struct {
	id    uint64
	call  *bot.Call
	job   *job
	timer *loop.Timer
}

func (s *Scripts) start(c Config) *script {
	x := &script{config: c, loop: s.loop, log: s.log.With("script", c.Name), asked: map[uint64]*asking{}}
	x.child = &child{
		config: c, dir: s.dir, log: x.log, loop: s.loop,
		jobs: make(chan *job, maxQueue), back: make(chan struct{}, maxBack), gone: make(chan struct{}),
	}
	x.child.ctx, x.child.end = context.WithCancel(context.Background())
	if c.Mode == Once {
		close(x.child.gone)
		return x
	}
	go x.child.run(x.line, x.ended)
	return x
}

// stop lets the child go, and what it had.
func (x *script) stop() {
	x.child.end()
	for _, a := range x.asked {
		x.finish(a)
	}
	x.once.giveUp()
}

// over reports whether the child has ended for good.
func (x *script) over() bool {
	select {
	case <-x.child.gone:
		return x.once.running == 0
	default:
		return false
	}
}

// wait returns when no process of the script is left.
func (x *script) wait() {
	<-x.child.gone
	x.once.flying.Wait()
}

// message gives the child c, in which somebody goes on with message follows.
func (x *script) message(c *bot.Call, follows uint64) {
	x.last++
	x.bot = c.Bot()
	in := inputOf(x.last, c)
	in.Follows = follows
	if x.config.Mode == Once {
		x.runOnce(in, c)
		return
	}
	a := &asking{id: x.last, call: c, job: &job{line: in.line()}}
	if !x.give(a.job) {
		return
	}
	c.Hold()
	x.asked[a.id] = a
	a.timer = x.loop.CallLater(x.config.timeout(), func() { x.expire(a) })
}

func (x *script) event(b *bot.Bot, e bot.Event) {
	x.bot = b
	in := inputOfEvent(b, &e)
	if x.config.Mode == Once {
		x.runOnce(in, nil)
		return
	}
	x.give(&job{line: in.line()})
}

// give puts j into the child's queue.
func (x *script) give(j *job) bool {
	select {
	case x.child.jobs <- j:
		return true
	default:
		x.log.Warn("a script is too slow: a message is not given to it", "waiting", maxQueue)
		return false
	}
}

// expire gives a message up that the child has had for too long, and the child
// with it: it hangs, or thinks longer than it may.
func (x *script) expire(a *asking) {
	a.job.dropped.Store(true)
	x.log.Warn("a script has not answered in time", "limit", x.config.timeout(), "message", brief(a.call.Message().Text))
	x.finish(a)
	if n := a.job.given.Load(); n != 0 {
		x.child.hung(n)
	}
}

func (x *script) finish(a *asking) {
	a.timer.Stop()
	delete(x.asked, a.id)
	a.call.Release()
}

// ended gives up what process n had.
func (x *script) ended(n uint64) {
	x.warned = false
	for _, a := range x.asked {
		if a.job.given.Load() == n {
			x.log.Warn("a script has ended before it answered", "message", brief(a.call.Message().Text))
			x.finish(a)
		}
	}
}

// line does what the child says in line number of its process.
func (x *script) line(text string, cut bool, number int) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if err := x.obey(text, cut); err != nil && !x.warned {
		// Once for each process: a script that prints for people prints a lot.
		x.warned = true
		x.log.Warn("a script says what it may not: only JSON is for its standard output",
			"line", number, "text", brief(text), "err", err)
	}
}

func (x *script) obey(text string, cut bool) error {
	if cut {
		return fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	var o output
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if o.Send != "" {
		return x.send(&o)
	}
	id := max(o.ReplyTo, o.Expect, o.Done)
	if id == 0 {
		return errors.New(`it names no message: "reply_to", "expect", "done" or "send"`)
	}
	a := x.asked[id]
	if a == nil {
		return fmt.Errorf("message %d is unknown, or done with", id)
	}
	if what := o.content(); what != nil {
		a.call.Reply(what)
	}
	if o.Expect != 0 {
		x.expect(a, o.Seconds)
	}
	if !o.More || o.Expect != 0 {
		x.finish(a)
	}
	return nil
}

// How long a script waits for a person, unless it says so, and at most.
const (
	usualWait = 60
	mostWait  = 24 * 60 * 60
)

// expect waits for the next words of a's sender.
func (x *script) expect(a *asking, seconds float64) {
	if !(seconds > 0) {
		seconds = usualWait
	}
	seconds = min(seconds, mostWait)
	account, chat := a.call.Bot().Name(), chatName(a.call.Message().Chat)
	a.call.Expect(time.Duration(seconds*float64(time.Second)), func(c *bot.Call) {
		if c == nil {
			in := &input{Type: "timeout", Follows: a.id, Account: account, Chat: chat}
			x.give(&job{line: in.line()})
			return
		}
		x.message(c, a.id)
	})
}

// send says something of the script's own accord.
func (x *script) send(o *output) error {
	to, err := chatOf(o.Send)
	if err != nil {
		return err
	}
	what := o.content()
	switch {
	case what == nil:
		return errors.New("there is nothing to send: no text and no segments")
	case x.bot == nil:
		return errors.New("it has heard nothing yet, so there is nobody to speak for it")
	}
	b, err := x.bot.Peer(o.Account)
	if err != nil {
		return err
	}
	b.Say(to, what, nil)
	return nil
}

// brief returns the beginning of a text, for the log.
func brief(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
