package bot

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name, say, want string // want "": no answer
	}{
		{"ping", "ping", "pong"},
		{"a phone's capital", "Ping", "pong"},
		{"blanks before", "  ping", "pong"},
		{"a blank behind", "ping ", "pong"},
		{"ping stands alone", "ping x", `ping stands alone, without "x"`},
		{"echo", "echo a b", "a b"},
		{"echo keeps blanks", "echo  a  b ", " a  b "},
		{"echo keeps lines", "echo a\nb", "a\nb"},
		{"echo across a line", "echo\na", "a"},
		{"echo keeps the command's name", "echo echo ping", "echo ping"},
		{"echo of quotes", `echo "a" 'b' \n`, `"a" 'b' \n`},
		{"echo of a mention", "echo @bot ping", "@bot ping"},
		{"echo of nothing", "echo", "echo needs a text, as in: echo hello"},
		{"echo of blanks", "echo   ", "echo needs a text, as in: echo hello"},
		{"Chinese echo", "回声 你好 😀", "你好 😀"},
		{"Chinese echo with a wide blank", "回声　你好", "你好"},
		{"Chinese echo of nothing", "回声", "“回声”后面要有文字，例如：回声 你好"},
		{"time", "time", "Tue 23 Apr 2013 09:00:00 (UTC+08:00)"},
		{"Chinese time", "时间", "2013年4月23日 星期二 09:00:00 (UTC+08:00)"},
		{"Chinese time stands alone", "时间 不早了", "“时间”后面不用写“不早了”"},
		{"uptime", "uptime", "up for less than a second"},
		{"Chinese uptime", "运行时间", "刚刚开始运行"},
		{"no command", "hello", ""},
		{"a command inside", "please ping", ""},
		{"a command as a prefix", "pingpong", ""},
		{"nothing", "", ""},
		{"group", "@bot ping", "pong"},
		{"group, full-width colon", "@bot：ping", "pong"},
		{"group, no command", "@bot hello", ""},
		{"group, nothing", "@bot", ""},
		{"group, somebody else", "@bottom ping", ""},
		{"help for one", "help echo", "echo TEXT: says TEXT again\n回声 文字：把文字再说一遍"},
		{"help for none", "help dance", `there is no command "dance": help alone lists them`},
		{"Chinese help for none", "帮助 跳舞", "没有“跳舞”这条命令：只说“帮助”会列出全部"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, Options{})
			s.say(test.say)
			got := s.answers()
			if test.want == "" {
				if len(got) != 0 {
					t.Fatalf("got %q; want no answer", got)
				}
				return
			}
			if len(got) != 1 || got[0] != test.want {
				t.Fatalf("got %q; want %q", got, test.want)
			}
			if len(s.done) != 1 {
				t.Errorf("OnDone was called %d times; want 1", len(s.done))
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for l, ask := range []string{"help", "帮助"} {
		s := newStage(t, Options{})
		s.say(ask)
		help := s.answers()[0]
		for _, cmd := range s.bot.commands {
			if want := "\n" + cmd.line(lang(l)) + "\n"; !strings.Contains(help, want) {
				t.Errorf("%s: got %q; want it to contain %q", ask, help, want)
			}
		}
	}
}

func TestHelpWithoutFetch(t *testing.T) {
	s := newStage(t, Options{})
	s.bot = New(s.loop, s, Options{OnQuiet: s.loop.Stop})
	s.say("help", "title http://example.com/")
	got := s.answers()
	if len(got) != 1 || strings.Contains(got[0], "title") {
		t.Errorf("got %q; want a help without title, and no answer to title", got)
	}
}

func TestAnswersGoWhereTheyWereAsked(t *testing.T) {
	s := newStage(t, Options{})
	s.say("ping", "@bot ping")
	want := []string{"0s friend 20002: pong", "0s group 900: pong"}
	if !slices.Equal(s.lines, want) {
		t.Errorf("got %q; want %q", s.lines, want)
	}
}

func TestNeverTwiceAndNeverItself(t *testing.T) {
	first := Message{ID: "7", Chat: Chat{Friend, "20002"}, Sender: Person{ID: "20002"}, Text: "echo first"}
	again := first
	other := first
	other.Chat, other.Sender.ID, other.Text = Chat{Friend, "20003"}, "20003", "echo other"
	unnamed := first
	unnamed.ID, unnamed.Text = "", "echo unnamed"
	own := Message{ID: "8", Chat: Chat{Friend, "20002"}, Sender: Person{ID: "10001"}, Text: "echo own"}

	s := newStage(t, Options{})
	s.loop.AddCallback(func() {
		for _, m := range []Message{first, again, other, unnamed, unnamed, own} {
			s.bot.Handle(m)
		}
	})
	if err := s.loop.Run(); err != nil {
		t.Fatal(err)
	}
	want := []string{"first", "other", "unnamed", "unnamed"}
	if got := s.answers(); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	if len(s.done) != 6 {
		t.Errorf("OnDone was called %d times; want 6, once for each message", len(s.done))
	}
}

func TestSeenIsBounded(t *testing.T) {
	var s seen
	m := func(i int) Message { return Message{ID: strconv.Itoa(i), Sender: Person{ID: "a"}} }
	for i := range 3 * maxSeen {
		if s.before(m(i)) {
			t.Fatalf("message %d: got seen; want new", i)
		}
		if !s.before(m(max(0, i-maxSeen+1))) {
			t.Fatalf("message %d: got new; want it remembered for %d messages", i, maxSeen)
		}
	}
	if len(s.ring) != maxSeen {
		t.Errorf("got %d places; want %d", len(s.ring), maxSeen)
	}
	if s.before(m(2*maxSeen - 1)) {
		t.Errorf("a message is remembered though %d came after it", maxSeen)
	}
}

func TestDoneWaitsForTheSend(t *testing.T) {
	s := newStage(t, Options{})
	s.hold = true
	s.loop.AddCallback(func() {
		s.bot.Handle(from("20002", "ping"))
		s.loop.CallLater(time.Minute, func() {
			if len(s.done) != 0 || s.quiet != 0 || !s.bot.Busy() {
				t.Errorf("before the send was accepted: done %d, quiet %d, busy %v; want 0, 0, true", len(s.done), s.quiet, s.bot.Busy())
			}
			s.waiting[0](errLost)
		})
	})
	if err := s.loop.Run(); err != nil {
		t.Fatal(err)
	}
	if len(s.done) != 1 || s.quiet != 1 || s.bot.Busy() {
		t.Errorf("after it: done %d, quiet %d, busy %v; want 1, 1, false", len(s.done), s.quiet, s.bot.Busy())
	}
	if len(s.lines) != 1 {
		t.Errorf("got %q; want no second try of a failed send", s.lines)
	}
}

func TestMention(t *testing.T) {
	for _, test := range []struct {
		text, nick, rest string
		ok               bool
	}{
		{"@bot ping", "bot", "ping", true},
		{" @bot ping", "bot", "ping", true},
		{"@bot\u2005ping", "bot", "ping", true}, // what mobile QQ puts behind a name
		{"@bot　帮助", "bot", "帮助", true},
		{"@bot  ping", "bot", " ping", true},
		{"@bot,ping", "bot", "ping", true},
		{"@bot", "bot", "", true},
		{"@bot echo @bot", "bot", "echo @bot", true},
		{"ping @bot", "bot", "ping", true},
		{"ping @bot ", "bot", "ping", true},
		{"@小明 帮助", "小明", "帮助", true},
		{"@bottom ping", "bot", "@bottom ping", false},
		{"mail me@bot", "bot", "mail me@bot", false},
		{"bot ping", "bot", "bot ping", false},
		{"the @bot is here", "bot", "the @bot is here", false},
		{"@ ping", "", "@ ping", false},
	} {
		rest, ok := Mention(test.text, test.nick)
		if rest != test.rest || ok != test.ok {
			t.Errorf("Mention(%q, %q): got %q, %v; want %q, %v", test.text, test.nick, rest, ok, test.rest, test.ok)
		}
	}
}
