package bot

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A Heard says how KeepHeard remembers until when an account has heard what
// was said.
type Heard struct {
	// Table is where, in the store.
	Table string
	// Every is how often it is written down. Zero means a minute.
	Every time.Duration
	// Most is how far back an account that was away catches up: nobody waits
	// for the answer to what was said last week. Zero means a day.
	Most time.Duration
	// Logger hears of a damaged entry and of failed saves. Nil means silence.
	Logger *slog.Logger
}

// KeepHeard has the account begin where the process before left off, and writes
// down now and then how far it has come, until stop is called. It must be called
// before the client is started. What is heard a second time after a crash the
// Bot knows by its table of seen messages.
func (a *OneBot) KeepHeard(l *loop.Loop, store Store, h Heard) (stop func()) {
	if h.Every <= 0 {
		h.Every = time.Minute
	}
	if h.Most <= 0 {
		h.Most = 24 * time.Hour
	}
	if h.Logger == nil {
		h.Logger = slog.New(slog.DiscardHandler)
	}
	for _, e := range store.Load(h.Table) {
		seconds, err := strconv.ParseInt(string(e.Value), 10, 64)
		if err != nil {
			h.Logger.Warn("the state file does not say until when this account has heard", "value", string(e.Value))
			continue
		}
		since := time.Unix(seconds, 0)
		if oldest := l.Wall().Add(-h.Most); since.Before(oldest) {
			since = oldest
		}
		a.client.CatchUpFrom(since)
	}
	saved := a.client.Heard()
	var timer *loop.Timer
	var note func()
	note = func() {
		t := a.client.Heard()
		if !t.Equal(saved) {
			saved = t
			store.Save([]Change{{h.Table, "time", strconv.AppendInt(nil, t.Unix(), 10)}}, func(err error) {
				if err != nil {
					h.Logger.Warn("until when this account has heard was not kept", "err", err)
				}
			})
		}
		wait := h.Every
		if t.IsZero() { // its first connection is still to come, and is soon worth noting
			wait = min(wait, time.Second)
		}
		timer = l.CallLater(wait, note)
	}
	timer = l.CallLater(min(h.Every, time.Second), note)
	return func() { timer.Stop() }
}
