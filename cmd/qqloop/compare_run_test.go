package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An account is what one run left behind, normalized.
type account struct {
	requests []string // as the servers received them, in their order
	stdout   string
	story    []string          // of -v: the lines with > and <
	files    map[string]string // that were not there before
	status   int
	stderr   string // for people
	err      error
}

// A bed is where one line is tried, by both: a server and a directory.
type bed struct {
	recorder *recorder
	fill     *strings.Replacer
	given    map[string]string // files
	stdin    string
	err      error
}

func newBed(c *comparison, nginx nginxAt, crypto *compareTLS) *bed {
	r, err := newRecorder(crypto)
	if err != nil {
		return &bed{err: err}
	}
	b := &bed{recorder: r, given: maps.Clone(crypto.pem)}
	b.fill = strings.NewReplacer("$URL", "http://"+r.addr(), "$TLSPORT", r.tlsPort(), "$TLS", "https://"+r.tlsAddr(), "$NGINXSOCKET", nginx.path, "$NGINX", nginx.url,
		"$SOCKET", r.path(), "$NAME", r.name(), "$ADDR", r.addr(), "$PORT", r.port(), "$PROXY", r.addr(), "$DEAD", "127.0.0.1:1")
	for name, text := range compareFiles {
		b.given[name] = b.fill.Replace(text)
	}
	if strings.Contains(c.line, "long") { // more than a megabyte: not for everybody
		b.given["long"] = strings.Repeat("a long\r\n file\n", 100_000)
	}
	b.stdin = b.given[c.stdin]
	return b
}

func (b *bed) close() {
	if b.recorder != nil {
		b.recorder.close()
	}
}

// A runner runs a program in a directory, and returns its exit status.
type runner func(dir string, args []string, stdin string, stdout, stderr *bytes.Buffer) (int, error)

func runCurl(curl string) runner {
	return func(dir string, args []string, stdin string, stdout, stderr *bytes.Buffer) (int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		// No file of the user's, and no meter.
		cmd := exec.CommandContext(ctx, curl, append([]string{"-q", "-s"}, args...)...)
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "LC_ALL=C.UTF-8"} // or it knows no names but ASCII
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), stdout, stderr
		cmd.WaitDelay = time.Second
		err := cmd.Run()
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			err = nil
		}
		return cmd.ProcessState.ExitCode(), err
	}
}

func runOurs(dir string, args []string, stdin string, stdout, stderr *bytes.Buffer) (int, error) {
	if err := os.Chdir(dir); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return run(ctx, append([]string{"get"}, args...), strings.NewReader(stdin), stdout, stderr), nil
}

// run tries args in a directory of its own.
func (b *bed) run(args []string, program runner) (a account) {
	if b.err != nil {
		return account{err: b.err}
	}
	b.recorder.reset()
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return account{err: err}
	}
	defer os.RemoveAll(dir)
	for name, text := range b.given {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return account{err: err}
		}
	}
	var filled []string
	for _, arg := range args {
		filled = append(filled, b.fill.Replace(arg))
	}
	var stdout, stderr bytes.Buffer
	if a.status, a.err = program(dir, filled, b.stdin, &stdout, &stderr); a.err != nil {
		return a
	}
	n := normalizer(b.recorder)
	for _, raw := range b.recorder.requests() {
		a.requests = append(a.requests, n(raw))
	}
	if slices.Contains(args, "-Z") {
		slices.Sort(a.requests)
	}
	a.stdout, a.stderr = n(stdout.String()), stderr.String()
	for line := range strings.Lines(n(stderr.String())) {
		if line = strings.TrimRight(line, "\r\n"); strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "< ") && line != "< " {
			a.story = append(a.story, line)
		}
	}
	a.files = map[string]string{}
	left, err := os.ReadDir(dir)
	if err != nil {
		return account{err: err}
	}
	for _, f := range left {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err == nil && b.given[f.Name()] != string(text) {
			a.files[f.Name()] = n(string(text))
		}
	}
	return a
}
