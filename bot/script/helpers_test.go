package script

import (
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must happen: a machine may be slow.
const patience = time.Minute

// A stage is a bot on a real loop, whose only responder is one script.
type stage struct {
	t       *testing.T
	loop    *loop.Loop
	scripts *Scripts
	bot     *bot.Bot
	said    []string
	log     logs
	done    int
}

// logs are what was logged, by whatever goroutine.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (s *stage) ID() string   { return "10001" }
func (s *stage) Nick() string { return "bot" }
func (s *stage) Send(to bot.Chat, what bot.Content, done func(error)) {
	s.said = append(s.said, to.String()+": "+what.Text())
	s.loop.AddCallback(func() { done(nil) })
}

// Respond gives everything to the script.
func (s *stage) Respond(c *bot.Call) bool {
	s.scripts.Message("x", c)
	return true
}

func newStage(t *testing.T, dir string, c Config) *stage {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, loop: l}
	logger := slog.New(slog.NewTextHandler(&s.log, nil))
	s.scripts = New(l, dir, logger)
	s.bot = bot.New(l, s, bot.Options{Responders: []bot.Responder{s}, OnDone: func(bot.Message) { s.done++; l.Stop() }})
	c.Name = "x"
	if _, err := Check([]Config{c}, dir); err != nil {
		t.Fatal(err)
	}
	s.scripts.Follow([]Config{c})
	t.Cleanup(func() {
		s.scripts.Close()
		l.Close()
		if t.Failed() {
			t.Logf("the log:\n%s", s.log.String())
		}
	})
	return s
}

// shell returns a stage whose script is sh's.
func shell(t *testing.T, mode, timeout, text string) *stage {
	t.Helper()
	return newStage(t, t.TempDir(), Config{Command: []string{need(t, "sh"), "-c", text}, Mode: mode, Timeout: timeout})
}

// need skips the test where a program is absent.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: %v", program, err)
	}
	return path
}

func heard(text string) bot.Message {
	return bot.Message{Chat: bot.Chat{Kind: bot.Group, ID: "900"}, Sender: bot.Person{ID: "20002", Name: "Ann"}, Text: text, Content: bot.Text(text)}
}

// say hands the texts to the bot, and waits until it is done with all.
func (s *stage) say(texts ...string) []string {
	s.t.Helper()
	s.said, s.done = nil, 0
	s.loop.AddCallback(func() {
		for _, text := range texts {
			s.bot.Handle(heard(text))
		}
	})
	s.until("the bot is done", func() bool { return s.done >= len(texts) })
	return s.said
}

// until runs the loop until something holds; what calls for another look stops
// it, or its turn comes in a while.
func (s *stage) until(what string, holds func() bool) {
	s.t.Helper()
	late, met := false, holds()
	guard := s.loop.CallLater(patience, func() { late = true; s.loop.Stop() })
	defer guard.Stop()
	var look *loop.Timer
	var again func()
	again = func() {
		if met = met || holds(); met { // it may not hold for long
			s.loop.Stop()
			return
		}
		look = s.loop.CallLater(5*time.Millisecond, again)
	}
	look = s.loop.CallLater(0, again)
	defer func() { look.Stop() }()
	for ; !met; met = met || holds() {
		if err := s.loop.Run(); err != nil {
			s.t.Fatal(err)
		}
		if late {
			s.t.Fatalf("not in time: %s\nthe log:\n%s", what, s.log.String())
		}
	}
}

func (s *stage) want(got []string, want ...string) {
	s.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("got %q; want %q", got, want)
	}
}

// logged waits until the log holds a text.
func (s *stage) logged(text string) {
	s.t.Helper()
	s.until("the log says "+text, func() bool { return strings.Contains(s.log.String(), text) })
}

// timeOut ends the time of the one message, and waits until it is given up.
func (s *stage) timeOut() {
	s.t.Helper()
	s.done = 0
	s.loop.AddCallback(func() {
		for _, a := range s.scripts.byName["x"].asked {
			a.timer.Reset(s.loop.Time())
		}
	})
	s.until("the message is given up", func() bool { return s.done == 1 })
	s.logged("a script has not answered in time")
}

// examples is where the samples for people are.
func examples(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
