package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestNothingIsLeft runs commands inside the test and looks for goroutines
// that outlive them.
func TestNothingIsLeft(t *testing.T) {
	for _, args := range [][]string{
		{"demo"},
		{"demo", "--login", "password"},
		{"get", "-s", "--ndjson", "-Z", "http://127.0.0.1:1/", "http://127.0.0.1:2/", "nowhere:x"},
		{"get", "-s", "-k", "-L", "-v", "-w", "%{http_code}", "-b", "a=b", "-c", "-", "https://127.0.0.1:1/"},
		{"emulate", "--exit-after", "1ms", "--https", "127.0.0.1:0"},
		{"demo", "--help"},
		{"nothing"},
	} {
		ignore := goleak.IgnoreCurrent()
		var stdout, stderr strings.Builder
		run(context.Background(), args, strings.NewReader("ping\nremind 1ms tea\n"), &stdout, &stderr)
		if err := goleak.Find(ignore); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestInterrupted: a context that ends ends each command, with the status of
// an interrupt, or in order if it was SIGTERM and the command is a service.
func TestInterrupted(t *testing.T) {
	// The system accepts the connection, and nobody answers.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer silent.Close()
	for _, test := range []struct {
		args []string
		sig  os.Signal
		want int
	}{
		{[]string{"demo"}, os.Interrupt, exitInterrupted},
		{[]string{"demo"}, syscall.SIGTERM, exitInterrupted},
		{[]string{"get", "-s", silent.Addr().String()}, os.Interrupt, exitInterrupted},
		{[]string{"emulate"}, os.Interrupt, exitInterrupted},
		{[]string{"emulate"}, syscall.SIGTERM, exitDone},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&signalled{test.sig})
		stdin, w := io.Pipe() // an input that does not end by itself
		got := run(ctx, test.args, stdin, io.Discard, io.Discard)
		w.Close()
		if got != test.want {
			t.Errorf("%q after %v: got status %d; want %d", test.args, test.sig, got, test.want)
		}
	}
}

// A brokenPipe is an output that nobody reads any more.
type brokenPipe struct{}

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestBrokenOutput(t *testing.T) {
	for _, args := range [][]string{
		{"demo"},
		{"emulate"},
		{"get", "--ndjson", "http://127.0.0.1:1/", "http://127.0.0.1:1/"},
		{"version"},
	} {
		var stderr strings.Builder
		got := run(t.Context(), args, strings.NewReader("ping\n"), brokenPipe{}, &stderr)
		if got != exitFailed || !strings.Contains(stderr.String(), "broken pipe") {
			t.Errorf("%q: got status %d and %q; want %d and the reason", args, got, stderr.String(), exitFailed)
		}
	}
}
