package onebot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
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

// A WebSocket without heartbeats that answers pings is quiet, and not dead.
func TestPing(t *testing.T) {
	g := newStage(t, forward)
	g.start()
	g.run(time.Hour)
	g.want("changes", g.changes, "connecting", "online")
	if n := g.sockets[0].pings; n < 100 || n > 121 {
		t.Errorf("%d pings in an hour; want one each half minute", n)
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

// Of a send that is refused it is asked how the account is: with one that was put
// out the message is not refused, but too early.
func TestRefusedSends(t *testing.T) {
	const refusal = "onebot: send to group 900: send_group_msg: retcode 1200: EventChecker Failed"
	for _, test := range []struct{ online, err, changes string }{
		{"true", refusal, "connecting online"},
		{"false", "onebot: send to group 900: the account is offline", "connecting online account offline: the account is offline"},
	} {
		g := newStage(t, llbot)
		g.start()
		g.actions["send_group_msg"] = func(map[string]any) string {
			return `{"status":"failed","retcode":1200,"data":null,"message":"EventChecker Failed","wording":"EventChecker Failed"}`
		}
		g.actions["get_status"] = func(map[string]any) string { return ok(`{"online":` + test.online + `,"good":true}`) }
		var got []string
		for range 3 {
			g.client.Send(Group(900), Text("x"), func(_ ID, err error) {
				got = append(got, err.Error())
				if offline := errors.Is(err, ErrOffline); offline != (test.online == "false") {
					t.Errorf("%v wraps ErrOffline: %t", err, offline)
				}
			})
		}
		g.run(time.Second)
		g.want("outcomes", got, test.err, test.err, test.err)
		g.want("changes", []string{strings.Join(g.changes, " ")}, test.changes)
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

// A message is sent once, whatever becomes of the answer; and what is known
// of it is told.
func TestSendOutcomes(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*stage, *Options)
		reply   string // of the action; "": none ever
		unknown bool
		want    string
	}{
		{"done", llbot, ok(`{"message_id":7}`), false, ""},
		{"async", llbot, `{"status":"async","retcode":1,"data":null}`, false, ""},
		{"id as a string", llbot, ok(`{"message_id":"7"}`), false, ""},
		{"refused, NapCat", napcat, `{"status":"failed","retcode":200,"data":null,"message":"you are muted","wording":"you are muted"}`, false, "onebot: send to group 900: send_group_msg: retcode 200: you are muted"},
		{"refused, go-cqhttp", llbot, `{"status":"failed","retcode":100,"data":null,"msg":"SEND_MSG_API_ERROR","wording":"muted"}`, false, "onebot: send to group 900: send_group_msg: retcode 100: SEND_MSG_API_ERROR: muted"},
		{"refused without a word", llbot, `{"status":"failed","retcode":1400}`, false, "onebot: send to group 900: send_group_msg: retcode 1400: bad parameters"},
		{"NapCat's timeout", napcat, `{"status":"failed","retcode":200,"data":null,"message":"Error: Timeout: NTEvent","wording":""}`, true, "onebot: send to group 900: the message may have been sent: send_group_msg: retcode 200: Error: Timeout: NTEvent"},
		{"no answer", llbot, "", true, "onebot: send to group 900: the message may have been sent: send_group_msg: POST http://10.0.0.1:3000/send_group_msg: "},
		{"no answer over a WebSocket", forward, "", true, "onebot: send to group 900: the message may have been sent: send_group_msg: no answer came in time"},
		{"no JSON", llbot, "<html>", true, "onebot: send to group 900: the message may have been sent: the reply of send_group_msg: "},
		{"no such action", llbot, "404", false, "onebot: send to group 900: send_group_msg: HTTP 404: the server has no such action; is this the OneBot address?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, test.change)
			g.start()
			g.actions["send_group_msg"] = func(map[string]any) string { return test.reply }
			var errs []error
			g.client.Send(Group(900), Text("x"), func(_ ID, err error) { errs = append(errs, err) })
			if len(errs) != 0 {
				t.Error("done was called before Send had returned")
			}
			g.run(3 * time.Minute)
			if n := g.count("send_group_msg"); n != 1 {
				t.Errorf("it was sent %d times", n)
			}
			switch {
			case len(errs) != 1:
				t.Errorf("done was called %d times", len(errs))
			case test.want == "" && errs[0] != nil, test.want != "" && (errs[0] == nil || !strings.HasPrefix(errs[0].Error(), test.want)):
				t.Errorf("got %v; want %s", errs[0], test.want)
			case errors.Is(errs[0], ErrOutcomeUnknown) != test.unknown:
				t.Errorf("outcome unknown is %t; want %t", !test.unknown, test.unknown)
			}
		})
	}
}

// The connection ends between a message and its answer.
func TestSendCut(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			g.start()
			g.actions["send_private_msg"] = func(map[string]any) string {
				g.world.After(0, func() { g.server.Cut(sim.Reset); g.streams, g.sockets = nil, nil })
				return ""
			}
			var errs []error
			note := func(_ ID, err error) { errs = append(errs, err) }
			g.client.Send(Private(20002), Text("one"), note)
			g.client.Send(Private(20002), Text("two"), note)
			g.run(100 * time.Millisecond)
			if len(errs) == 0 || !errors.Is(errs[0], ErrOutcomeUnknown) {
				t.Errorf("got %v; want ErrOutcomeUnknown for the first", errs)
			}
			if name == "ws" && (len(errs) != 2 || !errors.Is(errs[1], ErrNotConnected) && !errors.Is(errs[0], ErrNotConnected)) {
				t.Errorf("got %v; want ErrNotConnected for the other", errs)
			}
			g.run(time.Minute)
			if len(errs) != 2 {
				t.Errorf("done was called %d times", len(errs))
			}
		})
	}
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

// The server says goodbye, or breaks the protocol; the client answers with
// the code that says so.
func TestSocketCloses(t *testing.T) {
	for _, test := range []struct {
		name string
		say  func(*peer)
		code websocket.Code
		want string
	}{
		{"going away", func(p *peer) { p.write(p.enc.AppendClose(nil, websocket.GoingAway, "bye")) }, websocket.GoingAway,
			"waiting: the server closed the WebSocket with code 1001: bye"},
		{"reserved bits", func(p *peer) { p.write([]byte{0xf1, 0}) }, websocket.ProtocolError,
			"waiting: websocket: frame with reserved bits 0x70, though no extension was agreed on (close code 1002)"},
		{"no UTF-8", func(p *peer) { p.write([]byte{0x81, 1, 0xff}) }, websocket.InvalidPayload,
			"waiting: websocket: text that is not UTF-8 (close code 1007)"},
		{"too large", func(p *peer) { p.write([]byte{0x81, 127, 0, 0, 0, 0, 0x10, 0, 0, 0}) }, websocket.MessageTooBig,
			"waiting: websocket: message of 268435456 bytes or more; the limit is 67108864 (close code 1009)"},
		{"FIN", func(p *peer) { p.Peer.CloseWrite() }, 0, "waiting: the server closed the connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, forward)
			g.start()
			p := g.sockets[0]
			test.say(p)
			g.run(100 * time.Millisecond)
			if len(g.changes) < 3 || g.changes[2] != test.want {
				t.Errorf("got %q; want %q", g.changes, test.want)
			}
			if (p.close != nil) != (test.code != 0) || p.close != nil && p.close.Code != test.code {
				t.Errorf("the client closed with %+v; want code %d", p.close, test.code)
			}
			g.run(10 * time.Second)
			if g.client.State() != Online {
				t.Errorf("the state is %v; want online again", g.client.State())
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

// A way that is broken in one direction: events go on coming, and what is sent
// does not arrive. An action without an answer, and a ping without one, tell.
func TestDeafSocket(t *testing.T) {
	g := newStage(t, forward)
	g.server.Fault(1, sim.Fault{Up: sim.Cut{By: sim.Silence, At: 1000}})
	g.start()
	g.run(10 * time.Second)
	var errs []error
	for range 20 { // the first of these still get through
		g.client.Send(Chat{User: 20002}, Text("a word"), func(_ ID, err error) { errs = append(errs, err) })
		g.run(20 * time.Second)
		g.tellAll(g.said(1, "hello"))
	}
	g.want("changes", g.changes, "connecting", "online",
		"waiting: neither an action nor a ping was answered: the connection is taken for dead", "connecting", "online")
	unknown := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, ErrOutcomeUnknown):
			unknown++
		case err != nil && !errors.Is(err, ErrNotConnected):
			t.Errorf("got %v; want an unknown outcome, or that there is no connection", err)
		}
	}
	if unknown == 0 || unknown > 3 || errs[len(errs)-1] != nil || len(errs) != 20 {
		t.Errorf("%d sends, %d unknown, the last: %v; want 20, 1 to 3, and that it is sent", len(errs), unknown, errs[len(errs)-1])
	}
}
