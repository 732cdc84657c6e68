package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qqloop/qqloop/onebot"
	onebotemulator "github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// A demo is a conversation between the person at the keyboard and the bot. All
// of it is on the loop's goroutine, but for onEvent.
type demo struct {
	friend, group int64 // who says it, and where
	server        emulated
	engine        *engine
	screen        screen

	started     bool
	queue       []utterance // typed and not yet said
	waiting     bool        // the bot has not finished with what was said last
	ended       bool        // the input
	impatient   bool        // reminders are not waited for
	interrupted bool
	err         error
}

func (d *demo) run(ctx context.Context) error {
	l := d.engine.loop
	l.AddCallback(func() {
		d.engine.client.Start(func(err error) { d.end(err) })
	})
	stop := context.AfterFunc(ctx, func() { l.AddCallback(d.interrupt) })
	defer stop()
	if err := l.Run(); err != nil {
		return err
	}
	switch {
	case d.interrupted:
		return &exitError{code: exitInterrupted}
	case d.err != nil:
		return &exitError{code: refusedOrFailed(d.err), err: d.err}
	}
	return nil
}

func (d *demo) end(err error) {
	if d.err == nil {
		d.err = err
	}
	d.engine.loop.Stop()
}

func (d *demo) interrupt() {
	d.interrupted = true
	d.engine.loop.Stop()
}

// An emulated service is one of the two emulators.
type emulated interface {
	Command(line string) error
	HTTPAddr() string
	Close() error
}

// onOneBotEvent is onEvent of the other emulator.
func (d *demo) onOneBotEvent(e onebotemulator.Event) {
	if e, ok := e.(onebotemulator.Send); ok {
		u := utterance{who: "bot", group: e.Kind == onebotemulator.ToGroup, text: e.Text}
		d.engine.loop.AddCallback(func() { d.show(u) })
	}
}

// onEvent hears of the emulator's events on its goroutines. What the bot said
// is shown when the service has accepted it, as the friend would see it.
func (d *demo) onEvent(e emulator.Event) {
	switch e := e.(type) {
	case emulator.Send:
		u := utterance{who: "bot", group: e.Kind == emulator.ToGroup, text: e.Text}
		d.engine.loop.AddCallback(func() { d.show(u) })
	case emulator.Refused:
		d.engine.loop.AddCallback(func() { d.screen.note("The service refused " + e.Path + ": " + e.Why) })
	}
}

func (d *demo) show(u utterance) {
	if err := d.screen.show(u); err != nil {
		d.end(fmt.Errorf("standard output: %w", err))
	}
}

func (d *demo) onState(c webqq.Change) {
	switch c.State {
	case webqq.Scanned:
		d.screen.note("Scanned. Now the phone asks to confirm ...")
	case webqq.LoadingContacts:
		d.screen.note("Logged in, fetching the contacts ...")
	case webqq.Waiting:
		d.screen.note(fmt.Sprintf("Offline (%v), trying again in %v ...", c.Err, c.Retry.Round(time.Millisecond)))
	case webqq.Online:
		d.online()
	}
}

func (d *demo) onOneBotState(c onebot.Change) {
	switch c.State {
	case onebot.Connecting:
		d.screen.note("Connecting ...")
	case onebot.Waiting:
		d.screen.note(fmt.Sprintf("Offline (%v), trying again in %v ...", c.Err, c.Retry.Round(time.Millisecond)))
	case onebot.Online:
		d.online()
	}
}

// online begins the conversation, once.
func (d *demo) online() {
	if !d.started {
		d.started = true
		d.screen.listen(d)
	}
}

func (d *demo) showQR(png []byte) {
	code, err := readQR(png)
	if err != nil {
		d.screen.note("The QR code could not be drawn: " + err.Error())
		return
	}
	d.screen.qr(code)
}

// typed takes a line of input.
func (d *demo) typed(line string) {
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		d.screen.done()
		return
	}
	u := utterance{who: "friend", text: line}
	if line == "/group" || strings.HasPrefix(line, "/group ") {
		u.group = true
		u.text = strings.TrimPrefix(strings.TrimPrefix(line, "/group"), " ")
		if strings.TrimSpace(u.text) == "" {
			d.screen.complain(errors.New("/group needs a text behind it: /group @bot ping"))
			d.screen.done()
			return
		}
	}
	d.queue = append(d.queue, u)
	d.sayNext()
}

// sayNext says the next line if the bot has finished with the one before.
func (d *demo) sayNext() {
	if d.waiting || len(d.queue) == 0 {
		return
	}
	u := d.queue[0]
	d.queue = d.queue[1:]
	d.waiting = true
	d.show(u)
	command := fmt.Sprintf("say friend %d %s", d.friend, u.text)
	if u.group {
		command = fmt.Sprintf("say group %d %d %s", d.group, d.friend, u.text)
	}
	if err := d.server.Command(command); err != nil {
		d.screen.complain(err)
		d.finished()
	}
}

// finished goes on when the bot has finished with the last line.
func (d *demo) finished() {
	if !d.waiting {
		return
	}
	d.waiting = false
	d.screen.done()
	d.sayNext()
	d.maybeEnd()
}

// hangUp says that no more input comes. Reminders are waited for.
func (d *demo) hangUp() {
	d.ended = true
	d.maybeEnd()
}

// leave is hangUp for somebody who sits there and has seen enough.
func (d *demo) leave() {
	d.impatient = true
	d.hangUp()
}

func (d *demo) maybeEnd() {
	if d.ended && !d.waiting && len(d.queue) == 0 && (d.impatient || d.engine.bot.Quiet()) {
		d.engine.loop.Stop()
	}
}
