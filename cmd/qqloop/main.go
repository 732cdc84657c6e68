// Command qqloop is a chat bot and an HTTP client on an event loop. See
// qqloop --help, and the contract of each command there.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(mainRun()) }

// mainRun runs the command until it ends or a signal comes. The second signal
// ends the process as if nobody had listened for the first.
func mainRun() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		sig := <-signals
		signal.Stop(signals)
		cancel(&signalled{sig})
	}()
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ sig os.Signal }

// Error returns "interrupt" or "terminated".
func (s *signalled) Error() string { return s.sig.String() }

// stoppedInOrder is how a service ends that a signal stopped: SIGTERM is how
// a supervisor says that all is well, SIGINT is somebody's Ctrl-C.
func stoppedInOrder(ctx context.Context) error {
	if s, ok := context.Cause(ctx).(*signalled); ok && s.sig == syscall.SIGTERM {
		return nil
	}
	return &exitError{code: exitInterrupted}
}
