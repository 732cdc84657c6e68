package bot

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A stage is a bot in a simulated world, and an account that writes down what
// it says, with the virtual time since the beginning.
type stage struct {
	t     *testing.T
	world *sim.World
	loop  *loop.Loop
	bot   *Bot
	lines []string
	// hold keeps the sends from being accepted.
	hold    bool
	waiting []func(error)
	quiet   int
	done    []Message
}

var web = netip.MustParseAddrPort("93.184.215.14:80")

func newStage(t *testing.T, o Options) *stage {
	t.Helper()
	s := &stage{t: t, world: sim.New(sim.Options{})}
	l, err := loop.New(s.world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	stream := sched.New(l, sched.Options{Kernel: s.world.Kernel()})
	t.Cleanup(func() {
		stream.Close()
		l.Close()
		if n := s.world.Open(); n != 0 {
			t.Errorf("%d sockets are open at the end; want 0", n)
		}
	})
	s.loop = l
	o.Fetch = stream
	o.Location = s.world.Wall().Location()
	o.OnDone = func(m Message) { s.done = append(s.done, m) }
	o.OnQuiet = func() { s.quiet++; l.Stop() }
	s.bot = New(l, s, o)
	return s
}

func (s *stage) ID() string   { return "10001" }
func (s *stage) Nick() string { return "bot" }

func (s *stage) Send(to Chat, what Content, done func(error)) {
	s.lines = append(s.lines, fmt.Sprintf("%v %v: %s", s.world.Now().Round(time.Second), to, what.Text()))
	if s.hold {
		s.waiting = append(s.waiting, done)
		return
	}
	s.loop.AddCallback(func() { done(nil) })
}

// say hands texts to the bot, one after the other, and runs the world until
// the bot is quiet. "@bot " in front makes it the group.
func (s *stage) say(texts ...string) {
	s.t.Helper()
	s.loop.AddCallback(func() {
		for _, text := range texts {
			s.bot.Handle(from("20002", text))
		}
	})
	if err := s.loop.Run(); err != nil {
		s.t.Fatalf("the loop ended: %v", err)
	}
}

// answers returns what was said since the last call, without time and chat.
func (s *stage) answers() []string {
	var texts []string
	for _, line := range s.lines {
		_, text, _ := strings.Cut(line, ": ")
		texts = append(texts, text)
	}
	s.lines = nil
	return texts
}

func from(sender, text string) Message {
	m := Message{Chat: Chat{Friend, sender}, Sender: Person{ID: sender}, Text: text}
	if strings.HasPrefix(text, "@") {
		m.Chat = Chat{Group, "900"}
		m.Text, m.Mentioned = Mention(text, "bot")
	}
	return m
}

var errLost = errors.New("the line is dead")
