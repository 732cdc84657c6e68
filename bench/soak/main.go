//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// asServers is the first argument of the process of the servers.
const asServers = "as-servers"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what the flags say.
type options struct {
	time    time.Duration
	every   time.Duration // between samples
	restart time.Duration // of the emulator
	conns   int
	seed    uint64
	out     string
	redraw  bool // run nothing
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == asServers {
		if err := serve(stdin, stdout); err != nil {
			fmt.Fprintln(stderr, "soak: the servers:", err)
			return 1
		}
		return 0
	}
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if o.redraw {
		err = redraw(o.out)
	} else {
		err = soak(ctx, o, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return 1
	}
	return 0
}

// parse reads the flags. What is wrong it has told on stderr.
func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.DurationVar(&o.time, "for", 2*time.Minute, "how long")
	f.DurationVar(&o.every, "every", 0, "the `TIME` between samples (default: a 240th of the whole, at least 1s)")
	f.DurationVar(&o.restart, "restart", time.Minute, "how often the emulator is restarted")
	f.IntVar(&o.conns, "conns", 1000, "how many connections may be open at once; a fifth more chains ask")
	f.Uint64Var(&o.seed, "seed", 1, "of the faults")
	f.StringVar(&o.out, "out", "soak-out", "`DIR` for soak.json, soak.md, soak.svg and soak.png")
	f.BoolVar(&o.redraw, "redraw", false, "run nothing: write soak.md and the plot anew from DIR's soak.json")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var err error
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("%q: there are only flags here", f.Arg(0))
	case o.conns < 1:
		err = fmt.Errorf("--conns %d: want 1 or more", o.conns)
	case o.time < 20*time.Second:
		err = fmt.Errorf("--for %v: want 20s or more, or there is no line to draw", o.time)
	case o.restart < time.Second:
		err = fmt.Errorf("--restart %v: want 1s or more", o.restart)
	}
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return nil, err
	}
	if o.every <= 0 {
		o.every = max(time.Second, o.time/240)
	}
	return o, nil
}
