package bot

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

func TestWebQQChatsGoThereAndBack(t *testing.T) {
	for _, chat := range []webqq.Chat{
		webqq.FriendChat(20002),
		webqq.GroupChat(4001),
		webqq.DiscussChat(1<<63 + 7), // all 64 bits
		{Kind: webqq.KindSess, User: 5, Group: 6},
		{Kind: webqq.KindSess, User: 5, Discuss: 7},
	} {
		if got := webqqChat(chatOf(chat)); got != chat {
			t.Errorf("%v: got %v back (by way of %v)", chat, got, chatOf(chat))
		}
	}
}

func TestWebQQMessage(t *testing.T) {
	a := &WebQQ{nick: "bot"}
	at := time.Unix(1366678800, 0)
	for _, test := range []struct {
		name string
		chat webqq.Chat
		text string
		want Message
	}{
		{"private", webqq.FriendChat(5), "@bot ping",
			Message{ID: "1.2.1366678800", Chat: Chat{Friend, "5"}, Sender: Person{ID: "5"}, Content: Text("@bot ping"), Text: "@bot ping", Time: at}},
		{"group, mentioned", webqq.GroupChat(9), "@bot ping",
			Message{ID: "1.2.1366678800", Chat: Chat{Group, "9"}, Sender: Person{ID: "5"}, Content: Text("@bot ping"), Text: "ping", Mentioned: true, Time: at}},
		{"group", webqq.GroupChat(9), "ping",
			Message{ID: "1.2.1366678800", Chat: Chat{Group, "9"}, Sender: Person{ID: "5"}, Content: Text("ping"), Text: "ping", Time: at}},
	} {
		got := a.Message(webqq.Message{Chat: test.chat, Sender: 5, ID: 1, ID2: 2, Time: at, Content: webqq.TextContent(test.text)})
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v; want %+v", test.name, got, test.want)
		}
	}
}

func TestWebQQErrors(t *testing.T) {
	for _, test := range []struct {
		name             string
		err              error
		offline, unknown bool
	}{
		{"accepted", nil, false, false},
		{"refused", &webqq.APIError{Call: "send", Code: 1202}, false, false},
		{"no such chat", webqq.ErrUnknownChat, false, false},
		{"not started", webqq.ErrNotLoggedIn, true, false},
		{"stopped", webqq.ErrStopped, true, false},
		{"kicked", webqq.ErrKicked, true, false},
		{"never written", &sched.Error{Sent: false}, true, false},
		{"a gateway's answer", &webqq.StatusError{Call: "send", Status: 404}, false, false},
		{"written, no answer", errors.Join(webqq.ErrOutcomeUnknown, &sched.Error{Sent: true}), false, true},
		{"written, then stopped", errors.Join(webqq.ErrOutcomeUnknown, webqq.ErrStopped), false, true},
	} {
		err := test.err
		if err != nil {
			err = &webqq.SendError{Pieces: 1, Err: err}
		}
		got := webqqError(err)
		if errors.Is(got, ErrOffline) != test.offline || errors.Is(got, ErrOutcomeUnknown) != test.unknown || (got == nil) != (err == nil) {
			t.Errorf("%s: got %v; want offline %v, unknown %v", test.name, got, test.offline, test.unknown)
		}
	}
	half := &webqq.SendError{Pieces: 2, Accepted: 1, Err: webqq.ErrStopped}
	if got := webqqError(half); errors.Is(got, ErrOffline) {
		t.Errorf("half of it went out: got %v; want an error that does not invite to send it again", got)
	}
}

func TestWebQQChange(t *testing.T) {
	a, now, lost := &WebQQ{}, time.Unix(5, 0), errors.New("lost")
	for _, test := range []struct {
		change webqq.Change
		want   EventType // "": none
	}{
		{webqq.Change{State: webqq.LoggingIn}, ""},
		{webqq.Change{State: webqq.Online}, Online},
		{webqq.Change{State: webqq.Waiting, Err: lost}, Offline},
		{webqq.Change{State: webqq.LoggingIn, Err: webqq.ErrKicked}, Kicked},
		{webqq.Change{State: webqq.Offline}, ""},
		{webqq.Change{State: webqq.Offline, Err: lost}, Ended},
	} {
		got, ok := a.Change(test.change, now)
		if ok != (test.want != "") || got.Type != test.want || ok && !got.Time.Equal(now) {
			t.Errorf("%v: got %+v, %t; want %q", test.change, got, ok, test.want)
		}
	}
}
