package onebot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// ways are the three transports, for what must be alike in all.
var ways = map[string]func(*stage, *Options){
	"sse": llbot, "sse without heartbeats": napcat, "poll": polled("get_event"), "ws": forward,
}

// A server that goes away, for an hour, is there again within a minute of its
// return; the attempts in between are few, and no two pauses alike.
func TestReconnect(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			g.run(2 * time.Minute)
			g.server.Cut(sim.Reset)
			g.server.Close()
			g.streams, g.sockets = nil, nil
			g.run(time.Hour)
			if got := g.client.State(); got != Waiting && got != Connecting {
				t.Errorf("the state is %v while the server is away", got)
			}
			tries := 0
			for _, c := range g.changes {
				if strings.HasPrefix(c, "waiting") {
					tries++
				}
			}
			if tries < 60 || tries > 130 {
				t.Errorf("%d attempts in an hour; want about 80", tries)
			}
			g.listen()
			g.run(61 * time.Second)
			if got := g.client.State(); got != Online {
				t.Fatalf("the state is %v; want online", got)
			}
			g.tellAll(g.said(1, "hello"))
			g.run(time.Second)
			g.want("heard", g.got, "group 900 20002 hello")
		})
	}
}

func TestBackOff(t *testing.T) {
	g := newStage(t, nil)
	for n, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 7: time.Minute, 1000: time.Minute} {
		distinct := map[time.Duration]bool{}
		for range 50 {
			d := g.client.wait(n)
			distinct[d] = true
			if d < most/2 || d > most {
				t.Errorf("after %d failures the pause is %v; want %v to %v", n, d, most/2, most)
			}
		}
		if len(distinct) < 40 {
			t.Errorf("after %d failures the pauses are only %d different ones", n, len(distinct))
		}
	}
}

// A cable is pulled: nobody is told, and the client notices, by the means
// that each server offers.
func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*stage, *Options)
		within time.Duration
		want   string
	}{
		{"heartbeats stop", llbot, 13 * time.Second, "waiting: nothing was heard for 12.5s: the connection is taken for dead"},
		{"get_status is not answered", napcat, 2 * time.Minute, "waiting: get_status: "},
		{"a poll is not answered", polled("get_event"), 31 * time.Second, "waiting: get_event: "},
		{"no pong", forward, 76 * time.Second, "waiting: nothing was heard for 1m15s: the connection is taken for dead"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, test.change)
			g.start()
			g.run(20*time.Second - time.Duration(g.world.Now()%time.Second))
			g.server.Cut(sim.Silence)
			g.server.Silent(true)
			g.run(test.within)
			if last := g.changes[len(g.changes)-1]; !strings.HasPrefix(g.changes[min(2, len(g.changes)-1)], test.want) {
				t.Errorf("within %v: got %q; want %q", test.within, last, test.want)
			}
			g.server.Silent(false)
			g.run(3 * time.Minute)
			if got := g.client.State(); got != Online {
				t.Errorf("the state is %v; want online again", got)
			}
		})
	}
}

// An event stream without heartbeats is opened anew now and then, since
// nobody can tell a quiet one from a dead one; the owner does not hear of it,
// and nothing is lost.
func TestRenew(t *testing.T) {
	g := newStage(t, napcat)
	g.start()
	g.tellAll(g.said(1, "first"))
	g.run(time.Second)
	var missed string
	g.actions["get_group_msg_history"] = func(map[string]any) string { return ok(`{"messages":[` + missed + `]}`) }
	for _, x := range g.streams {
		x.OnGone = nil
	}
	g.streams = nil // it hears nothing more, and nobody knows
	missed = g.said(2, "second")
	g.run(11 * time.Minute)
	if len(g.streams) != 1 {
		t.Fatalf("%d streams are open; want a new one", len(g.streams))
	}
	g.tellAll(g.said(3, "third"))
	g.run(time.Second)
	g.want("heard", g.got, "group 900 20002 first", "group 900 20002 second", "group 900 20002 third")
	g.want("changes", g.changes, "connecting", "online")
}

const botOffline = `{"time":1760000100,"self_id":10001,"post_type":"notice","notice_type":"bot_offline","user_id":10001,"tag":"KickedOffLine","message":"logged in elsewhere"}`

// After a kick the heartbeats stay green: they are believed only when one has
// been red, or when QQ speaks to the account again.
func TestKicked(t *testing.T) {
	for name, change := range ways {
		if name == "poll" {
			continue // below, without heartbeats
		}
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			g.tellAll(botOffline)
			g.run(time.Second)
			g.tellAll(g.heartbeat("true", 5000))
			g.run(time.Second)
			if got := g.client.State(); got != AccountOffline {
				t.Fatalf("the state is %v; want account offline", got)
			}
			var why *SendError
			g.client.Send(Group(900), Text("lost"), func(_ ID, err error) { errors.As(err, &why) })
			g.run(time.Second)
			if why == nil || !errors.Is(why, ErrOffline) || errors.Is(why, ErrOutcomeUnknown) {
				t.Errorf("the send failed with %v; want ErrOffline", why)
			}
			g.want("sent", g.sent)
			g.tellAll(g.heartbeat("false", 5000))
			g.tellAll(g.heartbeat("true", 5000))
			g.run(time.Second)
			g.tellAll(botOffline)
			g.run(time.Second)
			g.tellAll(g.said(1, "hello"))
			g.run(time.Second)
			kicked := "account offline: the account was put off line: logged in elsewhere"
			g.want("changes", g.changes, "connecting", "online", kicked, "online", kicked, "online")
			g.want("events", g.events, "notice.bot_offline", "notice.bot_offline")
		})
	}
}

// That the account is offline is no reason to connect anew, and no connection
// that is lost is a reason to call the account offline.
func TestAccountOffline(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.online = "false"
			g.actions["get_status"] = func(map[string]any) string { return ok(`{"online":` + g.online + `,"good":true}`) }
			g.start()
			g.want("changes", g.changes, "connecting", "account offline: the account is offline")
			g.online = "null" // not known
			g.run(2 * time.Minute)
			g.tellAll(g.heartbeat("null", 5000))
			g.run(time.Second)
			if got := g.client.State(); got != AccountOffline {
				t.Errorf("the state is %v; want account offline", got)
			}
			g.online = "true"
			g.tellAll(g.heartbeat("true", 500_000))
			g.run(time.Minute)
			if got := g.client.State(); got != Online {
				t.Errorf("the state is %v; want online", got)
			}
			for _, c := range g.changes {
				if strings.HasPrefix(c, "waiting") {
					t.Errorf("the connection was lost: %s", c)
				}
			}
		})
	}
}

// The implementation runs and nobody is logged in yet: it is waited for, and
// then it is known who it is.
func TestLoginLater(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.online = "false"
			info := g.actions["get_login_info"]
			g.actions["get_login_info"] = func(p map[string]any) string {
				if g.online == "false" {
					return `{"status":"failed","retcode":200,"data":null,"message":"not logged in"}`
				}
				return info(p)
			}
			g.actions["get_status"] = func(map[string]any) string { return ok(`{"online":` + g.online + `,"good":true}`) }
			g.start()
			g.run(time.Hour)
			g.want("changes", g.changes, "connecting", "account offline: the account is offline")
			g.online = "true"
			g.tellAll(g.heartbeat("true", 500_000))
			g.run(time.Minute)
			if g.client.State() != Online || g.client.Account() != 10001 || g.client.Nick() != "bot" {
				t.Errorf("the state is %v, the account %v %q", g.client.State(), g.client.Account(), g.client.Nick())
			}
		})
	}
}

// What the server gives twice is given once: in one connection, and over two.
func TestDuplicates(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			one := g.said(1, "one")
			g.tellAll(one)
			g.run(time.Second)
			g.tellAll(one)
			g.run(time.Second)
			g.server.Cut(sim.Reset)
			g.streams, g.sockets = nil, nil
			g.run(10 * time.Second)
			g.tellAll(one)
			g.run(time.Second)
			g.tellAll(g.said(1, "one")) // the number comes again, later
			g.run(time.Second)
			g.want("heard", g.got, "group 900 20002 one", "group 900 20002 one")
		})
	}
}

// Own messages are not given to a bot that would answer itself: neither as
// message_sent nor as a message of the account's own number.
func TestOwnMessages(t *testing.T) {
	g := newStage(t, forward)
	g.start()
	own := strings.ReplaceAll(g.said(1, "pong"), `"user_id":20002`, `"user_id":10001`)
	g.tellAll(own)
	g.tellAll(strings.ReplaceAll(g.said(2, "pong"), `"post_type":"message"`, `"post_type":"message_sent","target_id":900`))
	g.tellAll(strings.ReplaceAll(g.said(3, "ids as strings"), `"user_id":20002`, `"user_id":"20002"`))
	g.run(time.Second)
	g.want("heard", g.got, "group 900 20002 ids as strings")
}

// Messages keep their order, and Shutdown waits for them.
func TestShutdown(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			for i := range 20 {
				g.client.Send(Group(900), Text(fmt.Sprint(i)), nil)
			}
			done := 0
			g.client.Shutdown(func() { done++ })
			var late error
			g.client.Send(Group(900), Text("late"), func(_ ID, err error) { late = err })
			g.run(time.Minute)
			if len(g.sent) != 20 || g.sent[0] != "0" || g.sent[19] != "19" {
				t.Errorf("sent %q; want twenty in order", g.sent)
			}
			if done != 1 || !errors.Is(late, ErrStopped) {
				t.Errorf("done was called %d times, and a late send got %v", done, late)
			}
			if len(g.ends) != 1 || g.ends[0] != nil {
				t.Errorf("it ended with %v; want once, nil", g.ends)
			}
		})
	}
}

// Garbage does not end anything.
func TestGarbage(t *testing.T) {
	for name, change := range ways {
		if name == "poll" {
			continue // there it would be a reply that is none
		}
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			for _, s := range []string{"", "{", "[]", "null", `"text"`, `{"post_type":7}`, `{"status":"ok","retcode":0,"data":{"part":1},"stream":"stream-action"}`,
				`{"time":1,"self_id":10001,"post_type":"message","message_type":"group","message":7}`, `{"post_type":"new","x":[1]}`} {
				g.tellAll(s)
			}
			g.tellAll(g.said(1, "hello"))
			g.run(time.Second)
			g.want("heard", g.got, "group 900 20002 hello")
			g.want("changes", g.changes, "connecting", "online")
		})
	}
}

// A client may be stopped by what it calls, and started again.
func TestStopWithin(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.client.o.OnMessage = func(e Event) {
				g.got = append(g.got, e.Message.Text())
				g.client.Stop()
			}
			g.start()
			g.tellAll(g.said(1, "one"))
			g.run(time.Second)
			g.tellAll(g.said(2, "two"))
			g.run(time.Second)
			g.want("heard", g.got, "one")
			if len(g.ends) != 1 || g.ends[0] != nil {
				t.Errorf("it ended with %v; want once, nil", g.ends)
			}
			var err error
			g.client.Call("get_status", nil, func(_ json.RawMessage, e error) { err = e })
			g.run(time.Second)
			if !errors.Is(err, ErrStopped) {
				t.Errorf("an action of a client that was stopped: %v", err)
			}
			g.client.o.OnMessage = nil
			g.start()
			if g.client.State() != Online {
				t.Errorf("started again, the state is %v", g.client.State())
			}
		})
	}
}

func TestStreamClosed(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			g.stream.Close()
			g.run(time.Minute)
			if len(g.ends) != 1 || !errors.Is(g.ends[0], sched.ErrClosed) {
				t.Errorf("it ended with %v; want once, ErrClosed", g.ends)
			}
		})
	}
}
