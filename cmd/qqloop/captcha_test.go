package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// onText calls found once when what is written to it contains text.
type onText struct {
	text  string
	all   strings.Builder
	found func()
}

// Write is called by one command, from one goroutine at a time.
func (w *onText) Write(b []byte) (int, error) {
	w.all.Write(b)
	if w.found != nil && strings.Contains(w.all.String(), w.text) {
		w.found()
		w.found = nil
	}
	return len(b), nil
}

// captchaService starts an emulator that asks for a captcha, and writes a
// configuration that leads to it.
func captchaService(t *testing.T, onEvent func(emulator.Event)) (server *emulator.Server, file string) {
	t.Helper()
	scene := emulator.DefaultScene()
	scene.Behaviour.Captcha = true
	server, err := emulator.Start(emulator.New(scene, emulator.Options{}), emulator.ServerOptions{OnEvent: onEvent})
	check(t, err)
	t.Cleanup(func() { server.Close() })
	t.Setenv("QQ_PASSWORD", scene.Account.Password)
	t.Setenv("TMPDIR", t.TempDir())
	file = filepath.Join(t.TempDir(), "qqloop.toml")
	check(t, os.WriteFile(file, fmt.Appendf(nil,
		"[account]\nqq = 10001\nlogin = \"password\"\npassword-env = \"QQ_PASSWORD\"\n[service]\naddress = %q\n", server.HTTPAddr()), 0o600))
	return server, file
}

func TestRunAsksForTheCaptcha(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	server, file := captchaService(t, func(e emulator.Event) {
		if _, ok := e.(emulator.Login); ok {
			cancel(&signalled{os.Interrupt})
		}
	})
	stdin, keyboard := io.Pipe()
	stderr := &onText{text: "another picture): "}
	stderr.found = func() {
		go fmt.Fprintln(keyboard, server.Captcha()) // the command does not read before this returns
	}
	code := run(ctx, []string{"run", "-c", file}, stdin, io.Discard, stderr)
	if code != exitInterrupted {
		t.Errorf("got status %d and\n%s\nwant %d after a login", code, stderr.all.String(), exitInterrupted)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); err != nil || len(left) != 0 {
		t.Errorf("got %v, %v; want the picture removed", left, err)
	}
}

func TestRunWithNobodyToReadTheCaptcha(t *testing.T) {
	_, file := captchaService(t, nil)
	var stderr strings.Builder
	code := run(t.Context(), []string{"run", "-c", file}, strings.NewReader(""), io.Discard, &stderr)
	if want := "the service asks for a captcha, and standard input has ended"; code != exitFailed || !strings.Contains(stderr.String(), want) {
		t.Errorf("got status %d and %q; want %d and %q", code, stderr.String(), exitFailed, want)
	}
}
