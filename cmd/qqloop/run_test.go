package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestNothingIsLeft runs commands inside the test and looks for goroutines
// that outlive them.
func TestNothingIsLeft(t *testing.T) {
	nobody := nobodyThere(t)
	for _, args := range [][]string{
		{"demo"},
		{"demo", "--login", "password"},
		{"get", "-s", "--ndjson", "-Z", "http://127.0.0.1:1/", "http://127.0.0.1:2/", "nowhere:x"},
		{"get", "-s", "-k", "-L", "-v", "-w", "%{http_code}", "-b", "a=b", "-c", "-", "https://127.0.0.1:1/"},
		{"emulate", "--exit-after", "1ms", "--https", "127.0.0.1:0"},
		{"init", "-c", t.TempDir() + "/new.toml", "--address", "http://127.0.0.1:1"},
		{"doctor", "-c", nobody},
		{"send", "-c", nobody, "--to", "group:900", "x"},
		{"accounts", "-c", nobody},
		{"chat", "-c", nobody},
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

// nobodyThere writes a configuration that leads to a port where nobody listens.
func nobodyThere(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "qqloop.toml")
	check(t, os.WriteFile(file, []byte("[account]\nservice = \"onebot\"\naddress = \"http://127.0.0.1:1\"\n"), 0o600))
	return file
}

// TestInterrupted: a context that ends ends each command, with the status of
// an interrupt, or in order if it was SIGTERM and the command is a service.
func TestInterrupted(t *testing.T) {
	nobody := nobodyThere(t)
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
		{[]string{"run", "-c", nobody}, os.Interrupt, exitInterrupted},
		{[]string{"run", "-c", nobody}, syscall.SIGTERM, exitDone},
		{[]string{"tail", "-c", nobody}, os.Interrupt, exitInterrupted},
		{[]string{"tail", "-c", nobody}, syscall.SIGTERM, exitDone},
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
