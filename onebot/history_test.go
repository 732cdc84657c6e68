package onebot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// What was said while the client was away is given once, oldest first, if the
// server keeps it; own messages and old ones are not, and what comes live
// waits for what is older.
func TestCatchUp(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			var group, friend []string
			g.actions["get_group_msg_history"] = func(p map[string]any) string {
				if fmt.Sprint(p["group_id"]) != "900" {
					t.Errorf("the history of %v was asked for", p["group_id"])
				}
				return ok(`{"messages":[` + strings.Join(group, ",") + `]}`)
			}
			g.actions["get_friend_msg_history"] = func(map[string]any) string {
				return ok(`{"messages":[` + strings.Join(friend, ",") + `]}`)
			}
			group = append(group, g.said(1, "long ago"))
			g.run(time.Hour)
			g.start()
			seen := g.said(2, "seen")
			g.tellAll(seen)
			group = append(group, seen)
			g.run(time.Minute)
			g.server.Cut(sim.Reset)
			g.server.Close()
			g.streams, g.sockets = nil, nil
			g.run(10 * time.Second)
			// The history of LLBot and NapCat: as events, own ones among them.
			group = append(group, g.said(3, "while away"))
			g.run(10 * time.Second)
			friend = append(friend, strings.NewReplacer(`"message_type":"group"`, `"message_type":"private"`, `"group_id":900,`, ``).Replace(g.said(4, "in private")))
			group = append(group, strings.ReplaceAll(g.said(5, "own"), `"user_id":20002`, `"user_id":10001`))
			g.run(10 * time.Second)
			group = append(group, g.said(6, "the last"))
			g.listen()
			g.run(time.Minute)
			g.tellAll(g.said(7, "live"))
			g.run(time.Second)
			g.want("heard", g.got, "group 900 20002 seen", "group 900 20002 while away", "user 20002 20002 in private",
				"group 900 20002 the last", "group 900 20002 live")
		})
	}
}

// Since reaches back before the first connection.
func TestSince(t *testing.T) {
	g := newStage(t, func(g *stage, o *Options) { llbot(g, o); o.Since = time.Unix(1760000000, 0) })
	old := strings.ReplaceAll(g.said(1, "too old"), `"time":1760000000`, `"time":1759999999`)
	missed := g.said(2, "missed")
	g.actions["get_group_msg_history"] = func(map[string]any) string { return ok(`{"messages":[` + old + "," + missed + `]}`) }
	g.run(time.Hour)
	if got := g.client.Heard(); !got.Equal(time.Unix(1760000000, 0)) {
		t.Errorf("before the first event, all is heard until %v", got)
	}
	g.start()
	g.want("heard", g.got, "group 900 20002 missed")
	g.tellAll(g.said(3, "live"))
	g.run(time.Second)
	until := g.world.Wall().Unix() - 1
	g.server.Close()
	g.server.Cut(sim.Reset)
	g.streams = nil
	g.run(time.Hour)
	if got := g.client.Heard().Unix(); got != until {
		t.Errorf("after an hour of nothing, all is heard until %d; want %d", got, until)
	}
}

// A server without a history is asked once in a connection.
func TestNoHistory(t *testing.T) {
	g := newStage(t, func(g *stage, o *Options) { napcat(g, o); o.Since = time.Unix(1760000000, 0) })
	g.actions["get_group_list"] = func(map[string]any) string { return ok(`[{"group_id":900},{"group_id":901}]`) }
	g.start()
	if n := g.count("get_group_msg_history"); n != 1 {
		t.Errorf("the history was asked for %d times; want once", n)
	}
	if !strings.Contains(g.log.String(), "the server keeps no history") {
		t.Error("the log does not say that there is no history")
	}
	g.want("changes", g.changes, "connecting", "online")
}

// The lid is closed for an hour, in which QQ puts the account out and lets it in
// again: no connection breaks, no event tells, and what was said is in the
// history alone.
func TestAsleep(t *testing.T) {
	for name, change := range ways {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, change)
			var group []string
			g.actions["get_group_msg_history"] = func(map[string]any) string {
				return ok(`{"messages":[` + strings.Join(group, ",") + `]}`)
			}
			g.start()
			group = append(group, g.said(1, "before"))
			g.tellAll(group[0])
			g.run(10 * time.Second)
			g.world.Suspend(time.Hour)
			g.world.After(20*time.Minute, func() { group = append(group, g.said(2, "while it was out")) })
			g.world.After(30*time.Minute, func() { // it arrives when the machine wakes, before any timer
				group = append(group, g.said(3, "back"))
				g.tellAll(group[2])
			})
			g.run(2 * time.Minute)
			g.want("heard", g.got, "group 900 20002 before", "group 900 20002 while it was out", "group 900 20002 back")
		})
	}
}

// The head of the event stream comes a minute late, and the stream with it: what
// was said in between is in the history alone.
func TestLateHead(t *testing.T) {
	g := newStage(t, func(g *stage, o *Options) {
		napcat(g, o)
		g.paths["/_events"] = func(x *sim.Exchange) { g.world.After(time.Minute, func() { g.sse(x) }) }
	})
	var group []string
	g.actions["get_group_msg_history"] = func(map[string]any) string {
		return ok(`{"messages":[` + strings.Join(group, ",") + `]}`)
	}
	g.start()
	g.run(30 * time.Second)
	g.want("changes", g.changes, "connecting", "online")
	group = append(group, g.said(1, "to nobody"))
	g.run(time.Minute)
	g.tellAll(g.said(2, "live"))
	g.run(time.Second)
	g.want("heard", g.got, "group 900 20002 to nobody", "group 900 20002 live")
}

// A quiet event stream is opened anew, and the machine falls asleep before that
// is done: the history is looked through once for both.
func TestAsleepWhileRenewing(t *testing.T) {
	g := newStage(t, napcat)
	g.actions["get_group_msg_history"] = func(map[string]any) string { return ok(`{"messages":[]}`) }
	g.start()
	before := g.count("get_group_list")
	g.paths["/_events"] = func(x *sim.Exchange) {
		g.world.Suspend(time.Hour)
		g.world.After(time.Second, func() { g.sse(x) })
	}
	g.run(g.client.o.Renew + 2*time.Minute)
	if n := g.count("get_group_list") - before; n != 1 {
		t.Errorf("the chats were listed %d times; want once", n)
	}
}
