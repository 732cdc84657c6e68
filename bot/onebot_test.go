package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

var onebotAddr = netip.MustParseAddrPort("10.0.0.1:3000")

func TestOneBotChatsGoThereAndBack(t *testing.T) {
	for _, chat := range []onebot.Chat{
		onebot.Private(20002),
		onebot.Group(900),
		{User: 20002, Group: 900, Temporary: true},
	} {
		if got := onebotChat(chatOfOneBot(chat)); got != chat {
			t.Errorf("%v: got %v back (by way of %v)", chat, got, chatOfOneBot(chat))
		}
	}
}

// onebotAccount returns the account of a client that knows it is 10001, "bot".
func onebotAccount(t *testing.T) *OneBot {
	t.Helper()
	w := sim.New(sim.Options{})
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	s := sched.New(l, sched.Options{Kernel: w.Kernel()})
	c, err := onebot.New(s, onebot.Options{URL: "http://10.0.0.1:3000"})
	if err != nil {
		t.Fatal(err)
	}
	w.Listen(onebotAddr, sim.HTTP(func(x *sim.Exchange) {
		data := `null`
		if x.Request.URL.Path == "/get_login_info" {
			data = `{"user_id":10001,"nickname":"bot"}`
		}
		x.Reply(200, nil, []byte(`{"status":"ok","retcode":0,"data":`+data+`}`))
	}))
	c.Start(func(error) {})
	l.CallLater(time.Second, func() { c.Stop(); l.CallLater(time.Second, l.Stop) })
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	l.Close()
	return NewOneBot(c, "")
}

func TestOneBotMessage(t *testing.T) {
	a := onebotAccount(t)
	if a.ID() != "10001" || a.Nick() != "bot" {
		t.Fatalf("the account is %q, %q", a.ID(), a.Nick())
	}
	at := Segment{Type: "at", Data: map[string]string{"qq": "10001"}}
	for _, test := range []struct {
		name, event string
		want        Message
	}{
		{"private", `{"message_type":"private","sub_type":"friend","message_id":7,"user_id":20002,"message":"@bot ping","sender":{"nickname":"al"}}`,
			Message{ID: "7.1760000001", Chat: Chat{Friend, "20002"}, Sender: Person{ID: "20002", Name: "al"},
				Content: Text("@bot ping"), Text: "@bot ping"}},
		{"temporary", `{"message_type":"private","sub_type":"group","message_id":7,"user_id":20002,"group_id":900,"message":"ping"}`,
			Message{ID: "7.1760000001", Chat: Chat{Session, "20002.900"}, Sender: Person{ID: "20002"}, Content: Text("ping"), Text: "ping"}},
		{"group, at", `{"message_type":"group","message_id":-1412,"group_id":900,"user_id":20002,"message":[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" /ping"}}],"sender":{"nickname":"al","card":"Al","role":"admin"}}`,
			Message{ID: "-1412.1760000001", Chat: Chat{Group, "900"}, Sender: Person{ID: "20002", Name: "Al", Role: Admin},
				Content: append(Content{at}, Text(" /ping")...), Text: "/ping", Mentioned: true}},
		{"group, by name", `{"message_type":"group","message_id":1,"group_id":900,"user_id":20002,"message":"@bot ping"}`,
			Message{ID: "1.1760000001", Chat: Chat{Group, "900"}, Sender: Person{ID: "20002"}, Content: Text("@bot ping"), Text: "ping", Mentioned: true}},
		{"group, at another", `{"message_type":"group","message_id":1,"group_id":900,"user_id":20002,"message":"[CQ:at,qq=5]ping"}`,
			Message{ID: "1.1760000001", Chat: Chat{Group, "900"}, Sender: Person{ID: "20002"},
				Content: append(Content{{Type: "at", Data: map[string]string{"qq": "5"}}}, Text("ping")...), Text: "ping"}},
	} {
		var head, e map[string]any
		json.Unmarshal([]byte(`{"time":1760000001,"self_id":10001,"post_type":"message"}`), &head)
		if err := json.Unmarshal([]byte(test.event), &e); err != nil {
			t.Fatal(err)
		}
		for k, v := range head {
			e[k] = v
		}
		raw, _ := json.Marshal(e)
		event, err := onebot.ParseEvent(raw)
		if err != nil {
			t.Fatal(err)
		}
		test.want.Time = time.Unix(1760000001, 0)
		if got := a.Message(event); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v; want %+v", test.name, got, test.want)
		}
	}
}

func TestOneBotEvent(t *testing.T) {
	a := NewOneBot(nil, "bot")
	for _, test := range []struct {
		event string
		want  Event
	}{
		{`{"time":5,"post_type":"notice","notice_type":"group_increase","sub_type":"approve","group_id":900,"user_id":7}`,
			Event{Type: "group_increase", Chat: Chat{Group, "900"}, Sender: Person{ID: "7"}, Text: "approve", Time: time.Unix(5, 0)}},
		{`{"time":5,"post_type":"notice","notice_type":"notify","sub_type":"poke","group_id":900,"user_id":7,"target_id":8}`,
			Event{Type: "poke", Chat: Chat{Group, "900"}, Sender: Person{ID: "7"}, Time: time.Unix(5, 0)}},
		{`{"time":5,"post_type":"request","request_type":"friend","user_id":7,"comment":"hello","flag":"f"}`,
			Event{Type: "friend", Chat: Chat{Friend, "7"}, Sender: Person{ID: "7"}, Text: "hello", Time: time.Unix(5, 0)}},
		{`{"time":5,"post_type":"notice","notice_type":"client_status"}`,
			Event{Type: "client_status", Time: time.Unix(5, 0)}},
	} {
		e, err := onebot.ParseEvent([]byte(test.event))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Event(e); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v; want %+v", test.event, got, test.want)
		}
	}
}

func TestOneBotChange(t *testing.T) {
	now := time.Unix(5, 0)
	lost := errors.New("lost")
	for _, test := range []struct {
		change onebot.Change
		want   EventType // "": none
	}{
		{onebot.Change{State: onebot.Connecting}, ""},
		{onebot.Change{State: onebot.Online}, Online},
		{onebot.Change{State: onebot.Waiting, Err: lost}, Offline},
		{onebot.Change{State: onebot.AccountOffline, Err: &onebot.OfflineError{}}, Offline},
		{onebot.Change{State: onebot.AccountOffline, Err: &onebot.OfflineError{Kicked: true}}, Kicked},
		{onebot.Change{State: onebot.Stopped}, ""},
		{onebot.Change{State: onebot.Stopped, Err: lost}, Ended},
	} {
		got, ok := NewOneBot(nil, "bot").Change(test.change, now)
		if ok != (test.want != "") || got.Type != test.want || ok && !got.Time.Equal(now) {
			t.Errorf("%v: got %+v, %t; want %q", test.change, got, ok, test.want)
		}
	}
}

// An outage is told once, however often the client tries.
func TestOneBotChangesAreNews(t *testing.T) {
	a := NewOneBot(nil, "bot")
	online := onebot.Change{State: onebot.Online}
	waiting := onebot.Change{State: onebot.Waiting, Err: errors.New("refused")}
	kicked := onebot.Change{State: onebot.AccountOffline, Err: &onebot.OfflineError{Kicked: true}}
	var got []EventType
	for _, ch := range []onebot.Change{waiting, waiting, online, waiting, {State: onebot.Connecting}, waiting, waiting, online, kicked, waiting, kicked, online, online} {
		if e, ok := a.Change(ch, time.Unix(5, 0)); ok {
			got = append(got, e.Type)
		}
	}
	if want := []EventType{Offline, Online, Offline, Online, Kicked, Online}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

func TestOneBotErrors(t *testing.T) {
	refusal := &onebot.ActionError{Action: "send_group_msg", Retcode: 1200, Message: "muted"}
	both := fmt.Errorf("%w: %w", onebot.ErrOutcomeUnknown, onebot.ErrNotConnected)
	for _, test := range []struct {
		err              error
		offline, unknown bool
	}{
		{nil, false, false},
		{&onebot.SendError{Err: refusal}, false, false},
		{&onebot.SendError{Err: onebot.ErrNotConnected}, true, false},
		{&onebot.SendError{Err: &onebot.OfflineError{Kicked: true}}, true, false},
		{&onebot.SendError{Err: onebot.ErrStopped}, true, false},
		{&onebot.SendError{Err: onebot.ErrQueueFull}, true, false},
		{&onebot.SendError{Err: both}, false, true},
	} {
		got := onebotError(test.err)
		if errors.Is(got, ErrOffline) != test.offline || errors.Is(got, ErrOutcomeUnknown) != test.unknown || (got == nil) != (test.err == nil) {
			t.Errorf("%v: got %v", test.err, got)
		}
	}
}
