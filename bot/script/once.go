package script

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"github.com/qqloop/qqloop/bot"
)

// Bounds of mode Once: how many processes run at one time, how many messages wait
// for one, and how much of an answer is kept.
const (
	onceAtOnce = 8
	onceQueue  = 64
	onceAnswer = 64 << 10
)

// once are the processes of a script of mode Once. But for flying, it is the
// loop's.
type once struct {
	running int
	waiting []*run
	held    map[*run]bool // those whose calls are held
	flying  sync.WaitGroup
}

// A run is one process of such a script.
type run struct {
	in   *input
	call *bot.Call // nil: nobody hears the answer
}

// runOnce starts a process for in, or has it wait. Its answer is c's, which may be
// nil.
func (x *script) runOnce(in *input, c *bot.Call) {
	o := &x.once
	if o.running >= onceAtOnce && len(o.waiting) >= onceQueue {
		x.log.Warn("a script is too slow: a message is not given to it", "running", o.running, "waiting", len(o.waiting))
		return
	}
	r := &run{in, c}
	if c != nil {
		c.Hold()
		if o.held == nil {
			o.held = map[*run]bool{}
		}
		o.held[r] = true
	}
	if o.running >= onceAtOnce {
		o.waiting = append(o.waiting, r)
		return
	}
	x.begin(r)
}

// begin starts r's process.
func (x *script) begin(r *run) {
	o := &x.once
	o.running++
	o.flying.Go(func() {
		answer := x.output(r.in)
		x.child.toLoop(func() {
			o.running--
			if answer != "" && o.held[r] {
				r.call.Reply(bot.Text(answer))
			}
			o.release(r)
			if len(o.waiting) > 0 {
				next := o.waiting[0]
				o.waiting = o.waiting[1:]
				x.begin(next)
			}
		})
	})
}

// release lets r's call go.
func (o *once) release(r *run) {
	if o.held[r] {
		delete(o.held, r)
		r.call.Release()
	}
}

// giveUp lets all calls go. Processes that run are ended by their context.
func (o *once) giveUp() {
	o.waiting = nil
	for r := range o.held {
		o.release(r)
	}
}

// output runs one process to its end and returns what it has printed; "" if it
// failed. It is called off the loop.
func (x *script) output(in *input) string {
	ctx, end := context.WithTimeout(x.child.ctx, x.config.timeout())
	defer end()
	cmd := command(ctx, &x.config, x.child.dir)
	cmd.Env = append(cmd.Environ(), in.environment()...)
	cmd.Stdin = bytes.NewReader(in.line())
	var out bounded
	errs := errorLines(x.log)
	cmd.Stdout, cmd.Stderr = &out, errs
	err := cmd.Run()
	if cmd.Process != nil {
		kill(cmd)
	}
	errs.flush()
	switch {
	case x.child.ctx.Err() != nil:
		return ""
	case ctx.Err() != nil:
		x.log.Warn("a script has not answered in time", "limit", x.config.timeout(), "message", brief(in.Text))
		return ""
	case err != nil:
		x.log.Warn("a script has failed", "err", err, "message", brief(in.Text))
		return ""
	}
	return strings.TrimRight(out.String(), "\r\n")
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), onceAnswer-b.Len())])
	return len(p), nil
}
