package bot

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// A life is a conversation with a bot that is killed at chosen events, and
// started again. The disk and the service outlive it.
type life struct {
	t     *testing.T
	loop  *loop.Loop
	world *sim.World
	disk  Memory
	log   strings.Builder

	// history: the service delivers everything again after each start.
	// keepAll: what was being written at the kill became durable.
	history, keepAll bool
	kills            []int // at which events, counted from each start
	events           int
	starts           int
	process          *process

	waiting   []Message // for a process that can hear them
	delivered []Message
	said      []string
	offline   bool
}

// A process is one bot, and its account and store as that process has them.
// Once it is dead nothing that it does has an effect.
type process struct {
	life *life
	bot  *Bot
	disk Store
	dead bool
}

// event is a boundary: it reports whether the process is dead behind it.
func (p *process) event() bool {
	if p.dead {
		return true
	}
	l := p.life
	l.events++
	if len(l.kills) > 0 && l.events == l.kills[0] {
		l.kills = l.kills[1:]
		p.dead = true
		keep := 0
		if l.keepAll {
			keep = 1 << 20
		}
		l.disk.Crash(keep)
		l.loop.CallLater(5*time.Second, l.start)
	}
	return p.dead
}

func (p *process) ID() string   { return "10001" }
func (p *process) Nick() string { return "bot" }

func (p *process) Send(to Chat, what Content, done func(error)) {
	l := p.life
	if p.event() { // before a byte has left
		return
	}
	if !l.holds("outbox", func(e []byte) bool {
		var o outgoing
		return json.Unmarshal(e, &o) == nil && o.Flight && o.What.Text() == what.Text()
	}) {
		l.t.Errorf("%q is sent, and nothing durable says so", what.Text())
	}
	if l.offline {
		l.loop.AddCallback(func() {
			if !p.event() {
				done(ErrOffline)
			}
		})
		return
	}
	l.loop.CallLater(100*time.Millisecond, func() {
		if p.dead { // the request was cut; the service may have it or not
			return
		}
		l.said = append(l.said, to.String()+": "+what.Text())
		if p.event() { // the service has it, the process does not know
			return
		}
		l.loop.CallLater(100*time.Millisecond, func() {
			if !p.event() {
				done(nil)
			}
		})
	})
}

func (p *process) Load(table string) []Entry { return p.disk.Load(table) }

func (p *process) Save(changes []Change, done func(error)) {
	if p.event() {
		return
	}
	p.disk.Save(changes, func(err error) {
		if !p.event() { // else it is durable, and nobody knows
			done(err)
		}
	})
}

// Respond answers "two" twice, "slow" after ten seconds, and passes "tell" on.
func (p *process) Respond(c *Call) bool {
	if !p.dead && !p.life.holds("inbox", func(e []byte) bool {
		var v inboxEntry
		return json.Unmarshal(e, &v) == nil && v.Message.ID == c.Message().ID
	}) {
		p.life.t.Errorf("%q is handled and not durable", c.Message().Text)
	}
	word, rest, _ := strings.Cut(c.Message().Text, " ")
	switch word {
	case "two":
		c.Reply(Text("first " + rest))
		c.Reply(Text("second " + rest))
	case "slow":
		c.Hold()
		p.life.loop.CallLater(10*time.Second, func() {
			c.Reply(Text("slow " + rest))
			c.Release()
		})
	case "tell":
		if err := c.Send("", Chat{Group, "900"}, Text("told "+rest)); err != nil {
			p.life.t.Error(err)
		}
	default:
		return false
	}
	return true
}

// holds reports whether a durable entry of table is as match says.
func (l *life) holds(table string, match func([]byte) bool) bool {
	for _, value := range l.disk.tables[table] {
		if match(value) {
			return true
		}
	}
	return false
}

func (l *life) start() {
	l.starts++
	l.events = 0
	p := &process{life: l}
	l.process = p
	p.disk = l.disk.Open(l.loop)
	p.bot = New(l.loop, p, Options{
		Store: p, Responders: []Responder{p}, Location: time.UTC,
		Logger: slog.New(slog.NewTextHandler(&l.log, nil)),
	})
	if l.history {
		l.waiting = slices.Concat(l.delivered, l.waiting)
		l.delivered = nil
	}
	for l.hear() {
	}
}

// hear lets go of the next message, if a process can hear it.
func (l *life) hear() bool {
	if l.process.dead || len(l.waiting) == 0 {
		return false
	}
	m := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.delivered = append(l.delivered, m)
	if !l.process.event() {
		l.process.bot.Handle(m)
	}
	return true
}

// conversation is what people say, and what answers each: any of the parts of
// want, which are the same but for a word that says it is late.
var conversation = []struct {
	at   time.Duration
	text string
	want []string // each at most once; the first must come
}{
	{0, "echo a", []string{": a"}},
	{0, "echo b", []string{": b"}},
	{0, "remind 30s c", []string{"I shall remind you in 30s", "c"}},
	{time.Second, "two d", []string{"first d", "second d"}},
	{2 * time.Second, "slow e", []string{"slow e"}},
	{3 * time.Second, "tell f", []string{"group 900: told f"}},
	{21 * time.Second, "echo g", []string{": g"}}, // while the account is offline
	{22 * time.Second, "echo h", []string{": h"}},
	{50 * time.Second, "hello", nil},
	{51 * time.Second, "echo i", []string{": i"}},
}

// run lives the conversation, and returns how many messages were not answered.
func (l *life) run() (unanswered int) {
	t := l.t
	l.world = sim.New(sim.Options{})
	var err error
	if l.loop, err = loop.New(l.world.Loop()); err != nil {
		t.Fatal(err)
	}
	defer l.loop.Close()
	l.loop.AddCallback(l.start)
	for i, line := range conversation {
		l.loop.CallLater(line.at, func() {
			m := from("20002", line.text)
			m.ID, m.Time = fmt.Sprint(i), l.loop.Wall()
			l.waiting = append(l.waiting, m)
			l.hear()
		})
	}
	l.loop.CallLater(20*time.Second, func() { l.offline = true })
	l.loop.CallLater(40*time.Second, func() {
		l.offline = false
		if !l.process.dead {
			l.process.bot.Event(Event{Type: Online})
		}
	})
	l.loop.CallLater(30*time.Minute, l.loop.Stop)
	if err := l.loop.Run(); err != nil {
		t.Fatal(err)
	}
	for _, line := range conversation {
		for i, want := range line.want {
			n := 0
			for _, said := range l.said {
				if strings.HasSuffix(said, want) {
					n++
				}
			}
			if n > 1 {
				t.Errorf("%q was answered %d times with %q", line.text, n, want)
			}
			if n == 0 && i == 0 {
				unanswered++
			}
		}
	}
	for _, table := range []string{"inbox", "outbox", "reminders"} {
		if n := l.disk.Len(table); n != 0 {
			t.Errorf("%d entries are left in %s", n, table)
		}
	}
	if b := l.process.bot; !b.Quiet() || len(b.journal.latest) != 0 || len(b.journal.owed) != 0 {
		t.Errorf("at the end: quiet %v, %d saves under way, %d owed", b.Quiet(), len(b.journal.latest), len(b.journal.owed))
	}
	if t.Failed() {
		t.Logf("said %q\nlog %s", l.said, l.log.String())
	}
	return unanswered
}

// TestKilledAtEveryEvent kills the bot once, at each of the events of a
// conversation: when a message arrives, before and behind each save, and before,
// during and behind each send.
func TestKilledAtEveryEvent(t *testing.T) {
	whole := &life{t: t}
	if n := whole.run(); n != 0 || whole.starts != 1 {
		t.Fatalf("without a kill %d messages were not answered", n)
	}
	cuts, lost := 0, 0
	for _, history := range []bool{false, true} {
		for _, keepAll := range []bool{false, true} {
			for cut := 1; cut <= whole.events; cut++ {
				l := &life{t: t, history: history, keepAll: keepAll, kills: []int{cut}}
				n := l.run()
				cuts++
				lost += n
				// Three messages arrive at one moment, and the first save is theirs.
				if history && n > 1 || n > 3 {
					t.Errorf("%d messages were not answered", n)
				}
				if unknown := strings.Count(l.log.String(), "may have been sent"); history && n > unknown {
					t.Errorf("%d messages were not answered, %d outcomes were not known", n, unknown)
				}
				if l.starts != 2 {
					t.Errorf("the bot was started %d times; want 2", l.starts)
				}
				if t.Failed() {
					t.Fatalf("killed at event %d of %d, history %v, keep all %v", cut, whole.events, history, keepAll)
				}
			}
		}
	}
	t.Logf("killed at %d moments: no second answer, %d messages without one", cuts, lost)
}

// TestKilledAgainAndAgain kills several times in one conversation, at random.
func TestKilledAgainAndAgain(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		l := &life{t: t, history: true, keepAll: seed%2 == 0}
		kills := 1 + r.IntN(8)
		for range kills {
			l.kills = append(l.kills, 1+r.IntN(25))
		}
		if n := l.run(); n > kills {
			t.Errorf("%d messages were not answered in %d kills: said %q\nlog %s", n, kills, l.said, l.log.String())
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
