package webqq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// answering makes a client that answers "re: TEXT" to whatever it hears, and
// notes what became of each answer.
func answering(t *testing.T, change func(*Options)) (g *stage, outcome map[string]error) {
	return answeringIn(t, 1, change)
}

// answeringIn is answering in a world of another seed.
func answeringIn(t *testing.T, seed uint64, change func(*Options)) (g *stage, outcome map[string]error) {
	outcome = make(map[string]error)
	g = newSeededStage(t, seed, emulator.DefaultScene(), change)
	g.client.o.OnMessage = func(m Message) {
		g.seen = append(g.seen, m)
		text := m.Text()
		g.client.Send(m.Chat, TextContent("re: "+text), func(err error) {
			if _, twice := outcome[text]; twice {
				t.Errorf("done was called twice for %q", text)
			}
			outcome[text] = err
		})
	}
	return g, outcome
}

// Whatever befalls the service, the client is back by itself, nothing that was
// said is lost, and nothing is answered twice.
func TestRecovery(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults []string // commands, after "before" was said
		codes  int      // QR codes needed besides the first, in SmartQQ
	}{
		{"kick", []string{"kick"}, 0},
		{"kicked again and again", []string{"kick", "+5s", "kick", "+5s", "kick", "+5s", "kick"}, 0},
		{"expire", []string{"expire"}, -1},
		{"poll 116: a new ptwebqq", []string{"fail /channel/poll2 116 1", "wake"}, 0},
		{"poll 121: relink", []string{"fail /channel/poll2 121 1", "wake"}, 0},
		{"poll 103 once", []string{"fail /channel/poll2 103 1", "wake"}, 0},
		{"poll 103 twice", []string{"fail /channel/poll2 103 2", "wake"}, 0},
		{"poll 100000", []string{"fail /channel/poll2 100000 1", "wake"}, 0},
		{"poll 100001", []string{"fail /channel/poll2 100001 1", "wake"}, 0},
		{"poll 100006", []string{"fail /channel/poll2 100006 1", "wake"}, 0},
		{"poll 100012", []string{"fail /channel/poll2 100012 1", "wake"}, 0},
		{"poll 109", []string{"fail /channel/poll2 109 3", "wake"}, 0},
		{"poll 102", []string{"fail /channel/poll2 102 3", "wake"}, 0},
		{"poll 112", []string{"fail /channel/poll2 112 3", "wake"}, 0},
		{"a code nobody knows", []string{"fail /channel/poll2 77777 3", "wake"}, 0},
		{"poll 502", []string{"fail /channel/poll2 502 3", "wake"}, 0},
		{"poll 504 for long", []string{"fail /channel/poll2 504 20", "wake"}, 0},
		{"poll 403", []string{"fail /channel/poll2 403 2", "wake"}, 0},
		{"poll empty", []string{"empty /channel/poll2 5", "wake"}, 0},
		// A message that was in a dropped reply is lost: the protocol has no receipt.
		{"poll dropped", []string{"drop /channel/poll2 3", "wake", "5m"}, 0},
		{"poll slow", []string{"slow /channel/poll2 30000 1", "wake"}, 0},
		{"kick, and login2 says no", []string{"fail /channel/login2 100001 1", "kick"}, 0},
		{"kick, and login2 is gone for a while", []string{"fail /channel/login2 502 3", "kick"}, 0},
		{"kick, and login2 drops", []string{"drop /channel/login2 2", "kick"}, 0},
		{"kick, and the lists fail", []string{"fail /api/get_user_friends2 500 9", "empty /api/get_group_name_list_mask2 9", "drop /api/get_discus_list 9", "kick"}, 0},
		{"expire, and the quick way is shut", []string{"fail /pt4_auth 404 20", "expire"}, 1},
		{"expire, and the way is stony", []string{"fail /pt4_auth 404 20", "drop /cgi-bin/login 1", "empty /ptqrshow 1", "fail /ptqrlogin 502 1",
			"drop /check 1", "fail /login 502 1", "drop /check_sig 1", "empty /channel/login2 1", "expire"}, -1},
	} {
		for _, era := range []Era{SmartQQ, Classic} {
			t.Run(era.String()+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				var change func(*Options)
				if era == Classic {
					change = classic
				}
				g, outcome := answering(t, change)
				g.start()
				want := []string{"before"}
				g.command("say friend 20002 before")
				g.run(3 * time.Second)
				for i, f := range tt.faults {
					if f == "wake" { // ends the poll that is held, so that the next one meets the fault
						f = fmt.Sprint("say friend 20002 wake", i)
						want = append(want, fmt.Sprint("wake", i))
					}
					if d, err := time.ParseDuration(f); err == nil {
						g.run(d)
						continue
					}
					g.command(f)
				}
				g.command("say group 900 20003 during")
				g.run(20 * time.Minute)
				g.command("say friend 20002 after")
				g.run(time.Minute)
				want = append(want, "during", "after")
				if got := g.texts(); !slices.Equal(got, want) {
					t.Errorf("heard %q; want %q", got, want)
				}
				if got := g.client.State(); got != Online {
					t.Errorf("the client is %v; want online", got)
				}
				if tt.codes >= 0 && era == SmartQQ && g.codes != 1+tt.codes {
					t.Errorf("got %d codes; want %d", g.codes, 1+tt.codes)
				}
				for _, text := range want {
					err, ok := outcome[text]
					if !ok || err != nil {
						t.Errorf("the answer to %q: got %v, told %v; want nil", text, err, ok)
					}
					if got := countContaining(g.sends(), "re: "+text+`"`); got != 1 {
						t.Errorf("%q was answered %d times; want once", text, got)
					}
				}
				if len(g.stopped) != 0 {
					t.Errorf("stopped with %v; want it to go on", g.stopped)
				}
			})
		}
	}
}

func countContaining(list []string, part string) (n int) {
	for _, s := range list {
		if strings.Contains(s, part) {
			n++
		}
	}
	return n
}

// Replies that no owner of a service would order.
func TestOddPollReplies(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply func(*sim.Exchange)
	}{
		{"wrong JSON", func(x *sim.Exchange) { x.Reply(200, nil, []byte(`{"retcode":0,"result":[{"poll_type":`)) }},
		{"another shape", func(x *sim.Exchange) { x.Reply(200, nil, []byte(`{"retcode":0,"result":[7]}`)) }},
		{"a page with status 200", func(x *sim.Exchange) { x.Reply(200, nil, []byte("<html>busy</html>")) }},
		{"not HTTP", func(x *sim.Exchange) { x.Raw([]byte("SSH-2.0-OpenSSH\r\n")) }},
		{"reset", func(x *sim.Exchange) { x.Peer.Reset() }},
		{"cut in the body", func(x *sim.Exchange) {
			x.Peer.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"retcode\""))
			x.Peer.Close()
		}},
		{"drips too slowly", func(x *sim.Exchange) { x.Peer.Drip([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100"), 10*time.Second) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, outcome := answering(t, nil)
			left := 3
			g.before = func(x *sim.Exchange) bool {
				if x.Request.URL.Path != "/channel/poll2" || left == 0 {
					return false
				}
				left--
				tt.reply(x)
				return true
			}
			g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
			g.run(15 * time.Minute)
			g.command("say friend 20002 hello")
			g.run(2 * time.Second)
			if err, ok := outcome["hello"]; left != 0 || !ok || err != nil || g.codes != 1 {
				t.Errorf("got %v, told %v, %d odd replies left, %d codes; want an answer", err, ok, left, g.codes)
			}
		})
	}
}

// A poll that is never answered may be a session that died in silence. It is
// asked again, and after a while the session is made anew.
func TestLongSilence(t *testing.T) {
	g, outcome := answering(t, nil)
	g.service = emulator.New(emulator.DefaultScene(), emulator.Options{Hold: 24 * time.Hour})
	g.start()
	g.run(time.Hour)
	if got := g.requests["/channel/poll2"]; got < 25 || got > 40 {
		t.Errorf("got %d polls in an hour; want about 30", got)
	}
	if got := g.requests["/channel/login2"]; got < 2 || got > 5 {
		t.Errorf("got %d logins; want 2 to 5", got)
	}
	g.command("say friend 20002 hello")
	g.run(time.Minute)
	if err, ok := outcome["hello"]; !ok || err != nil || g.codes != 1 {
		t.Errorf("got %v, told %v, %d codes; want an answer", err, ok, g.codes)
	}
}

// What a send may meet. Sent at most once, and the truth told.
func TestSendFaults(t *testing.T) {
	for _, tt := range []struct {
		name, fault string
		sends       int
		want        func(error) bool
	}{
		{"1202 counts as accepted", "fail /channel/send_buddy_msg2 1202 1", 0, func(err error) bool { return err == nil }},
		{"100100 counts as accepted", "fail /channel/send_buddy_msg2 100100 1", 0, func(err error) bool { return err == nil }},
		{"103: again in the next session", "fail /channel/send_buddy_msg2 103 1", 1, func(err error) bool { return err == nil }},
		{"121: again after the relink", "fail /channel/send_buddy_msg2 121 1", 1, func(err error) bool { return err == nil }},
		{"100001: again in the next session", "fail /channel/send_buddy_msg2 100001 1", 1, func(err error) bool { return err == nil }},
		{"100001 twice: the chat is wrong", "fail /channel/send_buddy_msg2 100001 2", 0, hasCode(100001)},
		{"100006: our fault", "fail /channel/send_buddy_msg2 100006 1", 0, hasCode(100006)},
		{"dropped: nobody knows", "drop /channel/send_buddy_msg2 1", 1, unknown},
		{"502: nobody knows", "fail /channel/send_buddy_msg2 502 1", 0, unknown},
		{"empty: nobody knows", "empty /channel/send_buddy_msg2 1", 0, unknown},
		{"too slow: nobody knows", "slow /channel/send_buddy_msg2 90000 1", 1, unknown},
		{"404: refused", "fail /channel/send_buddy_msg2 404 1", 0, func(err error) bool { return err != nil && !unknown(err) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, outcome := answering(t, nil)
			g.start()
			g.command(tt.fault)
			g.command("say friend 20002 x")
			g.run(100 * time.Millisecond)
			g.command("say friend 20003 y")
			g.run(5 * time.Minute)
			err, ok := outcome["x"]
			if !ok || !tt.want(err) {
				t.Errorf("got %v, told %v", err, ok)
			}
			if got := countContaining(g.sends(), "re: x"); got != tt.sends {
				t.Errorf("sent %d times; want %d", got, tt.sends)
			}
			if err != nil {
				if e, ok := errors.AsType[*SendError](err); !ok || e.Pieces != 1 || e.Chat.Kind != KindFriend {
					t.Errorf("got %#v; want a *SendError about a friend", err)
				}
			}
			if err, ok := outcome["y"]; !ok || err != nil {
				t.Errorf("the next message: got %v, told %v; want nil", err, ok)
			}
		})
	}
}

func unknown(err error) bool { return errors.Is(err, ErrOutcomeUnknown) }

func hasCode(code int) func(error) bool {
	return func(err error) bool {
		api, ok := errors.AsType[*APIError](err)
		return ok && api.Code == code
	}
}

// A server that is down for an hour costs nothing but the hour: the old
// session is taken up again, and nobody has to scan.
func TestServerAway(t *testing.T) {
	g, outcome := answering(t, nil)
	g.start()
	at := g.server.Addr()
	g.server.Close()
	g.server.Cut(sim.Reset)
	g.run(time.Hour)
	before := g.world.Stats().Connects
	g.run(10 * time.Minute)
	if n := g.world.Stats().Connects - before; n > 30 {
		t.Errorf("got %d connects in ten minutes; want at most 30", n)
	}
	g.server = g.world.Listen(at, sim.HTTP(g.serve))
	g.command("say friend 20002 still there?")
	g.run(5 * time.Minute)
	if err, ok := outcome["still there?"]; !ok || err != nil {
		t.Errorf("got %v, told %v; want an answer", err, ok)
	}
	if g.codes != 1 {
		t.Errorf("got %d codes; want 1: nobody should have to scan", g.codes)
	}
}

// The same where a gateway answers in the service's place, and for a while
// lets through nothing but the way that asks a person.
func TestGatewayOutage(t *testing.T) {
	g, outcome := answering(t, nil)
	g.start()
	g.before = func(x *sim.Exchange) bool {
		x.Reply(502, nil, []byte("<html>502 Bad Gateway</html>"))
		return true
	}
	g.run(20 * time.Minute)
	if g.codes != 1 {
		t.Errorf("got %d codes; want 1", g.codes)
	}
	// Now the code can be shown, but nobody is there to scan it.
	g.before = func(x *sim.Exchange) bool {
		switch path := x.Request.URL.Path; {
		case strings.HasPrefix(path, "/api/"), path == "/pt4_auth":
			x.Reply(502, nil, []byte("<html>502 Bad Gateway</html>"))
		case path == "/ptqrlogin":
			text := "66','0','','0','二维码未失效。(1)"
			if g.world.Now()%(2*time.Minute) < 3*time.Second {
				text = "65','0','','0','二维码已失效。(1)"
			}
			x.Reply(200, nil, []byte("ptuiCB('"+text+"', '');"))
		default:
			return false
		}
		return true
	}
	g.run(20 * time.Minute)
	if g.codes < 2 {
		t.Errorf("got %d codes; want more than the first: all other ways are shut", g.codes)
	}
	g.before = nil
	g.command("say friend 20002 hello")
	g.run(6 * time.Minute)
	if err, ok := outcome["hello"]; !ok || err != nil {
		t.Errorf("got %v, told %v; want an answer", err, ok)
	}
}

// The answer to a message of one session goes out in the next, where the
// friend and the group have other numbers.
func TestAnswerInAnotherSession(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	g.command("say friend 20002 one")
	g.command("say group 900 20002 two")
	g.command("say discuss 700 20002 three")
	g.run(3 * time.Second)
	for range 3 {
		g.command("expire")
		g.run(5 * time.Minute)
	}
	for _, m := range g.seen {
		if g.client.roster.has(m.Chat) {
			t.Errorf("%v has the same number after three logins", m.Chat)
		}
		g.client.Send(m.Chat, TextContent("re: "+m.Text()), nil)
	}
	g.client.SendFriend(1, "to nobody", nil)
	g.run(time.Minute)
	for i, want := range []string{
		`{"event":"send","kind":"friend","to":20002,"text":"re: one"}`,
		`{"event":"send","kind":"group","to":900,"text":"re: two"}`,
		`{"event":"send","kind":"discuss","to":700,"text":"re: three"}`,
	} {
		if got := g.sends(); i >= len(got) || got[i] != want {
			t.Errorf("got %q; want %s", got, want)
		}
	}
}

// Thirty minutes online: no chain, no socket and no memory of ours grows.
func TestThirtyMinutes(t *testing.T) {
	for _, era := range []Era{SmartQQ, Classic} {
		t.Run(era.String(), func(t *testing.T) {
			var change func(*Options)
			if era == Classic {
				change = classic
			}
			g, _ := answering(t, change)
			g.start()
			g.run(time.Minute)
			chains, sockets := g.stream.Pending(), g.world.Open()
			for i := range 30 {
				g.command(fmt.Sprintf("say group 900 20003 minute %d", i))
				g.run(time.Minute)
			}
			if got := g.stream.Pending(); got != chains {
				t.Errorf("got %d chains; want %d as after the first minute", got, chains)
			}
			if got := g.world.Open(); got > sockets+1 {
				t.Errorf("got %d sockets; want at most %d", got, sockets+1)
			}
			if len(g.seen) != 30 || len(g.sends()) != 30 {
				t.Errorf("got %d messages and %d answers; want 30 each", len(g.seen), len(g.sends()))
			}
			if era == Classic && g.requests["/web2/get_msg_tip"] < 29 {
				t.Errorf("got %d heartbeats; want one a minute", g.requests["/web2/get_msg_tip"])
			}
			if n := g.requests["/channel/poll2"]; n > 80 {
				t.Errorf("got %d polls in half an hour; want them held", n)
			}
		})
	}
}
