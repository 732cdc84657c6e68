package bot

import (
	"reflect"
	"testing"
	"time"

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
