package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bot/store"
	"github.com/qqloop/qqloop/internal/freeaddr"
	"github.com/qqloop/qqloop/loop"
	onebotemulator "github.com/qqloop/qqloop/onebot/emulator"
)

// startOneBot starts an implementation, whose token is "right".
func startOneBot(t *testing.T, o onebotemulator.Options) *onebotemulator.Server {
	t.Helper()
	o.Token = "right"
	server, err := onebotemulator.Start(onebotemulator.New(onebotemulator.DefaultScene(), o), onebotemulator.ServerOptions{})
	check(t, err)
	t.Cleanup(func() { server.Close() })
	return server
}

func startHandler(t *testing.T, tls bool, h http.HandlerFunc) (address string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// TestDoctor: each broken set-up is named by its cause, with what to do.
func TestDoctor(t *testing.T) {
	good := startOneBot(t, onebotemulator.Options{}).HTTPAddr()
	offline := startOneBot(t, onebotemulator.Options{})
	check(t, offline.Command("offline"))
	deaf := startOneBot(t, onebotemulator.Options{Without: []string{"_events", "ws", "get_event", "get_updates"}}).HTTPAddr()
	answer := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
	secure := startHandler(t, true, answer)
	nginx := startHandler(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "nginx/1.26.0")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
	})
	sockets := startHandler(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUpgradeRequired) })
	late := startHandler(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-3*time.Hour).UTC().Format(http.TimeFormat))
		fmt.Fprint(w, `{"status":"failed","retcode":1404,"data":null}`)
	})
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts
	check(t, err)
	t.Cleanup(func() { silent.Close() })
	shut := freeaddr.Get(t)

	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "open.token"), []byte("right\n"), 0o600))
	check(t, os.Chmod(filepath.Join(dir, "open.token"), 0o644))
	check(t, os.WriteFile(filepath.Join(dir, "token"), []byte("right\n"), 0o600))
	onebot := func(address, more string) string {
		return fmt.Sprintf("[account]\nservice = \"onebot\"\naddress = %q\n%s\n", address, more)
	}
	const token = "token-file = \"token\""
	for name, test := range map[string]struct {
		config string
		want   string // the line; "" is that all is well
		remedy string
		status int
	}{
		"all is well":         {onebot("http://"+good, token), "", "", exitDone},
		"by WebSocket":        {onebot("ws://"+good, token), "", "", exitDone},
		"wrong port":          {onebot("http://"+shut, token), "nobody listens", "", exitFailed},
		"http on https":       {onebot("http://"+secure, token), "speaks https, not http", "write https://" + secure, exitFailed},
		"ws on https":         {onebot("ws://"+secure, token), "speaks https, not http", "write wss://" + secure, exitFailed},
		"https on http":       {onebot("https://"+good, token), "speaks http, not https", "write http://" + good, exitFailed},
		"an unknown signer":   {onebot("https://"+secure, token), "is not trusted", "account.ca", exitFailed},
		"wrong token":         {onebot("http://"+good, `token = "wrong"`), "the server refuses the access token", "network settings", exitFailed},
		"wrong token, ws":     {onebot("ws://"+good, `token = "wrong"`), "the server refuses the access token", "network settings", exitFailed},
		"no token":            {onebot("http://"+good, ""), "asks for an access token, and none is configured", "account.token", exitFailed},
		"another server":      {onebot("http://"+nginx, token), "this is no OneBot: nginx/1.26.0 answers with status 404 and text/html", "web page", exitFailed},
		"WebSocket only":      {onebot("http://"+sockets, token+"\ntransport = \"sse\""), `speaks only WebSocket, and account.transport is "sse"`, `transport = "ws"`, exitFailed},
		"silence":             {onebot("http://"+silent.Addr().String(), token), "accepts connections and says nothing", "restart", exitFailed},
		"the account is out":  {onebot("http://"+offline.HTTPAddr(), token), "10001 bot is offline", "log in", exitFailed},
		"no events":           {onebot("http://"+deaf, token), "offers no events", "enable the SSE or the WebSocket server", exitFailed},
		"the clock":           {onebot("http://"+late, token), "ahead of the server's", "NTP", exitFailed},
		"an unknown host":     {onebot("http://nowhere.invalid:3000", token), "nowhere.invalid", "", exitFailed},
		"a token to read":     {onebot("http://"+good, `token-file = "open.token"`), "open.token holds a secret, and others on this machine can read it", "chmod 600", exitFailed},
		"a token that is not": {onebot("http://"+good, `token-file = "missing"`), "open ", "write the token there", exitFailed},
		"no directory":        {"[account]\nsession = \"missing/session\"\n", "there is no directory " + filepath.Join(dir, "missing"), "mkdir -p", exitFailed},
		"no WebQQ any more":   {"[account]\n", "switched off in 2019", "qqloop init", exitFailed},
		"no emulator":         {"[account]\n[service]\naddress = \"" + shut + "\"\n", "nobody listens on " + shut, "qqloop emulate", exitFailed},
		"a bad line":          {onebot("http://"+good, "colour = 1"), `:4: there is no key "account.colour" here`, "", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".toml")
			check(t, os.WriteFile(file, []byte(test.config), 0o600))
			examine := func(timeout string) (status int, said string) {
				var stdout, stderr strings.Builder
				status = run(t.Context(), []string{"doctor", "-c", file, "--timeout", timeout}, strings.NewReader(""), &stdout, &stderr)
				return status, stdout.String() + stderr.String()
			}
			timeout := "15s"
			if name == "silence" {
				timeout = "200ms"
			}
			status, said := examine(timeout)
			// A machine that stands still has not even connected by then.
			for try := 0; name == "silence" && strings.Contains(said, "cannot be reached") && try < 10; try++ {
				status, said = examine(timeout)
			}
			if status != test.status || !strings.Contains(said, test.want) || !strings.Contains(said, test.remedy) {
				t.Errorf("got status %d and\n%swant %d, %q and %q", status, said, test.status, test.want, test.remedy)
			}
			if n := strings.Count(said, "WRONG"); test.status == exitDone && n != 0 || test.status == exitFailed && n != 1 && name != "the clock" && name != "no directory" {
				t.Errorf("got %d findings in\n%s", n, said)
			}
		})
	}
}

// TestDoctorStore: a state file that another process holds, one that is
// damaged, and one that is in order, which is left as it was.
func TestDoctorStore(t *testing.T) {
	address := startOneBot(t, onebotemulator.Options{}).HTTPAddr()
	dir := t.TempDir()
	file := filepath.Join(dir, "qqloop.toml")
	check(t, os.WriteFile(file, fmt.Appendf(nil, "[account]\nservice = \"onebot\"\naddress = \"http://%s\"\ntoken = \"right\"\n", address), 0o600))
	examine := func(want string, wantStatus int) {
		t.Helper()
		var stdout, stderr strings.Builder
		status := run(t.Context(), []string{"doctor", "-c", file}, strings.NewReader(""), &stdout, &stderr)
		if status != wantStatus || !strings.Contains(stdout.String(), want) {
			t.Errorf("got status %d and\n%s%swant %d and %q", status, stdout.String(), stderr.String(), wantStatus, want)
		}
	}
	l, err := loop.New(loop.Options{})
	check(t, err)
	defer l.Close()
	s, err := store.Open(l, filepath.Join(dir, "qqloop.state"))
	check(t, err)
	examine("qqloop.state is in use by another qqloop", exitFailed)
	check(t, s.Close())
	examine(dir+" can be written", exitDone)
	check(t, os.WriteFile(filepath.Join(dir, "qqloop.state"), []byte("none of ours"), 0o600))
	examine("qqloop.state is damaged", exitFailed)
}

// TestDiskTrouble: what a disk says, in words.
func TestDiskTrouble(t *testing.T) {
	for err, want := range map[error]string{
		&os.PathError{Op: "write", Path: "d/f", Err: syscall.ENOSPC}: "the disk of d is full",
		&os.PathError{Op: "open", Path: "d/f", Err: syscall.EACCES}:  "nothing can be written to d: permission denied",
		&os.PathError{Op: "open", Path: "d/f", Err: syscall.EROFS}:   "nothing can be written to d: read-only file system",
		&os.PathError{Op: "open", Path: "d/f", Err: syscall.ENOENT}:  "there is no directory d",
	} {
		if says, remedy := diskTrouble("d", err); says != want || remedy == "" {
			t.Errorf("%v: got %q, %q; want %q and what to do", err, says, remedy, want)
		}
	}
}
