package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/qqloop/qqloop/bot/rules"
	"github.com/qqloop/qqloop/bot/script"
	"github.com/qqloop/qqloop/loop"
)

// A follower keeps rules, schedules and scripts as the file has them. Accounts and the
// rest of the file are read at the start alone.
type follower struct {
	path     string
	log      *slog.Logger
	loop     *loop.Loop
	rules    *rules.Rules
	schedule *rules.Scheduler
	scripts  *script.Scripts
}

// start begins to look at the file, on SIGHUP and when it changes; end ends
// that, after the loop.
func (f *follower) start() (end func()) {
	wanted := make(chan struct{}, 1) // reading blocks: it is done off the loop
	ask := func() {
		select {
		case wanted <- struct{}{}:
		default: // the reading that has not begun will see this change too
		}
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	watcher, err := rules.Watch(f.loop, f.path, f.log, ask)
	if err != nil {
		f.log.Warn("changes of the file will not be seen: send SIGHUP after one", "err", err)
	}
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-over:
				return
			case <-hangup:
			case <-wanted:
			}
			f.read()
		}
	}()
	return func() {
		signal.Stop(hangup)
		if watcher != nil {
			watcher.Close()
		}
		close(over)
		<-gone
		f.schedule.Stop()
		f.scripts.Close()
	}
}

// read takes over the file if it is whole. It runs on a goroutine of its own.
func (f *follower) read() {
	c, err := readConfig(f.path)
	if err != nil {
		f.log.Error("the changed configuration is wrong, and the old rules stay", "err", err)
		return
	}
	f.loop.AddCallback(func() {
		f.scripts.Follow(c.Scripts)
		f.rules.Follow(&c.File)
		f.schedule.Follow(&c.File)
		f.log.Info("the rules were read again", "rules", len(c.Rules), "schedules", len(c.Schedules), "scripts", len(c.Scripts))
	})
}
