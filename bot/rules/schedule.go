package rules

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/adhocore/gronx"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// A Cron is five fields of crontab(5): minute, hour, day of the month, month, day
// of the week.
type Cron struct{ expr string }

// UnmarshalText reads text.
func (c *Cron) UnmarshalText(text []byte) error {
	expr := string(text)
	// gronx takes seconds and years, too, and tags; a file for people has one form.
	if len(strings.Fields(expr)) != 5 || !gronx.IsValid(expr) {
		return fmt.Errorf("%q is no time table: five fields, such as \"0 8 * * 1-5\" for 8 o'clock on weekdays", text)
	}
	c.expr = expr
	return nil
}

// Next returns the first time of c after t, in t's zone. An hour that summer
// time leaves out has no times; of one that comes twice, the first counts.
func (c Cron) Next(t time.Time) (time.Time, error) {
	return gronx.NextTickAfter(c.expr, t, false)
}

// A Zone is the name of a time zone.
type Zone struct{ *time.Location }

// UnmarshalText reads text.
func (z *Zone) UnmarshalText(text []byte) error {
	at, err := time.LoadLocation(string(text))
	if err != nil {
		return fmt.Errorf("%q is no time zone: such as \"Asia/Shanghai\"", text)
	}
	z.Location = at
	return nil
}

// How schedules keep to the time of day. A loop's timers count time that has
// passed, and the clock on the wall may be set, or the machine sleep: so it is
// looked at every half minute. What was missed by more than an hour is left out:
// a good morning in the evening is none.
const (
	lookAgain = 30 * time.Second
	tooLate   = time.Hour
)

// A Scheduler says what a file's schedules have, when it is time. It belongs to
// its loop's goroutine.
type Scheduler struct {
	loop    *loop.Loop
	bots    *bot.Bots
	log     *slog.Logger
	timer   loop.Timer
	entries []entry
}

type entry struct {
	*Schedule
	next time.Time // zero: never
}

// NewScheduler returns a scheduler that speaks through bots.
func NewScheduler(l *loop.Loop, bots *bot.Bots, log *slog.Logger) *Scheduler {
	s := &Scheduler{loop: l, bots: bots, log: log}
	s.timer.Init(l, s.look)
	return s
}

// Follow takes the schedules of f in the place of those before.
func (s *Scheduler) Follow(f *File) {
	s.entries = nil
	for i := range f.Schedules {
		e := entry{Schedule: &f.Schedules[i]}
		s.advance(&e)
		s.entries = append(s.entries, e)
	}
	s.arm()
}

// Stop ends it.
func (s *Scheduler) Stop() { s.entries = nil; s.timer.Stop() }

// advance finds the next time of e.
func (s *Scheduler) advance(e *entry) {
	now := s.loop.Wall()
	if e.TimeZone.Location != nil {
		now = now.In(e.TimeZone.Location)
	}
	next, err := e.Cron.Next(now)
	if err != nil {
		s.log.Warn("a schedule has no next time", "schedule", e.Name, "cron", e.Cron.expr, "err", err)
		next = time.Time{}
	}
	e.next = next
}

// arm sets the timer for whatever is next.
func (s *Scheduler) arm() {
	wait := time.Duration(-1)
	for _, e := range s.entries {
		if !e.next.IsZero() {
			until := max(min(e.next.Sub(s.loop.Wall()), lookAgain), 0)
			if wait < 0 || until < wait {
				wait = until
			}
		}
	}
	if wait < 0 {
		s.timer.Stop()
		return
	}
	s.timer.Reset(s.loop.Time() + wait)
}

// look says what is due.
func (s *Scheduler) look() {
	now := s.loop.Wall()
	for i := range s.entries {
		e := &s.entries[i]
		if e.next.IsZero() || now.Before(e.next) {
			// A clock that was set back: what is now more than a day off is
			// found anew.
			if e.next.Sub(now) > 24*time.Hour {
				s.advance(e)
			}
			continue
		}
		if late := now.Sub(e.next); late > tooLate {
			s.log.Warn("a schedule was missed", "schedule", e.Name, "by", late.Round(time.Second))
		} else {
			s.say(e)
		}
		s.advance(e)
	}
	s.arm()
}

func (s *Scheduler) say(e *entry) {
	text, err := e.Say.render(&Scene{Event: "schedule", Time: e.next})
	if err != nil {
		s.log.Warn("a schedule has nothing to say", "schedule", e.Name, "err", err)
		return
	}
	for _, to := range e.To {
		b, err := s.bots.Find(to.Account)
		if err != nil {
			s.log.Warn("a schedule has nobody to speak", "schedule", e.Name, "to", to.String(), "err", err)
			continue
		}
		if text != "" {
			b.Say(to.Chat, bot.Text(text), nil)
		}
	}
}
