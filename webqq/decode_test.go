package webqq

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// summary shows a poll in a few words.
func summary(p polled, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	s := []string{fmt.Sprint(p.code)}
	if p.cookie != "" {
		s = append(s, "cookie "+p.cookie)
	}
	for _, k := range p.packets {
		if m := k.message; m != nil {
			s = append(s, fmt.Sprintf("%v from %d id %d/%d at %d: %s", m.Chat, m.Sender, m.ID, m.ID2, m.Time.Unix(), m.Text()))
			continue
		}
		s = append(s, fmt.Sprintf("%s from %d group %d %s%s", k.event.Type, k.event.From, k.event.Group, k.event.Status, k.event.Reason))
	}
	return strings.Join(s, "; ")
}

func TestDecodePoll(t *testing.T) {
	packet := func(kind, value string) string {
		return `{"result":[{"poll_type":"` + kind + `","value":{` + value + `}}],"retcode":0}`
	}
	for _, tt := range []struct{ name, in, want string }{
		{"empty body", " \r\n", "0"},
		{"classic no news", `{"retcode":102,"errmsg":""}`, "102"},
		{"SmartQQ no news", `{"errmsg":"error","retcode":0}`, "0"},
		{"ok is no news", `{"retcode":0,"result":"ok"}`, "0"},
		{"an empty result", `{"retcode":0,"result":[]}`, "0"},
		{"new ptwebqq", `{"retcode":116,"p":"abc"}`, "116; cookie abc"},
		{"relink", `{"retcode":121,"t":"0"}`, "121"},
		{"classic friend", packet("message", `"msg_id":1,"from_uin":3001,"to_uin":9,"msg_id2":2,"msg_type":9,"reply_ip":7,"time":1366678800,"content":[["font",{}],"hi "]`),
			"0; friend 3001 from 3001 id 1/2 at 1366678800: hi"},
		{"SmartQQ group", packet("group_message", `"content":[["font",{}],"hi "],"from_uin":4001,"group_code":4001,"msg_id":1,"msg_type":4,"send_uin":3002,"time":5,"to_uin":9`),
			"0; group 4001 from 3002 id 1/0 at 5: hi"},
		{"classic discussion", packet("discu_message", `"did":6001,"from_uin":10000,"send_uin":3002,"content":["hi "],"msg_id":"1","time":"5"`),
			"0; discuss 6001 from 3002 id 1/0 at 5: hi"},
		{"sess by group", packet("sess_message", `"from_uin":3009,"id":4001,"ruin":30009,"service_type":0,"content":["hi "],"msg_id":1,"time":5`),
			"0; sess 3009 of group 4001 from 3009 id 1/0 at 5: hi"},
		{"sess by discussion", packet("sess_message", `"from_uin":3009,"id":6001,"service_type":1,"content":["hi "],"msg_id":1,"time":5`),
			"0; sess 3009 of discuss 6001 from 3009 id 1/0 at 5: hi"},
		{"kick", packet("kick_message", `"way":"poll","show_reason":1,"reason":"您的帐号在另一地点登录"`), "0; kick_message from 0 group 0 您的帐号在另一地点登录"},
		{"status", packet("buddies_status_change", `"uin":3001,"status":"away","client_type":1`), "0; buddies_status_change from 3001 group 0 away"},
		{"system", packet("system_message", `"type":"verify_required","from_uin":3005,"msg":"let me in"`), "0; system_message from 3005 group 0 let me in"},
		{"group event", packet("sys_g_msg", `"from_uin":4001,"type":"group_leave"`), "0; sys_g_msg from 0 group 4001 "},
		{"unknown", packet("tips", `"x":1`), "0; tips from 0 group 0 "},
		{"a message without content", packet("message", `"from_uin":3001`), "0; message from 3001 group 0 "},
		{"newest first comes back oldest first", `{"result":[` +
			`{"poll_type":"message","value":{"from_uin":1,"time":9,"content":["c"]}},` +
			`{"poll_type":"message","value":{"from_uin":1,"time":7,"content":["b"]}},` +
			`{"poll_type":"message","value":{"from_uin":1,"time":7,"content":["a"]}}],"retcode":0}`,
			"0; friend 1 from 1 id 0/0 at 7: a; friend 1 from 1 id 0/0 at 7: b; friend 1 from 1 id 0/0 at 9: c"},
		{"a gateway's page", "<html>", `error: webqq: the reply is no JSON object: "<html>"`},
		{"half", `{"retcode":0,"res`, `error: webqq: the reply is no JSON object: "{\"retcode\":0,\"res"`},
		{"no retcode", `{}`, `error: webqq: the reply has no retcode: "{}"`},
		{"packets of another shape", `{"retcode":0,"result":[1]}`, `error: webqq: the packets have another shape: "[1]"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := summary(decodePoll([]byte(tt.in))); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func FuzzDecodePoll(f *testing.F) {
	f.Add([]byte(`{"result":[{"poll_type":"group_message","value":{"content":[["font",{}],"x ",["face",1]],"from_uin":1,"send_uin":2,"time":3}}],"retcode":0}`))
	f.Add([]byte(`{"retcode":116,"p":"x"}`))
	f.Add([]byte(`{"retcode":0,"result":"ok"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodePoll(body)
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Fatalf("got a %T; want a *FormatError", err)
			}
		}
		for _, k := range p.packets {
			if (k.message == nil) == (k.event == nil) {
				t.Fatal("a packet is one thing and one only")
			}
			if k.message != nil {
				_ = k.message.Chat.String() + k.message.Text()
			}
		}
		decodeFriends(body)
		decodeGroupInfo(body)
		decodeDiscussInfo(body)
		decodeOnline(body)
	})
}

func TestDecodeContacts(t *testing.T) {
	friends, _, err := decodeFriends([]byte(`{"retcode":0,"result":{"friends":[{"flag":4,"uin":3001,"categories":1},{"uin":"3002","categories":0}],
		"marknames":[{"uin":3001,"markname":"备注"},{"uin":9,"markname":"nobody"}],"categories":[{"index":1,"name":"同学"}],
		"info":[{"nick":"a&lt;b&nbsp;c&#92;","uin":3001},{"nick":"小红","uin":3002}]}}`))
	wantFriends := []Friend{{ID: 3001, Nick: `a<b c\`, Mark: "备注", Category: "同学"}, {ID: 3002, Nick: "小红", Category: "我的好友"}}
	if err != nil || !reflect.DeepEqual(friends, wantFriends) {
		t.Errorf("friends: got %+v, %v; want %+v", friends, err, wantFriends)
	}
	groups, _, err := decodeGroups([]byte(`{"retcode":0,"result":{"gmasklist":[],"gnamelist":[{"flag":1,"name":"测试群","gid":4001,"code":5001}],"gmarklist":[{"uin":4001,"markname":"群备注"}]}}`))
	wantGroups := []Group{{ID: 4001, Code: 5001, Name: "测试群", Mark: "群备注"}}
	if err != nil || !reflect.DeepEqual(groups, wantGroups) {
		t.Errorf("groups: got %+v, %v; want %+v", groups, err, wantGroups)
	}
	members, _, err := decodeGroupInfo([]byte(`{"retcode":0,"result":{"minfo":[{"nick":"小明","uin":3001},{"nick":"x","uin":3002}],
		"ginfo":{"owner":3001,"members":[{"muin":3001,"mflag":0},{"muin":3002,"mflag":1}]},"cards":[{"muin":3001,"card":"名片"}]}}`))
	wantMembers := []Member{{ID: 3001, Nick: "小明", Card: "名片", Owner: true}, {ID: 3002, Nick: "x", Admin: true}}
	if err != nil || !reflect.DeepEqual(members, wantMembers) {
		t.Errorf("members: got %+v, %v; want %+v", members, err, wantMembers)
	}
	members, _, err = decodeDiscussInfo([]byte(`{"result":{"info":{"did":6001,"discu_owner":3001,"mem_list":[{"mem_uin":3001,"ruin":87654321}]},"mem_info":[{"nick":"小明","uin":3001}]},"retcode":0}`))
	wantMembers = []Member{{ID: 3001, QQ: 87654321, Nick: "小明", Owner: true}}
	if err != nil || !reflect.DeepEqual(members, wantMembers) {
		t.Errorf("discussion: got %+v, %v; want %+v", members, err, wantMembers)
	}
	for _, bad := range []string{"", "[]", `{"retcode":0}`, `{"retcode":0,"result":[]}`, `{"retcode":0,"result":"ok"}`} {
		if _, _, err := decodeFriends([]byte(bad)); err == nil {
			t.Errorf("decodeFriends(%q): got no error", bad)
		}
	}
}

func TestDedupe(t *testing.T) {
	at := time.Unix(1366678800, 0)
	m := func(id uint64, sender UserID, text string) Message {
		return Message{Chat: GroupChat(1), Sender: sender, ID: id, Time: at, Content: TextContent(text)}
	}
	var d dedupe
	for i, tt := range []struct {
		m       Message
		session int
		want    bool
	}{
		{m(1, 3001, "a"), 1, false},
		{m(1, 3001, "a"), 1, true},
		{m(1, 3002, "a"), 1, false}, // another person in the same second
		{m(1, 3001, "a"), 1, true},
		{m(1, 3002, "a"), 1, true},
		{m(1, 3001, "b"), 1, false},
		{m(2, 3001, "a"), 1, false},
		{m(1, 9999, "a"), 2, true}, // the same after a login
	} {
		if got := d.repeated(tt.m, tt.session); got != tt.want {
			t.Errorf("message %d: got %v; want %v", i, got, tt.want)
		}
	}
	for id := range uint64(3 * dedupeSize) {
		d.repeated(m(id+10, 1, "x"), 3)
	}
	if len(d.ring) != dedupeSize {
		t.Errorf("got %d remembered; want %d", len(d.ring), dedupeSize)
	}
	if last := uint64(3*dedupeSize + 9); !d.repeated(m(last, 1, "x"), 3) || d.repeated(m(last-dedupeSize, 1, "x"), 3) {
		t.Error("the latest is forgotten, or the oldest is not")
	}
}

func TestEchoes(t *testing.T) {
	now := time.Unix(1366678800, 0)
	in := func(chat Chat, sender UserID, text string) Message {
		return Message{Chat: chat, Sender: sender, Content: TextContent(text)}
	}
	var e echoes
	e.remember(GroupChat(1), "pong", now)
	for _, tt := range []struct {
		name  string
		m     Message
		known bool
		want  bool
	}{
		{"own number", in(FriendChat(10001), 10001, "x"), false, true},
		{"number 0", in(GroupChat(1), 0, "x"), false, true},
		{"a member says the same", in(GroupChat(1), 3001, "pong"), true, false},
		{"the same in another group", in(GroupChat(2), 3009, "pong"), false, false},
		{"nobody says the same", in(GroupChat(1), 3009, "pong"), false, true},
		{"the same nobody, later", in(GroupChat(2), 3009, "whatever"), false, true},
		{"another nobody", in(GroupChat(1), 3010, "pong"), false, false},
	} {
		if got := e.own(tt.m, 10001, tt.known, now.Add(time.Second)); got != tt.want {
			t.Errorf("%s: got %v; want %v", tt.name, got, tt.want)
		}
	}
	e.remember(GroupChat(1), "old", now)
	if e.own(in(GroupChat(1), 3011, "old"), 10001, false, now.Add(time.Hour)) {
		t.Error("an hour later the same words are somebody else's")
	}
	for i := range 100 {
		e.remember(GroupChat(1), fmt.Sprint(i), now)
	}
	if len(e.sent) != echoMemory {
		t.Errorf("got %d remembered; want %d", len(e.sent), echoMemory)
	}
}

func BenchmarkDecodePoll(b *testing.B) {
	body := []byte(`{"result":[{"poll_type":"group_message","value":{"content":[["font",{"size":10,"color":"000000","style":[0,0,0],"name":"宋体"}],"hello ",["face",14],"world "],"from_uin":2908652142,"group_code":2908652142,"msg_id":15436,"msg_type":4,"send_uin":2268220519,"time":1366678808,"to_uin":10001}}],"retcode":0}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if p, err := decodePoll(body); err != nil || len(p.packets) != 1 {
			b.Fatal(p, err)
		}
	}
}
