package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// How a child of mode Lines is kept alive: after it has ended it is started again
// after a pause, which doubles up to a minute, and begins anew after a child that
// lived for long enough.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = time.Minute
	livedWell  = 30 * time.Second
	// grace is how long a child has between SIGTERM and SIGKILL.
	grace = 2 * time.Second
)

// maxQueue is how many messages wait for a child, and maxBack how many of its
// lines for the loop. Beyond the first a message is refused, beyond the other the
// child waits.
const (
	maxQueue = 256
	maxBack  = 64
)

// A job is a line for a child.
type job struct {
	line []byte
	// given is the number of the process that has it; 0: none.
	given atomic.Uint64
	// dropped says that nobody waits for an answer, so it is not given any more.
	dropped atomic.Bool
}

// A child is the process of a script, one after the other. Its fields are for any
// goroutine; run is its own.
type child struct {
	config Config
	dir    string
	log    *slog.Logger
	loop   *loop.Loop

	jobs chan *job
	kept *job          // taken for a process that was ended before it had it
	back chan struct{} // a place in it is a line on its way to the loop
	ctx  context.Context
	end  context.CancelFunc
	gone chan struct{} // closed when run has returned

	// alive is the process that is running, or nil.
	alive atomic.Pointer[living]
}

type living struct {
	number uint64
	pid    int
	end    context.CancelCauseFunc
}

// errHung is the cause of an end for a message that took too long.
var errHung = errors.New("a message took longer than its time limit")

// toLoop has f called on the loop. It waits while too much is on its way.
func (c *child) toLoop(f func()) {
	select {
	case c.back <- struct{}{}:
		c.loop.AddCallback(func() {
			<-c.back
			f()
		})
	case <-c.ctx.Done():
	}
}

// run starts the process again and again until the child is closed. line and
// ended are called on the loop: with each line of a process, and when one has
// ended.
func (c *child) run(line func(text string, cut bool, number int), ended func(process uint64)) {
	defer close(c.gone)
	pause := firstPause
	for n := uint64(1); c.ctx.Err() == nil; n++ {
		began := time.Now()
		err := c.live(n, line)
		c.toLoop(func() { ended(n) })
		if c.ctx.Err() != nil {
			return
		}
		if time.Since(began) >= livedWell {
			pause = firstPause
		}
		c.log.Warn("a script has ended and is started again", "after", time.Since(began).Round(time.Millisecond), "pause", pause, "err", err)
		select {
		case <-time.After(pause):
		case <-c.ctx.Done():
		}
		pause = min(2*pause, lastPause)
	}
}

// live runs process n to its end, and says how it ended.
func (c *child) live(n uint64, line func(string, bool, int)) error {
	ctx, end := context.WithCancelCause(c.ctx)
	defer end(nil)
	cmd := command(ctx, &c.config, c.dir)
	lines := 0
	out := &lineWriter{line: func(b []byte, cut bool) {
		lines++
		text, number := string(b), lines
		c.toLoop(func() { line(text, cut, number) })
	}}
	errs := errorLines(c.log)
	cmd.Stdout, cmd.Stderr = out, errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	c.alive.Store(&living{n, cmd.Process.Pid, end})
	fed, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(fed)
		for {
			j := c.take(over)
			if j == nil {
				return
			}
			if ctx.Err() != nil { // it is being ended: the message is the next one's
				c.kept = j
				return
			}
			j.given.Store(n)
			if _, err := in.Write(j.line); err != nil {
				return // it has closed its input: Wait says more
			}
		}
	}()
	err = cmd.Wait() // which closes in, so that no write hangs
	close(over)
	<-fed
	c.alive.Store(nil)
	kill(cmd) // what it has left behind
	out.flush()
	errs.flush()
	if cause := context.Cause(ctx); errors.Is(cause, errHung) {
		return cause
	}
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// take returns the next job that somebody waits for, or nil once over is closed.
func (c *child) take(over <-chan struct{}) *job {
	for {
		j := c.kept
		if c.kept = nil; j == nil {
			select {
			case j = <-c.jobs:
			case <-over:
				return nil
			}
		}
		if !j.dropped.Load() {
			return j
		}
	}
}

// hung ends process n, if it is still the one that runs.
func (c *child) hung(n uint64) {
	if a := c.alive.Load(); a != nil && a.number == n {
		a.end(errHung)
	}
}

// command returns the process of a script, not started. It ends with ctx: it is
// asked to, and after a while it is not asked.
func command(ctx context.Context, c *Config, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.program(dir), c.Command[1:]...)
	cmd.Dir = dir
	cmd.WaitDelay = grace
	group(cmd)
	cmd.Cancel = func() error { return terminate(cmd) }
	return cmd
}

// errorLines passes a child's standard error to the log.
func errorLines(log *slog.Logger) *lineWriter {
	return &lineWriter{line: func(b []byte, cut bool) { log.Warn("a script says", "line", string(b), "cut", cut) }}
}
