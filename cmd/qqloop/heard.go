package main

import (
	"strconv"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// heardMost is how far back an account that was away catches up. Nobody waits
// for the answer to what was said last week.
const heardMost = 24 * time.Hour

// keepHeard has a OneBot account begin where the run before left off, and
// writes down now and then how far it has come. What is heard a second time
// after a crash, the bot knows by its table of seen messages.
func keepHeard(l *loop.Loop, a *seat, state bot.Store, every time.Duration) {
	table := a.name + "/heard"
	for _, e := range state.Load(table) {
		seconds, err := strconv.ParseInt(string(e.Value), 10, 64)
		if err != nil {
			a.log.Warn("the state file does not say until when this account has heard", "value", string(e.Value))
			continue
		}
		since := time.Unix(seconds, 0)
		if oldest := l.Wall().Add(-heardMost); since.Before(oldest) {
			since = oldest
		}
		a.one.CatchUpFrom(since)
	}
	saved := a.one.Heard()
	var note func()
	note = func() {
		if t := a.one.Heard(); !t.Equal(saved) {
			saved = t
			value := strconv.AppendInt(nil, t.Unix(), 10)
			state.Save([]bot.Change{{Table: table, Key: "time", Value: value}}, func(err error) {
				if err != nil {
					a.log.Warn("until when this account has heard was not kept", "err", err)
				}
			})
		}
		l.CallLater(every, note)
	}
	l.CallLater(every, note)
}
