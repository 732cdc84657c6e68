package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// unixServer answers with the Host field, at a path or an abstract name, and
// redirects /moved.
func unixServer(t *testing.T, at string) {
	t.Helper()
	l, err := net.Listen("unix", at)
	check(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			w.Header().Set("Location", "/")
			w.WriteHeader(302)
			return
		}
		w.Write([]byte(r.Host))
	})}
	done := make(chan struct{})
	go func() {
		server.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
}

// The record of a request by way of a Unix socket has no remote address, and its
// errors name the path.
func TestGetUnixSocket(t *testing.T) {
	t.Chdir(t.TempDir())
	flags := map[string][]string{"./server.sock": {"--unix-socket", "server.sock"}, "./@server": {"--unix-socket", "@server"}}
	if runtime.GOOS == "linux" {
		flags["@"+t.TempDir()] = nil
		for at := range flags {
			if strings.HasPrefix(at, "@") {
				flags[at] = []string{"--abstract-unix-socket", at[1:]}
			}
		}
	}
	for at, flag := range flags {
		unixServer(t, at)
		var stdout, stderr strings.Builder
		args := append([]string{"get", "--ndjson", "http://bücher.example:81/", "http://bücher.example:81/"}, flag...)
		if code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != exitDone {
			t.Errorf("%s: status %d\n%s%s", at, code, stdout.String(), stderr.String())
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(stdout.String()), "\n") {
			var r struct {
				Body   []byte `json:"body_base64"`
				Remote *string
				Reused bool
				Timing struct{ Resolve *float64 } `json:"timing_ms"`
			}
			check(t, json.Unmarshal([]byte(line), &r))
			if string(r.Body) != "xn--bcher-kva.example:81" || r.Remote == nil || *r.Remote != "" || r.Reused != (i > 0) || r.Timing.Resolve != nil {
				t.Errorf("%s: got %s", at, line)
			}
		}
	}
}

func TestGetUnixSocketFails(t *testing.T) {
	t.Chdir(t.TempDir())
	unixServer(t, "server.sock")
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"--unix-socket", "none.sock", "http://a.example/"}, exitFailed, "connect none.sock: no such file or directory"},
		{[]string{"--unix-socket", "@none", "http://a.example/"}, exitFailed, "connect ./@none: no such file or directory"},
		{[]string{"--unix-socket", filepath.Dir("."), "http://a.example/"}, exitFailed, "connect .: connection refused"},
		{[]string{"--unix-socket", "server.sock", "-L", "--max-redirs", "0", "http://a.example/moved"}, exitFailed, "server.sock: more than 0 redirects"},
		{[]string{"--unix-socket", "a", "--abstract-unix-socket", "b", "http://a.example/"}, exitUsage, "choose one of them"},
	} {
		var stdout, stderr strings.Builder
		code := run(context.Background(), append([]string{"get"}, c.args...), strings.NewReader(""), &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.text) {
			t.Errorf("%q: got status %d, %q; want %d, %q", c.args, code, stderr.String(), c.code, c.text)
		}
	}
}
