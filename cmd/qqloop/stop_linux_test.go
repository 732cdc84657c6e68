package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestStopped stops the bot, and then the service, with SIGSTOP in the middle of
// a conversation, as a laptop's lid or a debugger does. Their sockets stay open
// and nobody reads. When they go on, what was said meanwhile is answered, once.
// QQLOOP_STOP says for how long.
func TestStopped(t *testing.T) {
	pause := time.Second
	if text := os.Getenv("QQLOOP_STOP"); text != "" {
		var err error
		pause, err = time.ParseDuration(text)
		check(t, err)
	} else {
		t.Logf("stopped for %v; QQLOOP_STOP=1m for longer", pause)
	}
	program, err := exec.LookPath("qqloop")
	check(t, err)
	file := filepath.Join(t.TempDir(), "bot.toml")
	service := exec.Command(program, "emulate", "--config-out", file)
	tell, err := service.StdinPipe()
	check(t, err)
	out, err := service.StdoutPipe()
	check(t, err)
	service.Stderr = os.Stderr
	check(t, service.Start())
	defer service.Wait()
	defer service.Process.Kill()

	type event struct{ Event, Text string }
	events := json.NewDecoder(bufio.NewReader(out))
	answers := map[string]int{}
	until := func(kind, text string) {
		t.Helper()
		for {
			var e event
			if err := events.Decode(&e); err != nil {
				t.Fatalf("waiting for %s %q: %v", kind, text, err)
			}
			if e.Event == "send" {
				answers[e.Text]++
			}
			if e.Event == kind && (text == "" || e.Text == text) {
				return
			}
		}
	}
	until("ready", "")
	bot := exec.Command(program, "run", "-c", file)
	check(t, bot.Start())
	defer bot.Wait()
	defer bot.Process.Kill()
	dead := time.AfterFunc(pause*2+killPatience, func() { service.Process.Kill() }) // ends the wait for its events
	defer dead.Stop()

	said := 0
	say := func() string {
		said++
		what := fmt.Sprintf("word %d.", said)
		_, err := io.WriteString(tell, "say friend 20002 echo "+what+"\n")
		check(t, err)
		return what
	}
	until("send", say())
	for _, who := range []*exec.Cmd{bot, service} {
		check(t, who.Process.Signal(syscall.SIGSTOP))
		for range 5 {
			say()
		}
		time.Sleep(pause) // this is what is tried: nothing is waited for
		check(t, who.Process.Signal(syscall.SIGCONT))
		until("send", say())
	}
	for i := range said {
		what := fmt.Sprintf("word %d.", i+1)
		if n := answers[what]; n != 1 {
			t.Errorf("%q was answered %d times; want once", what, n)
		}
	}
}
