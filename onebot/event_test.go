package onebot

import (
	"errors"
	"testing"
	"time"
)

// What implementations send, and where each goes its own way.
func TestParseEvent(t *testing.T) {
	for _, test := range []struct {
		name, in string
		kind     string
		chat     Chat
		own      bool
		text     string
		who      string
	}{
		{"the standard's example",
			`{"time":1760000001,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","message_id":-1412,"group_id":900,"user_id":20002,"anonymous":null,"message":[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" /ping"}}],"raw_message":"[CQ:at,qq=10001] /ping","font":14,"sender":{"user_id":20002,"nickname":"al","card":"Al","role":"admin","level":"3","title":""}}`,
			"message.group", Group(900), false, " /ping", "Al"},
		{"go-cqhttp: messages as strings",
			`{"time":1,"self_id":10001,"post_type":"message","message_type":"private","sub_type":"friend","message_id":1,"user_id":20002,"message":"a &amp; [CQ:face,id=1]b","sender":{"nickname":"al","sex":"unknown","age":0}}`,
			"message.private", Private(20002), false, "a & b", "al"},
		{"go-cqhttp: the group of a temporary chat is the sender's",
			`{"time":1,"self_id":10001,"post_type":"message","message_type":"private","sub_type":"group","message_id":1,"user_id":20002,"message":"x","temp_source":0,"sender":{"group_id":900,"nickname":"al"}}`,
			"message.private", Chat{User: 20002, Group: 900, Temporary: true}, false, "x", "al"},
		{"NapCat: the group of a temporary chat is the event's",
			`{"time":1,"self_id":10001,"post_type":"message","message_type":"private","sub_type":"group","message_id":1,"user_id":20002,"group_id":900,"message":"x","message_format":"string","message_seq":5,"real_id":6}`,
			"message.private", Chat{User: 20002, Group: 900, Temporary: true}, false, "x", ""},
		{"numbers as strings",
			`{"time":1,"self_id":"10001","post_type":"message","message_type":"group","message_id":"7","group_id":"900","user_id":"20002","message":"x"}`,
			"message.group", Group(900), false, "x", ""},
		{"NapCat: message_sent in private goes to its target",
			`{"time":1,"self_id":10001,"post_type":"message_sent","message_type":"private","message_id":1,"user_id":10001,"target_id":20002,"message":"x"}`,
			"message_sent.private", Private(20002), true, "x", ""},
		{"an own message as a message",
			`{"time":1,"self_id":10001,"post_type":"message","message_type":"group","group_id":900,"message_id":1,"user_id":10001,"message":"x"}`,
			"message.group", Group(900), true, "x", ""},
		{"Lagrange: bot_offline without a user",
			`{"time":1,"self_id":10001,"post_type":"notice","notice_type":"bot_offline","tag":"x","message":"y"}`,
			"notice.bot_offline", Chat{}, false, "y", ""},
		{"go-cqhttp: a heartbeat's status has more",
			`{"time":1,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","status":{"app_enabled":true,"online":true,"stat":{"packet_lost":0}},"interval":5000}`,
			"meta_event.heartbeat", Chat{}, false, "", ""},
		{"a notice of everyone",
			`{"time":1,"self_id":10001,"post_type":"notice","notice_type":"group_ban","sub_type":"ban","group_id":900,"operator_id":5,"user_id":0,"duration":60}`,
			"notice.group_ban", Group(900), false, "", ""},
		{"a flag that is a number, and a title that is none",
			`{"time":1,"self_id":10001,"post_type":"request","request_type":"friend","user_id":7,"flag":123,"comment":["x"],"sender":{"card":5,"nickname":"al"}}`,
			"request.friend", Private(7), false, "", "al"},
		{"a type that nobody knows", `{"time":1,"self_id":10001,"post_type":"something","x":{"y":[1]}}`, "something", Chat{}, false, "", ""},
	} {
		e, err := ParseEvent([]byte(test.in))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		text := e.Message.Text()
		if e.Type() != test.kind || e.Chat() != test.chat || e.Own() != test.own || text != test.text || e.Sender.Name() != test.who || string(e.Raw) != test.in {
			t.Errorf("%s: got %s in %v, own %t, %q of %q", test.name, e.Type(), e.Chat(), e.Own(), text, e.Sender.Name())
		}
	}
	for _, in := range []string{``, `[]`, `7`, `{}`, `{"post_type":""}`, `{"post_type":"message","user_id":"x"}`} {
		var odd *FormatError
		if _, err := ParseEvent([]byte(in)); !errors.As(err, &odd) {
			t.Errorf("%q: got %v; want a FormatError", in, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&ActionError{"get_x", 1404, ""}, "onebot: get_x: retcode 1404: no such action"},
		{&ActionError{"get_x", 1200, "EventChecker Failed"}, "onebot: get_x: retcode 1200: EventChecker Failed"},
		{&ActionError{"get_x", 77, ""}, "onebot: get_x: retcode 77"},
		{&StatusError{"get_x", 426}, "onebot: get_x: HTTP 426: the server speaks only WebSocket here: use a ws:// address"},
		{&StatusError{"get_x", 404}, "onebot: get_x: HTTP 404: the server has no such action; is this the OneBot address?"},
		{&StatusError{"get_x", 502}, "onebot: get_x: HTTP 502"},
		{&SilenceError{75 * time.Second}, "onebot: nothing was heard for 1m15s: the connection is taken for dead"},
		{&OfflineError{true, "logged in elsewhere"}, "onebot: the account was put off line: logged in elsewhere"},
		{&OfflineError{}, "onebot: the account is offline"},
		{&CloseError{1001, ""}, "onebot: the server closed the WebSocket with code 1001"},
		{&SendError{Group(900), ErrNotConnected}, "onebot: send to group 900: there is no connection"},
		{&SendError{Chat{1, 2, true}, ErrOffline}, "onebot: send to user 1 of group 2: the account is offline"},
		{&CallError{"get_x", false, ErrNotConnected}, "onebot: get_x: there is no connection"},
		{badFormat("an event", "it has no post_type", []byte("{}")), `onebot: an event: it has no post_type: "{}"`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q; want %q", got, test.want)
		}
	}
	for err, want := range map[error]bool{
		&ActionError{"x", 1404, ""}:                  true, // over a WebSocket
		&ActionError{"x", 404, ""}:                   true, // LLBot
		&ActionError{"x", 200, "不支持的Api x"}:          true, // NapCat
		&ActionError{"x", 200, "Error: no such msg"}: false,
		&ActionError{"x", 1200, "muted"}:             false,
		&StatusError{"x", 404}:                       true,
		&StatusError{"x", 500}:                       false,
		ErrNotConnected:                              false,
	} {
		if got := Unsupported(err); got != want {
			t.Errorf("%v: unsupported is %t; want %t", err, got, want)
		}
	}
	if !errors.Is(&OfflineError{}, ErrOffline) {
		t.Error("an OfflineError is no ErrOffline")
	}
}

func TestDedupeForgets(t *testing.T) {
	var d dedupe
	for i := range ID(3 * seenMost) {
		if d.repeated(&Event{MessageID: i}) {
			t.Fatalf("message %d is a repetition", i)
		}
	}
	if len(d.ring) != seenMost {
		t.Errorf("%d are remembered; want %d", len(d.ring), seenMost)
	}
	if !d.repeated(&Event{MessageID: 2*seenMost + 1}) || d.repeated(&Event{MessageID: 1}) {
		t.Error("the latest is forgotten, or the first is not")
	}
}

// Whatever a server sends, an event is one or an error, and says where it
// belongs.
func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(ping))
	f.Add([]byte(botOffline))
	f.Add([]byte(`{"time":"1","self_id":"10001","post_type":"message","message_type":"private","sub_type":"group","message":{"type":"text","data":{"text":7}},"sender":{"group_id":"9"}}`))
	f.Add([]byte(`{"post_type":"meta_event","meta_event_type":"heartbeat","interval":1e99,"status":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEvent(b)
		if err != nil {
			var odd *FormatError
			if !errors.As(err, &odd) || len(odd.Bytes) > 80 {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		if e.PostType == "" || string(e.Raw) != string(b) {
			t.Fatalf("%q: a %q of %q", b, e.PostType, e.Raw)
		}
		for _, s := range e.Message {
			if s.Data == nil {
				t.Fatalf("%q: a segment without data", b)
			}
		}
		_, _, _ = e.Type(), e.Own(), e.Chat().String()
		again, err := ParseEvent(b)
		if err != nil || again.Chat() != e.Chat() {
			t.Fatalf("%q: read again, it is of %v, %v", b, again.Chat(), err)
		}
	})
}
