package bot

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// asks is a Responder that asks for a name, and a Watcher that says what it
// hears of.
type asks struct{ wants string }

func (a asks) Wants(m Message) bool { return strings.HasPrefix(m.Text, a.wants) }

func (a asks) Respond(c *Call) bool {
	if !strings.HasPrefix(c.Message().Text, a.wants) {
		return false
	}
	c.Reply(Text("your name?"))
	c.Expect(time.Minute, func(next *Call) {
		if next == nil {
			c.Reply(Text("never mind"))
			return
		}
		next.Reply(Text("hello " + next.Message().Text))
	})
	return true
}

func (a asks) Watch(b *Bot, e Event) {
	b.Say(Chat{Friend, "1"}, Text(string(e.Type)+" "+e.Text), nil)
}

func TestExpect(t *testing.T) {
	type said struct {
		at           time.Duration
		sender, text string
	}
	for _, test := range []struct {
		name string
		say  []said
		want []string
	}{
		{"answered", []said{{0, "20002", "greet"}, {5 * time.Second, "20002", "al"}, {6 * time.Second, "20002", "al"}},
			[]string{"0s friend 20002: your name?", "5s friend 20002: hello al"}},
		{"before commands", []said{{0, "20002", "greet"}, {5 * time.Second, "20002", "ping"}, {6 * time.Second, "20002", "ping"}},
			[]string{"0s friend 20002: your name?", "5s friend 20002: hello ping", "6s friend 20002: pong"}},
		{"silence", []said{{0, "20002", "greet"}, {61 * time.Second, "20002", "al"}},
			[]string{"0s friend 20002: your name?", "1m0s friend 20002: never mind"}},
		{"somebody else", []said{{0, "20002", "greet"}, {5 * time.Second, "20003", "al"}, {6 * time.Second, "20002", "bo"}},
			[]string{"0s friend 20002: your name?", "6s friend 20002: hello bo"}},
		{"another chat", []said{{0, "20002", "greet"}, {5 * time.Second, "20002", "@bot al"}, {6 * time.Second, "20002", "bo"}},
			[]string{"0s friend 20002: your name?", "6s friend 20002: hello bo"}},
		{"asked within the dialogue", []said{{0, "20002", "greet"}, {5 * time.Second, "20002", "greet"}, {6 * time.Second, "20002", "bo"}},
			[]string{"0s friend 20002: your name?", "5s friend 20002: hello greet"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(t, Options{Responders: []Responder{asks{"greet"}}})
			l.bot.o.OnQuiet = nil
			for _, s := range test.say {
				l.loop.CallLater(s.at, func() { l.bot.Handle(from(s.sender, s.text)) })
			}
			l.loop.CallLater(time.Hour, l.loop.Stop)
			l.run()
			if !slices.Equal(l.lines, test.want) {
				t.Errorf("got %q\nwant %q", l.lines, test.want)
			}
			if len(l.done) != len(test.say) || len(l.bot.expected) != 0 {
				t.Errorf("%d of %d calls are done, %d dialogues are left", len(l.done), len(test.say), len(l.bot.expected))
			}
		})
	}
}

func TestNewerExpectReplaces(t *testing.T) {
	l := newLine(t, Options{})
	l.bot.o.OnQuiet = nil
	var got []string
	l.loop.AddCallback(func() {
		c := &Call{bot: l.bot, msg: from("20002", "x")}
		for _, name := range []string{"old", "new"} {
			c.Expect(time.Minute, func(next *Call) {
				if next != nil {
					name += " " + next.Message().Text
				}
				got = append(got, name)
			})
		}
		if len(got) != 0 {
			t.Error("fn was called before Expect returned")
		}
		l.loop.CallLater(time.Second, func() { l.bot.Handle(from("20002", "y")) })
		l.loop.CallLater(time.Hour, l.loop.Stop)
	})
	l.run()
	if !slices.Equal(got, []string{"old", "new y"}) {
		t.Errorf("got %q; want the old one ended and the new one answered, each once", got)
	}
}

func TestEvents(t *testing.T) {
	var heard []EventType
	l := newLine(t, Options{
		Responders: []Responder{asks{"greet"}},
		OnEvent:    func(e Event) { heard = append(heard, e.Type) },
	})
	l.loop.AddCallback(func() {
		l.bot.Event(Event{Type: Kicked, Text: "elsewhere"})
		l.bot.Event(Event{Type: "poke"})
	})
	l.run()
	if !slices.Equal(heard, []EventType{Kicked, "poke"}) {
		t.Errorf("OnEvent heard %q", heard)
	}
	if want := []string{"0s friend 1: kicked elsewhere", "0s friend 1: poke "}; !slices.Equal(l.lines, want) {
		t.Errorf("the watcher said %q; want %q", l.lines, want)
	}
}

// TestWhatNobodyWantsIsNotSaved counts the saves of a busy group.
func TestWhatNobodyWantsIsNotSaved(t *testing.T) {
	var disk Memory
	l := newLine(t, Options{})
	l.bot.o.OnQuiet = nil
	l.bot = New(l.loop, l, Options{Store: disk.Open(l.loop), Responders: []Responder{asks{"greet"}}})
	l.loop.AddCallback(func() {
		for i := range 100 {
			m := from("20003", "talk")
			m.ID, m.Chat = string(rune('a'+i)), Chat{Group, "900"}
			l.bot.Handle(m)
		}
		l.loop.CallLater(time.Second, func() { l.bot.Handle(from("20002", "ping")) })
	})
	l.loop.CallLater(time.Minute, l.loop.Stop)
	l.run()
	if disk.Saves != 3 || len(l.lines) != 1 {
		t.Errorf("%d saves for one answer and a hundred messages that nobody wants; want 3: accepted, in flight, said", disk.Saves)
	}
}

func TestBotsSpeakThroughOneAnother(t *testing.T) {
	var disk Memory
	var bots Bots
	one := newLine(t, Options{})
	store := disk.Open(one.loop)
	tell := func(account string) Responder {
		return respondFunc(func(c *Call) bool {
			if err := c.Send(account, Chat{Group, "900"}, Text("from "+c.Bot().Name())); err != nil {
				c.Reply(Text(err.Error()))
			}
			return true
		})
	}
	one.bot.o.OnQuiet = nil
	second := &line{stage: one.stage}
	a := New(one.loop, one, Options{Name: "a", Bots: &bots, Store: store, Responders: []Responder{tell("b")}})
	New(one.loop, second, Options{Name: "b", Bots: &bots, Store: store})
	lost := New(one.loop, one, Options{Name: "c", Bots: &bots, Store: store, Responders: []Responder{tell("z")}})
	one.loop.AddCallback(func() {
		a.Handle(from("20002", "x"))
		one.loop.CallLater(time.Second, func() { lost.Handle(from("20002", "x")) })
		one.loop.CallLater(time.Minute, one.loop.Stop)
	})
	one.run()
	want := []string{"0s group 900: from a", `1s friend 20002: there is no account "z": the accounts are "a, b, c"`}
	if !slices.Equal(one.lines, want) {
		t.Errorf("got %q; want %q", one.lines, want)
	}
	for _, table := range []string{"a/inbox", "b/outbox", "c/inbox", "c/outbox"} {
		if n := disk.Len(table); n != 0 {
			t.Errorf("%d entries are left in %s", n, table)
		}
	}
}

type respondFunc func(*Call) bool

func (f respondFunc) Respond(c *Call) bool { return f(c) }
