package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	onebotemulator "github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/webqq/emulator"
)

type emulateCmd struct {
	Service   string        `enum:"webqq,onebot" default:"webqq" help:"What to emulate: webqq, or onebot. Default: ${default}."`
	HTTP      string        `name:"http" default:"127.0.0.1:0" placeholder:"ADDR" help:"Where to listen. Default: ${default}, a free port."`
	HTTPS     string        `name:"https" placeholder:"ADDR" help:"Where to listen for TLS; --config-out then says so. Default: nowhere, and the bot is to use http alone."`
	CAOut     string        `name:"ca-out" placeholder:"FILE" help:"Write the root certificate there (PEM)."`
	Scene     string        `placeholder:"FILE" help:"The account and the people around it (TOML). Default: account 10001, two friends, a group, a discussion."`
	ConfigOut string        `placeholder:"FILE" help:"Write a configuration for qqloop run -c there."`
	Hold      time.Duration `default:"60s" placeholder:"TIME" help:"How long a poll without news is held. Default: ${default}."`
	ScanAfter scanAfter     `default:"0s" placeholder:"TIME" help:"When a QR code is scanned: 0s: one state with each question, never: by the command scan. Default: ${default}."`
	Lenient   bool          `help:"Answer requests that lack a field, a cookie or a Referer."`
	OneBot    oneBotFlags   `embed:""`
	ExitAfter time.Duration `placeholder:"TIME" help:"Stop after that time."`
}

// Help is the longer text of qqloop emulate --help.
func (*emulateCmd) Help() string {
	return `Events are JSON objects on standard output, one a line; the first is "ready". Commands are lines on standard input:

    say friend QQ TEXT          say group GROUP QQ TEXT    say discuss DID QQ TEXT
    scan    refuse              the QR code, on a phone
    kick    expire              the session
    fail PATH STATUS COUNT      the next COUNT requests to PATH get that status;
                                outside 200 to 599 it is a retcode, in JSON;
    empty PATH COUNT            get an empty reply,
    drop PATH COUNT             are executed and closed without a byte,
    slow PATH MS COUNT          are answered late
    quit

Of OneBot the kinds are friend and group. scan, refuse and expire are not there, and besides:

    cq friend QQ TEXT    cq group GROUP QQ TEXT    say, with CQ codes in TEXT
    recall friend QQ     recall group GROUP QQ     takes back what was said last
    poke friend QQ       poke group GROUP QQ       request QQ TEXT
    offline    online    the account; kick also says so
    close                every event stream and WebSocket is cut

--report posts events, signed with the token; --hold, --https, --ca-out, --scan-after and --lenient are WebQQ's. A scene is the same for both; OneBot has no discussions.

It runs until quit, a signal, or --exit-after; the end of standard input does not stop it. SIGTERM ends it with status 0, SIGINT with 130.`
}

// scanAfter is a duration or "never".
type scanAfter time.Duration

// UnmarshalText reads "2s" or "never".
func (s *scanAfter) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*s = scanAfter(emulator.NeverScan)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q is neither a duration such as 2s nor never", text)
	}
	*s = scanAfter(d)
	return nil
}

// Run serves until it is told to stop.
func (c *emulateCmd) Run(e *env) error {
	if bad := c.OneBot.foreign(c); bad != nil {
		return bad
	}
	switch {
	case c.Hold <= 0:
		return usagef("--hold %v: a time above 0", c.Hold)
	case c.ExitAfter < 0:
		return usagef("--exit-after %v: a time above 0", c.ExitAfter)
	case c.CAOut != "" && c.HTTPS == "":
		return usagef("--ca-out without --https ADDR: nobody would listen for TLS")
	}
	scene := emulator.DefaultScene()
	if c.Scene != "" {
		data, err := os.ReadFile(c.Scene)
		if err != nil {
			return usagef("--scene: %w", err)
		}
		if scene, err = emulator.ParseScene(c.Scene, data); err != nil {
			return usagef("--scene: %w", err)
		}
	}
	out := &eventWriter{w: e.stdout, failed: make(chan struct{})}
	if c.Service == "onebot" {
		return c.oneBot(e, scene, out)
	}
	service := emulator.New(scene, emulator.Options{
		Hold:      c.Hold,
		ScanAfter: time.Duration(c.ScanAfter),
		Lenient:   c.Lenient,
		Log:       func(what string) { fmt.Fprintf(e.stderr, "qqloop: %s\n", what) },
	})
	server, err := emulator.Start(service, emulator.ServerOptions{HTTP: c.HTTP, HTTPS: c.HTTPS, OnEvent: func(e emulator.Event) { out.event(e) }})
	if err != nil {
		return err
	}
	defer server.Close()
	if c.CAOut != "" {
		if err := os.WriteFile(c.CAOut, server.CA(), 0o666); err != nil {
			return err
		}
	}
	if c.ConfigOut != "" {
		text, err := emulatedConfig(scene, server)
		if err != nil {
			return err
		}
		if err := writeSecret(c.ConfigOut, text); err != nil {
			return err
		}
	}
	out.ready(server.Ready())
	return c.serve(e, server, out)
}

// serve carries out commands until something ends it.
func (c *emulateCmd) serve(e *env, server emulated, out *eventWriter) error {
	ctx := e.ctx
	if c.ExitAfter > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.ExitAfter)
		defer cancel()
	}
	quit := make(chan struct{})
	go func() {
		if commands(e.stdin, server, out) {
			close(quit)
		}
	}()
	select {
	case <-quit:
		return nil
	case <-out.failed:
		return fmt.Errorf("standard output: %w", out.err)
	case <-ctx.Done():
	}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil
	}
	return stoppedInOrder(ctx)
}

// commands reads lines to the end of the input, or to quit: then it reports
// true. Lines may be of any length.
func commands(stdin io.Reader, server emulated, out *eventWriter) (quit bool) {
	in := bufio.NewReader(stdin)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch bad := server.Command(line); {
		case errors.Is(bad, emulator.ErrQuit), errors.Is(bad, onebotemulator.ErrQuit):
			return true
		case bad != nil:
			out.event(emulator.Failure{Line: n, Message: bad.Error()})
		}
		if err != nil {
			return false
		}
	}
}

// An emulatorEvent is one of either emulator.
type emulatorEvent interface {
	AppendJSON(dst []byte) []byte
}

// An eventWriter writes events as lines of JSON, each at once. Events come
// from any goroutine; those that come before ready wait for it.
type eventWriter struct {
	mu     sync.Mutex
	w      io.Writer
	early  []emulatorEvent
	isOpen bool
	err    error
	failed chan struct{} // closed when err is set
}

func (w *eventWriter) event(e emulatorEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.isOpen {
		w.early = append(w.early, e)
		return
	}
	w.write(e)
}

func (w *eventWriter) ready(r emulatorEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isOpen = true
	w.write(r)
	for _, e := range w.early {
		w.write(e)
	}
	w.early = nil
}

func (w *eventWriter) write(e emulatorEvent) {
	if w.err != nil {
		return
	}
	if _, err := w.w.Write(append(e.AppendJSON(nil), '\n')); err != nil {
		w.err = err
		close(w.failed)
	}
}

// emulatedConfig returns a configuration that leads qqloop run to the
// emulator. It holds no secret: the code on its login page scans itself, and
// who knows its root can sign nothing.
func emulatedConfig(scene *emulator.Scene, server *emulator.Server) ([]byte, error) {
	service, err := serviceOf(server)
	if err != nil {
		return nil, err
	}
	none, often := time.Duration(0), 100*time.Millisecond
	service.Pacing, service.QRPoll = duration{&none}, duration{&often}
	return configText(&config{
		Account: accountConfig{QQ: uint64(scene.Account.QQ), Nick: scene.Account.Nick, Login: "qr"},
		Service: *service,
	})
}

// configText writes a configuration, and from whom it is.
func configText(c *config) ([]byte, error) {
	text, err := toml.Marshal(c)
	if err != nil {
		return nil, err
	}
	return append([]byte("# Written by qqloop emulate, for qqloop run -c.\n"), text...), nil
}
