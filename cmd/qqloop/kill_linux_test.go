package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// killPatience bounds the wait for what must come.
const killPatience = 2 * time.Minute

// A heard is what the emulator has seen of a conversation.
type heard struct {
	mu        sync.Mutex
	delivered map[string]int // by text, as it was said
	answers   map[string]int // by text, as it was answered
	changed   chan struct{}  // closed and made anew with each answer
}

func (h *heard) event(e emulator.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e := e.(type) {
	case emulator.Delivered:
		h.delivered[strings.TrimPrefix(e.Text, "echo ")]++
	case emulator.Send:
		h.answers[e.Text]++
		close(h.changed)
		h.changed = make(chan struct{})
	}
}

// talk says something until there is an answer to what was said since: what the
// service gave to a poll of the dead process is lost, and no answer to wait for.
func (h *heard) talk(t *testing.T, say func() string) {
	t.Helper()
	over := time.After(killPatience)
	var mine []string
	for {
		mine = append(mine, say())
		again := time.After(300 * time.Millisecond)
		for waits := true; waits; {
			h.mu.Lock()
			changed := h.changed
			for _, text := range mine {
				if h.answers[text] > 0 {
					h.mu.Unlock()
					return
				}
			}
			h.mu.Unlock()
			select {
			case <-changed:
			case <-again:
				waits = false
			case <-over:
				t.Fatalf("none of %q was answered within %v", mine, killPatience)
			}
		}
	}
}

// TestKill kills qqloop run with SIGKILL at random moments of a conversation,
// 20 times, or as often as QQLOOP_KILLS says, and starts it again each time. No
// message is answered twice. One that is not answered was either lost by the
// protocol (the service had let go of it, in a reply that the dead process never
// read to its end) or was being sent, so that it must not be sent again; there
// are no more of both than kills.
func TestKill(t *testing.T) {
	kills := 20
	if text := os.Getenv("QQLOOP_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("QQLOOP_KILLS=%q: want a number of kills", text)
		}
		kills = n
	} else {
		t.Logf("%d kills; QQLOOP_KILLS=200 for more", kills)
	}
	program, err := exec.LookPath("qqloop")
	check(t, err)
	h := &heard{delivered: map[string]int{}, answers: map[string]int{}, changed: make(chan struct{})}
	scene := emulator.DefaultScene()
	server, err := emulator.Start(emulator.New(scene, emulator.Options{}), emulator.ServerOptions{OnEvent: h.event})
	check(t, err)
	defer server.Close()
	text, err := emulatedConfig(scene, server)
	check(t, err)
	file := filepath.Join(t.TempDir(), "bot.toml")
	check(t, os.WriteFile(file, text, 0o600))

	var log bytes.Buffer
	start := func() *exec.Cmd {
		cmd := exec.Command(program, "run", "-c", file)
		cmd.Stderr = &log
		check(t, cmd.Start())
		return cmd
	}
	said := 0
	say := func() string {
		said++
		what := fmt.Sprintf("word %d.", said)
		check(t, server.Command("say friend 20002 echo "+what))
		return what
	}
	dice := rand.New(rand.NewPCG(5, 5))
	for range kills {
		bot := start()
		// One answer shows that it is online again, then it dies in the middle
		// of the next ones; one in four dies while it starts.
		if dice.IntN(4) > 0 {
			h.talk(t, say)
		}
		for range dice.IntN(4) {
			say()
		}
		time.Sleep(time.Duration(dice.IntN(80_000)) * time.Microsecond) // the random moment: nothing waits for it
		bot.Process.Kill()
		bot.Wait()
	}
	bot := start()
	h.talk(t, say)
	bot.Process.Signal(os.Interrupt)
	bot.Wait()

	h.mu.Lock()
	defer h.mu.Unlock()
	var cut, unknown int
	for i := range said {
		what := fmt.Sprintf("word %d.", i+1)
		switch n := h.answers[what]; {
		case n > 1:
			t.Errorf("%q was answered %d times", what, n)
		case n == 1:
		case h.delivered[what] == 0:
			t.Errorf("%q was never delivered, and is lost", what)
		case strings.Contains(log.String(), strconv.Quote(what)):
			unknown++
		default:
			cut++
		}
	}
	t.Logf("%d kills, %d messages: no second answer; %d unanswered because a poll's reply was cut, %d because a send's outcome is unknown", kills, said, cut, unknown)
	if cut+unknown > kills {
		t.Errorf("%d messages were not answered; want no more than the %d kills", cut+unknown, kills)
	}
	if t.Failed() {
		t.Logf("%s", log.String())
	}
}
