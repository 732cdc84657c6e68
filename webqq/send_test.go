package webqq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/webqq/emulator"
)

func TestPacer(t *testing.T) {
	start := time.Date(2013, 4, 23, 9, 0, 0, 0, time.UTC)
	p := pacer{interval: 500 * time.Millisecond}
	for _, tt := range []struct {
		at   time.Duration
		text string
		want time.Duration
	}{
		{0, "a", 0},
		{0, "b", 500 * time.Millisecond},
		{0, "b", 1000 * time.Millisecond}, // clamped: no wait is longer than the rule's
		{5 * time.Second, "c", 0},
		{5100 * time.Millisecond, "d", 400 * time.Millisecond},
		{10 * time.Second, "d", 0},
		{10 * time.Second, "d", time.Second},
		{time.Second, "e", 500 * time.Millisecond}, // the clock was set back
	} {
		if got := p.delay(start.Add(tt.at), tt.text); got != tt.want {
			t.Errorf("at %v, %q: got %v; want %v", tt.at, tt.text, got, tt.want)
		}
	}
	if got := (&pacer{}).delay(start, "x"); got != 0 {
		t.Errorf("no pacing: got %v; want 0", got)
	}
}

// Sends go one after the other, in order, spaced.
func TestSendOrderAndPacing(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	var at []time.Duration
	var order []string
	say := func(text string) {
		g.client.SendFriend(friend(g, "friend"), text, func(err error) {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			at = append(at, g.world.Now())
			order = append(order, text)
		})
	}
	g.start()
	for _, text := range []string{"1", "2", "2", "3"} {
		say(text)
	}
	if g.client.Queued() != 4 {
		t.Errorf("got %d queued; want 4", g.client.Queued())
	}
	g.run(10 * time.Second)
	if want := []string{"1", "2", "2", "3"}; !slices.Equal(order, want) {
		t.Errorf("got the order %q; want %q", order, want)
	}
	for i, want := range []time.Duration{500, 1000, 500} {
		if got := at[i+1] - at[i]; got < want*time.Millisecond || got > (want+50)*time.Millisecond {
			t.Errorf("between send %d and the next: got %v; want %v ms", i+1, got, int64(want))
		}
	}
}

func friend(g *stage, nick string) UserID {
	g.t.Helper()
	for _, f := range g.client.Friends() {
		if f.Nick == nick {
			return f.ID
		}
	}
	g.t.Fatalf("no friend called %q", nick)
	return 0
}

func TestLongText(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), func(o *Options) { o.Pacing = -1 })
	g.start()
	text := strings.TrimSuffix(strings.Repeat("一二三四五六七八九十\n", 60), "\n")
	var got error = errors.New("never told")
	g.client.SendGroup(g.client.Groups()[0].ID, text, func(err error) { got = err })
	g.run(time.Second)
	if got != nil {
		t.Fatal(got)
	}
	if n := len(g.sends()); n != 3 {
		t.Fatalf("got %d messages; want 3", n)
	}
	// A failure in the middle says how far it came.
	g.command("fail /channel/send_qun_msg2 100006 1")
	g.client.SendGroup(g.client.Groups()[0].ID, text, func(err error) { got = err })
	g.run(time.Second)
	if e, ok := errors.AsType[*SendError](got); !ok || e.Accepted != 0 || e.Pieces != 3 {
		t.Errorf("got %v; want a SendError after 0 of 3 pieces", got)
	}
}

func TestRefusedSends(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), func(o *Options) { o.MaxQueue = 2 })
	var got []error
	done := func(err error) { got = append(got, errors.Unwrap(err)) }
	g.client.SendFriend(1, "early", done)
	g.start()
	to := friend(g, "friend")
	g.client.SendFriend(to, " \n", done)
	for range 4 {
		g.client.SendFriend(to, "x", done)
	}
	if len(got) != 1 {
		t.Fatalf("a done was called before Send returned: %v", got)
	}
	g.run(10 * time.Second)
	want := []error{ErrNotLoggedIn, ErrEmptyMessage, ErrQueueFull, nil, nil, nil}
	if !slices.EqualFunc(got, want, errors.Is) {
		t.Errorf("got %v; want %v", got, want)
	}
}

// Stop tells everyone who waits; Shutdown waits for them first.
func TestStopAndShutdown(t *testing.T) {
	for _, gentle := range []bool{false, true} {
		t.Run(fmt.Sprintf("gentle=%v", gentle), func(t *testing.T) {
			g := newStage(t, emulator.DefaultScene(), nil)
			g.start()
			to := friend(g, "friend")
			told := make([]error, 0, 3)
			for i := range 3 {
				g.client.SendFriend(to, fmt.Sprint(i), func(err error) { told = append(told, err) })
			}
			down := false
			if gentle {
				g.client.Shutdown(func() { down = true })
				g.client.SendFriend(to, "too late", func(err error) {
					if !errors.Is(err, ErrStopped) {
						t.Errorf("after Shutdown: got %v; want ErrStopped", err)
					}
				})
			} else {
				g.client.Stop()
			}
			g.run(5 * time.Second)
			if len(told) != 3 || len(g.stopped) != 1 || g.stopped[0] != nil || down != gentle {
				t.Fatalf("got told %v, stopped %v, down %v", told, g.stopped, down)
			}
			// The first had left when Stop came, and did arrive.
			want, sends := []error{ErrOutcomeUnknown, ErrStopped, ErrStopped}, 1
			if gentle {
				want, sends = []error{nil, nil, nil}, 3
			}
			if !slices.EqualFunc(told, want, errors.Is) {
				t.Errorf("got %v; want %v", told, want)
			}
			if got := len(g.sends()); got != sends {
				t.Errorf("got %d sends; want %d", got, sends)
			}
			if len(g.session) == 0 {
				t.Error("the session was forgotten; want it kept for the next start")
			}
		})
	}
}

// A function that stops the client in the middle of anything finds it whole.
func TestStopInside(t *testing.T) {
	stop := map[string]func(*Options, func()){
		"QRCode":    func(o *Options, stop func()) { o.QRCode = func([]byte) { stop() } },
		"OnMessage": func(o *Options, stop func()) { o.OnMessage = func(Message) { stop() } },
		"OnState":   func(o *Options, stop func()) { o.OnState = func(Change) { stop() } },
		"Save":      func(o *Options, stop func()) { o.SaveSession = func([]byte) { stop() } },
		"OnEvent":   func(o *Options, stop func()) { o.OnEvent = func(Event) { stop() } },
	}
	for name, change := range stop {
		t.Run(name, func(t *testing.T) {
			var g *stage
			g = newStage(t, emulator.DefaultScene(), func(o *Options) {
				change(o, func() { g.client.Stop() })
			})
			g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
			g.run(10 * time.Second)
			g.command("say friend 20002 hello")
			g.run(time.Second)
			if name == "OnEvent" {
				g.command("kick")
				g.run(10 * time.Second)
			}
			if len(g.stopped) != 1 || g.stopped[0] != nil || g.client.State() != Offline {
				t.Errorf("got stopped %v, state %v; want [nil], offline", g.stopped, g.client.State())
			}
			if n := g.stream.Pending(); n != 0 {
				t.Errorf("got %d chains; want none", n)
			}
		})
	}
}

// A message that waits for its turn while the session is lost goes out in the
// next one, to the number that its chat has there, and once.
func TestSendAcrossSessions(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	told := 0
	for i := range 8 {
		g.client.SendDiscuss(g.client.Discusses()[0].ID, fmt.Sprint("part ", i), func(err error) {
			if err != nil {
				t.Errorf("part %d: %v", i, err)
			}
			told++
		})
	}
	g.run(1200 * time.Millisecond)
	g.command("expire")
	g.run(3 * time.Minute)
	var want []string
	for i := range 8 {
		want = append(want, fmt.Sprintf(`{"event":"send","kind":"discuss","to":700,"text":"part %d"}`, i))
	}
	if got := g.sends(); !slices.Equal(got, want) || told != 8 {
		t.Errorf("got %q, told %d; want %q", got, told, want)
	}
	if n := g.requests["/channel/login2"]; n > 3 {
		t.Errorf("got %d logins; want no more than two for one loss", n)
	}
}

// A temporary chat with somebody of a group who is no friend.
func TestSess(t *testing.T) {
	scene := emulator.DefaultScene()
	scene.Strangers = []emulator.Stranger{{QQ: 30003, Nick: "stranger"}}
	scene.Groups[0].Members = append(scene.Groups[0].Members, 30003)
	g := newStage(t, scene, nil)
	g.start()
	g.command("say group 900 30003 hi all")
	g.run(3 * time.Second)
	if len(g.seen) != 1 {
		t.Fatalf("got %d messages; want 1", len(g.seen))
	}
	m := g.seen[0]
	if got := g.client.NameOf(m.Chat, m.Sender); got != "stranger" {
		t.Errorf("got the name %q; want stranger", got)
	}
	var got error = errors.New("never told")
	g.client.Send(Chat{Kind: KindSess, User: m.Sender, Group: m.Chat.Group}, TextContent("psst"), func(err error) { got = err })
	g.run(2 * time.Second)
	if want := []string{`{"event":"send","kind":"sess","to":30003,"text":"psst"}`}; got != nil || !slices.Equal(g.sends(), want) {
		t.Errorf("got %v, %q; want %q", got, g.sends(), want)
	}
}
