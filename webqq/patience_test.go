package webqq

import (
	"fmt"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// The gateway's 504 at the end of a long poll is no news: an hour of them is no
// reason to log in again.
func TestQuiet504(t *testing.T) {
	scene := emulator.DefaultScene()
	scene.Behaviour.Quiet = "504"
	g := newStage(t, scene, nil)
	g.start()
	logins := g.requests["/channel/login2"]
	g.run(time.Hour)
	if n := g.requests["/channel/login2"] - logins; n != 0 {
		t.Errorf("got %d logins in a quiet hour; want none", n)
	}
	g.command("say friend 20002 still there?")
	g.run(time.Second)
	if len(g.seen) != 1 {
		t.Errorf("got %d messages; want 1", len(g.seen))
	}
}

// A message waits for a connection as long as that takes.
func TestSendWaitsForNetwork(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	g.server.Close()
	g.server.Cut(sim.Reset)
	g.run(time.Second)
	got := fmt.Errorf("no answer")
	g.client.SendFriend(g.client.Friends()[0].ID, "hello", func(err error) { got = err })
	g.run(30 * time.Minute)
	if got == nil || got.Error() != "no answer" {
		t.Fatalf("got %v in the outage; want the message to wait", got)
	}
	g.server = g.world.Listen(g.server.Addr(), sim.HTTP(g.serve))
	g.run(10 * time.Minute)
	if n := len(g.sends()); got != nil || n != 1 {
		t.Errorf("got %v, and %d sends; want nil and one", got, n)
	}
}

// A chat that a stored message names is found again by a process that logs in
// anew, though the service has drawn new numbers: its name is in the session.
func TestChatsOutliveTheProcess(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	var chats []Chat
	for _, f := range g.client.Friends() {
		chats = append(chats, FriendChat(f.ID))
	}
	for _, group := range g.client.Groups() {
		chats = append(chats, GroupChat(group.ID))
	}
	g.client.Stop()
	g.run(time.Second)
	session := g.session
	g.newStream()
	g.client = g.newClient(func(o *Options) { o.Session = session })
	g.command("expire") // so that the new login draws new numbers
	g.start()
	for i, chat := range chats {
		var got error = fmt.Errorf("no answer")
		g.client.Send(chat, TextContent(fmt.Sprint("hello ", i)), func(err error) { got = err })
		g.run(5 * time.Second)
		if got != nil {
			t.Errorf("%v: %v", chat, got)
		}
	}
	if n := len(g.sends()); n != len(chats) || n == 0 {
		t.Errorf("the service took %d messages; want %d", n, len(chats))
	}
}

// A list that the service would not give is asked for again within a minute,
// and a message to a chat of an earlier session waits for it.
func TestSendWaitsForList(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	chat := FriendChat(g.client.Friends()[0].ID)
	g.command("expire")
	g.command("fail /api/get_user_friends2 100000 2")
	g.command("say friend 20002 wake")
	g.run(20 * time.Second)
	got := fmt.Errorf("no answer")
	g.client.Send(chat, TextContent("hello"), func(err error) { got = err })
	g.run(3 * time.Minute)
	if got != nil {
		t.Errorf("got %v; want the message sent", got)
	}
}
