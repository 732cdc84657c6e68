package emulator

import (
	"errors"
	"reflect"
	"testing"
)

const fullScene = `
[account]
qq = 10001
nick = "bot"
password = "password"

[[friends]]
qq = 20002
nick = "friend"
markname = "老友"
category = "同学"
status = "away"
client_type = 21
signature = "在"

[[friends]]
qq = 20003

[[strangers]]
qq = 30004
nick = "路人"

[[groups]]
number = 900
name = "测试群"
owner = 20002
members = [10001, 20002, 30004]
admins = [30004]
cards = { 20002 = "群名片" }

[[discussions]]
number = 700
name = "讨论组"
members = [20003, 10001]

[behaviour]
echo = true
quiet = "ok"
`

func TestParseScene(t *testing.T) {
	got, err := ParseScene("scene.toml", []byte(fullScene))
	if err != nil {
		t.Fatal(err)
	}
	want := &Scene{
		Account: Account{QQ: 10001, Nick: "bot", Password: "password"},
		Friends: []Friend{
			{QQ: 20002, Nick: "friend", Markname: "老友", Category: "同学", Status: "away", ClientType: 21, Signature: "在"},
			{QQ: 20003},
		},
		Strangers:   []Stranger{{QQ: 30004, Nick: "路人"}},
		Groups:      []Group{{Number: 900, Name: "测试群", Owner: 20002, Members: []int64{10001, 20002, 30004}, Admins: []int64{30004}, Cards: map[string]string{"20002": "群名片"}}},
		Discussions: []Discussion{{Number: 700, Name: "讨论组", Members: []int64{20003, 10001}}},
		Behaviour:   Behaviour{Echo: true, Quiet: "ok"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

func TestSceneErrors(t *testing.T) {
	for _, tt := range []struct{ name, scene, want string }{
		{"empty", "", "s.toml:1: the account has no number; write qq = 10001 under [account]"},
		{"no TOML", "[account]\nqq = \n", "s.toml:2: "},
		{"unknown table", "[account]\nqq = 1\n[acount]\n", `s.toml:3: "acount" is no key of a scene; here the keys are account, friends, strangers, groups, discussions, behaviour`},
		{"unknown key", "[account]\nqq = 1\nname = 'x'\n", `s.toml:3: "account.name" is no key of a scene; here the keys are qq, nick, password, signature`},
		{"wrong type", "[account]\nqq = 'x'\n", "s.toml:2: "},
		{"number too large", "[account]\nqq = 1\n[[friends]]\nqq = 2\n[[friends]]\nnick = 'a'\nqq = 4294967296\n", "s.toml:7: 4294967296 is no QQ number; want 1 to 4294967295"},
		{"twice", "[account]\nqq = 1\n[[friends]]\nqq = 1\n", "s.toml:4: 1 is the account already; each number names one person"},
		{"friend without number", "[account]\nqq = 1\n\n[[friends]]\nnick = 'a'\n", "s.toml:4: 0 is no QQ number; want 1 to 4294967295"},
		{"status", "[account]\nqq = 1\n[[friends]]\nqq = 2\nstatus = 'asleep'\n", `s.toml:5: "asleep" is no status; want one of online, hidden, busy, callme, away, silent, offline`},
		{"client type", "[account]\nqq = 1\n[[friends]]\nqq = 2\nclient_type = -1\n", "s.toml:5: -1 is no client type; want 1 for a PC, 21 for a phone, 41 for the web"},
		{"unknown member", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmembers = [1, 2]\n", "s.toml:5: nobody knows the member 2; add it to [[friends]] or [[strangers]]"},
		{"member twice", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmembers = [1, 1]\n", "s.toml:5: 1 is a member twice; want it once"},
		{"account no member", "[account]\nqq = 1\n[[strangers]]\nqq = 2\n[[groups]]\nnumber = 9\nmembers = [2]\n", "s.toml:7: the account 1 is not among the members [2]; add it"},
		{"owner no member", "[account]\nqq = 1\n[[discussions]]\nnumber = 9\nowner = 5\nmembers = [1]\n", "s.toml:5: the owner 5 is not among the members [1]; add it, or name another"},
		{"admin no member", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmembers = [1]\nadmins = [2]\n", "s.toml:6: 2 is no member of the group 9; add it to members"},
		{"card of nobody", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmembers = [1]\n[groups.cards]\n2 = 'x'\n", "s.toml:6: \"2\" is no member of the group 9; cards are written 20002 = \"name\""},
		{"group twice", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmembers = [1]\n[[groups]]\nnumber = 9\nmembers = [1]\n", "s.toml:7: the number is 9; want one from 1 to 4294967295 that no other has"},
		{"mask", "[account]\nqq = 1\n[[groups]]\nnumber = 9\nmask = 3\nmembers = [1]\n", "s.toml:5: the mask is 3; want 0 receive, 1 silently, 2 block"},
		{"choice", "account.qq = 1\n[behaviour]\nquiet = 'loud'\n", `s.toml:3: quiet is "loud"; want one of error, ok, empty, 504`},
		{"in a line", "account = {qq = 0}\n", "s.toml:1: the account has no number; write qq = 10001 under [account]"},
		{"dotted", "\naccount.qq = -1\n", "s.toml:2: -1 is no QQ number; want 1 to 4294967295"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseScene("s.toml", []byte(tt.scene))
			if e, ok := errors.AsType[*SceneError](err); !ok || e.Line == 0 {
				t.Fatalf("got %v; want a *SceneError with a line", err)
			}
			if got := err.Error(); got != tt.want && !(tt.want[len(tt.want)-1] == ' ' && len(got) > len(tt.want) && got[:len(tt.want)] == tt.want) {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestDefaultSceneIsAScene(t *testing.T) {
	if _, err := DefaultScene().check(); err != nil {
		t.Error(err)
	}
}
