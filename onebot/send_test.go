package onebot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

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
