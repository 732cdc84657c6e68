package onebot_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A play is a client that answers "re: " to everything, and the emulator, in
// one world.
type play struct {
	t       *testing.T
	world   *sim.World
	loop    *loop.Loop
	stream  *sched.Stream
	service *emulator.Simulated
	client  *onebot.Client
	log     bytes.Buffer

	sends   []string // that the service accepted
	heard   []string
	outcome map[string]error
	states  []onebot.Change
	notices []string
	ends    []error
}

func newPlay(t *testing.T, eo emulator.Options, o onebot.Options) *play {
	t.Helper()
	p := &play{t: t, world: sim.New(sim.Options{Seed: 1}), outcome: make(map[string]error)}
	l, err := loop.New(p.world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	p.loop = l
	p.stream = sched.New(l, sched.Options{Kernel: p.world.Kernel()})
	p.service = emulator.Simulate(p.world, emulator.New(emulator.DefaultScene(), eo), netip.MustParseAddrPort("10.0.0.1:3000"))
	p.service.OnEvent = func(e emulator.Event) {
		if s, ok := e.(emulator.Send); ok {
			p.sends = append(p.sends, fmt.Sprintf("%s %d %s", s.Kind, s.To, s.Text))
		}
	}
	if o.URL == "" {
		o.URL = "http://10.0.0.1:3000"
	}
	o.Rand = rand.NewPCG(1, 1)
	o.Logger = slog.New(slog.NewTextHandler(&p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.OnState = func(c onebot.Change) { p.states = append(p.states, c) }
	o.OnEvent = func(e onebot.Event) { p.notices = append(p.notices, e.Type()) }
	o.OnMessage = func(e onebot.Event) {
		text := e.Message.Text()
		p.heard = append(p.heard, fmt.Sprintf("%v %d %s", e.Chat(), e.UserID, text))
		p.client.Send(e.Chat(), onebot.Text("re: "+text), func(_ onebot.ID, err error) { p.outcome[text] = err })
	}
	p.client, err = onebot.New(p.stream, o)
	if err != nil {
		t.Fatal(err)
	}
	p.client.Start(func(err error) { p.ends = append(p.ends, err) })
	t.Cleanup(func() {
		p.client.Stop()
		p.run(5 * time.Minute)
		if n := p.stream.Pending(); n != 0 {
			t.Errorf("%d chains go on after Stop", n)
		}
		p.stream.Close()
		l.Close()
		if n := p.world.Open(); n != 0 {
			t.Errorf("%d sockets are open in the end", n)
		}
		if t.Failed() {
			t.Logf("states: %v\nlog:\n%s", p.states, p.log.String())
		}
	})
	p.run(10 * time.Second)
	return p
}

func (p *play) run(d time.Duration) {
	p.t.Helper()
	p.loop.CallLater(d, p.loop.Stop)
	if err := p.loop.Run(); err != nil {
		p.t.Fatalf("Run: %v", err)
	}
}

// do carries out commands of the emulator, and lets what follows happen.
func (p *play) do(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		if err := p.service.Command(line); err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
	}
	p.run(time.Second)
}

func (p *play) want(what string, got []string, want ...string) {
	p.t.Helper()
	if !slices.Equal(got, want) {
		p.t.Errorf("%s: got %q; want %q", what, got, want)
	}
}

func (p *play) wantState(want onebot.State) {
	p.t.Helper()
	if got := p.client.State(); got != want {
		p.t.Errorf("the state is %v; want %v", got, want)
	}
}

// eachWay plays on both flavours, over every transport, with both formats of
// messages.
func eachWay(t *testing.T, eo emulator.Options, act func(*play, onebot.Transport)) {
	for _, flavour := range []emulator.Flavour{emulator.NapCat, emulator.LLBot} {
		for _, way := range []struct {
			name    string
			want    onebot.Transport
			without []string // so that it is found by probing
			url     string
		}{
			{"sse", onebot.SSE, nil, ""},
			{"get_event", onebot.Poll, []string{"_events"}, ""},
			{"get_updates", onebot.Poll, []string{"_events", "get_event"}, ""},
			{"ws", onebot.WS, []string{"_events", "get_event", "get_updates"}, ""},
			{"ws by address", onebot.WS, nil, "ws://10.0.0.1:3000"},
		} {
			for _, strings := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/strings=%t", flavour, way.name, strings), func(t *testing.T) {
					o := eo
					o.Flavour, o.Strings, o.Without = flavour, strings, way.without
					p := newPlay(t, o, onebot.Options{URL: way.url, Token: o.Token})
					if got := p.client.Transport(); got != way.want {
						t.Fatalf("events come by %q; want %q", got, way.want)
					}
					act(p, way.want)
				})
			}
		}
	}
}

func TestEmulatorTalk(t *testing.T) {
	eachWay(t, emulator.Options{Token: "s3cret", ReportSelf: true}, func(p *play, _ onebot.Transport) {
		p.wantState(onebot.Online)
		if p.client.Account() != 10001 || p.client.Nick() != "bot" {
			p.t.Errorf("the account is %v %q", p.client.Account(), p.client.Nick())
		}
		p.do("say friend 20002 ping")
		p.do("say group 900 20003 a & [b], <c>")
		p.run(10 * time.Minute)
		p.do("say friend 20002 you there?")
		p.want("heard", p.heard, "user 20002 20002 ping", "group 900 20003 a & [b], <c>", "user 20002 20002 you there?")
		p.want("sends", p.sends, "friend 20002 re: ping", "group 900 re: a & [b], <c>", "friend 20002 re: you there?")
		for text, err := range p.outcome {
			if err != nil {
				p.t.Errorf("the answer to %q: %v", text, err)
			}
		}
		p.do("poke group 900 20003", "request 20099 let me in")
		p.want("notices", p.notices, "notice.notify", "request.friend")
		if len(p.states) != 2 {
			p.t.Errorf("the states were %v; want connecting, online", p.states)
		}
	})
}

func TestEmulatorTokenRefused(t *testing.T) {
	for _, flavour := range []emulator.Flavour{emulator.NapCat, emulator.LLBot} {
		for _, url := range []string{"", "ws://10.0.0.1:3000"} {
			for _, token := range []string{"", "wrong"} {
				p := newPlay(t, emulator.Options{Flavour: flavour, Token: "s3cret"}, onebot.Options{URL: url, Token: token})
				var refused *onebot.AuthError
				if len(p.ends) != 1 || !errors.As(p.ends[0], &refused) || refused.Given != (token != "") {
					t.Errorf("%s %s with token %q: it ended with %v", flavour, url, token, p.ends)
				}
			}
		}
	}
}

// The account is put out, and is back; each is told, and what is sent
// meanwhile is not.
func TestEmulatorKick(t *testing.T) {
	eachWay(t, emulator.Options{}, func(p *play, _ onebot.Transport) {
		p.do("kick")
		p.wantState(onebot.AccountOffline)
		var why *onebot.OfflineError
		if last := p.states[len(p.states)-1]; !errors.As(last.Err, &why) || !why.Kicked {
			p.t.Errorf("the last change is %v; want a kick", last)
		}
		var err error
		p.client.Send(onebot.Private(20002), onebot.Text("lost"), func(_ onebot.ID, e error) { err = e })
		p.run(time.Second)
		if !errors.Is(err, onebot.ErrOffline) {
			p.t.Errorf("a send got %v; want ErrOffline", err)
		}
		p.run(2 * time.Minute)
		p.do("online")
		p.run(2 * time.Minute)
		p.wantState(onebot.Online)
		p.do("say friend 20002 back?")
		p.want("sends", p.sends, "friend 20002 re: back?")
	})
}

// Only a status says that the account is offline.
func TestEmulatorOffline(t *testing.T) {
	eachWay(t, emulator.Options{}, func(p *play, _ onebot.Transport) {
		p.do("offline")
		p.run(2 * time.Minute)
		p.wantState(onebot.AccountOffline)
		p.do("online")
		p.run(2 * time.Minute)
		p.wantState(onebot.Online)
		for _, c := range p.states {
			if c.State == onebot.Waiting {
				p.t.Errorf("the connection was lost: %v", c.Err)
			}
		}
	})
}

// Every stream is cut, and things are said while nobody listens: the history
// has them.
func TestEmulatorCut(t *testing.T) {
	eachWay(t, emulator.Options{}, func(p *play, way onebot.Transport) {
		p.do("say friend 20002 one")
		if way == onebot.Poll {
			p.do("drop /get_event 1", "drop /get_updates 1")
		}
		if err := p.service.Command("close"); err != nil {
			p.t.Fatal(err)
		}
		p.do("say friend 20002 two", "say group 900 20003 three")
		p.run(30 * time.Second)
		p.do("say friend 20002 four")
		heard := slices.Clone(p.heard)
		slices.Sort(heard[1:3]) // both are of one second
		p.want("heard", heard, "user 20002 20002 one", "group 900 20003 three", "user 20002 20002 two", "user 20002 20002 four")
		if len(p.sends) != 4 {
			p.t.Errorf("sent %q; want each answer once", p.sends)
		}
	})
}

// The send is executed and its answer lost: it is never sent again, and the
// outcome is not known.
func TestEmulatorLostAnswer(t *testing.T) {
	for _, line := range []string{"drop", "empty"} {
		for _, url := range []string{"", "ws://10.0.0.1:3000"} {
			p := newPlay(t, emulator.Options{}, onebot.Options{URL: url})
			p.do(line+" /send_private_msg 1", "say friend 20002 ping")
			p.run(2 * time.Minute)
			if err := p.outcome["ping"]; !errors.Is(err, onebot.ErrOutcomeUnknown) {
				t.Errorf("%s %s: got %v; want ErrOutcomeUnknown", line, url, err)
			}
			if n := len(p.sends); n > 1 || line == "drop" && n != 1 {
				t.Errorf("%s %s: sent %d times", line, url, n)
			}
			p.run(time.Minute)
			p.do("say friend 20002 again")
			if err := p.outcome["again"]; err != nil {
				t.Errorf("%s %s: afterwards: %v", line, url, err)
			}
		}
	}
}

// A refusal is a refusal, in the service's words.
func TestEmulatorRefusal(t *testing.T) {
	for _, url := range []string{"", "ws://10.0.0.1:3000"} {
		p := newPlay(t, emulator.Options{}, onebot.Options{URL: url})
		var err error
		p.client.Send(onebot.Group(12345), onebot.Text("nobody there"), func(_ onebot.ID, e error) { err = e })
		p.run(time.Second)
		var no *onebot.ActionError
		if !errors.As(err, &no) || errors.Is(err, onebot.ErrOutcomeUnknown) || !strings.HasPrefix(err.Error(), "onebot: send to group 12345: send_group_msg: retcode ") {
			t.Errorf("got %v; want an ActionError", err)
		}
		p.want("sends", p.sends)
	}
}

// Segments arrive as they were sent, whatever the format of events.
func TestEmulatorSegments(t *testing.T) {
	eachWay(t, emulator.Options{}, func(p *play, _ onebot.Transport) {
		p.do("cq group 900 20002 [CQ:at,qq=10001] look: [CQ:image,file=a&#44;b.png] &#91;x&#93;")
		p.want("heard", p.heard, "group 900 20002  look:  [x]")
	})
}
