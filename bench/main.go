//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The ways in which run ends.
const (
	done        = 0
	failed      = 1
	usage       = 2
	interrupted = 130
)

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == asOrigin {
		return status(stderr, origin.Serve(stdin, stdout))
	}
	if len(args) == 2 && args[0] == asPeer {
		return status(stderr, peer(args[1], stdout))
	}
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return done
	case err != nil:
		return usage
	}
	if o.readme {
		return status(stderr, publish(".", o.out))
	}
	raiseLimit()
	err = conduct(ctx, o, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		return interrupted
	case errors.Is(err, errFailed):
		return failed // and said already
	}
	return status(stderr, err)
}

func status(stderr io.Writer, err error) int {
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return failed
	}
	return done
}

// peer is the whole of a peer's process: a job comes in, a sample goes out. With
// BENCH_PROFILE=DIR in the environment it leaves a CPU profile in DIR.
func peer(text string, stdout io.Writer) error {
	job := new(peers.Job)
	if err := json.Unmarshal([]byte(text), job); err != nil {
		return err
	}
	if dir := os.Getenv("BENCH_PROFILE"); dir != "" {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.pprof", job.Scenario, job.Peer, job.Conns)))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	sample, err := peers.Measure(job)
	if err != nil {
		sample = load.Sample{Error: err.Error()}
	}
	return json.NewEncoder(stdout).Encode(sample)
}

// raiseLimit allows us, and all that we start, as many descriptors as can be.
// Go has raised its own, and would give children what there was before.
func raiseLimit() {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) == nil {
		r.Cur = r.Max
		unix.Setrlimit(unix.RLIMIT_NOFILE, &r)
	}
}
