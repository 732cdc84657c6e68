package emulator

import (
	"encoding/json"
	"testing"
)

func TestEvents(t *testing.T) {
	for _, tt := range []struct {
		event Event
		want  string
	}{
		{New(DefaultScene(), Options{}).Ready("127.0.0.1:80", "127.0.0.1:443"), `{"event":"ready","http":"127.0.0.1:80","https":"127.0.0.1:443","account":10001,"friends":[{"uin":20002,"nick":"friend"},{"uin":20003,"nick":"小明"}],"groups":[{"gid":900,"name":"测试群","members":[10001,20002,20003]}]}`},
		{Ready{HTTP: "[::1]:80", Account: 1}, `{"event":"ready","http":"[::1]:80","https":null,"account":1,"friends":[],"groups":[]}`},
		{Login{10001, SmartQQ}, `{"event":"login","uin":10001,"era":"smartqq"}`},
		{Login{10001, WebQQ}, `{"event":"login","uin":10001,"era":"webqq"}`},
		{Send{ToSess, 30005, "a\"b\\c\nd\r\t\x01<&>\u2028\U0001F600\xff"}, `{"event":"send","kind":"sess","to":30005,"text":"a\"b\\c\nd\r\t\u0001<&>` + "\u2028\U0001F600\uFFFD" + `"}`},
		{Delivered{ToGroup, 20002, "hi"}, `{"event":"delivered","kind":"group","from":20002,"text":"hi"}`},
		{Refused{"/channel/poll2", "why"}, `{"event":"refused","path":"/channel/poll2","why":"why"}`},
		{Logout{10001}, `{"event":"logout","uin":10001}`},
		{Failure{3, "no"}, `{"event":"error","line":3,"message":"no"}`},
	} {
		got := string(tt.event.AppendJSON([]byte("x")))
		if got != "x"+tt.want {
			t.Errorf("got %s; want x%s", got, tt.want)
		}
		if !json.Valid([]byte(tt.want)) {
			t.Errorf("%s is no JSON", tt.want)
		}
	}
}
