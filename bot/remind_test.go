package bot

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRemind(t *testing.T) {
	s := newStage(t, Options{})
	s.say("remind 90s tea", "@bot 提醒 2小时 喝水", "remind 1m  two  blanks ")
	want := []string{
		"0s friend 20002: I shall remind you in 1m30s",
		"0s group 900: 好的，2小时后提醒你",
		"0s friend 20002: I shall remind you in 1m",
		"1m0s friend 20002: reminder:  two  blanks ",
		"1m30s friend 20002: reminder: tea",
		"2h0m0s group 900: 提醒：喝水",
	}
	if !slices.Equal(s.lines, want) {
		t.Errorf("got %q; want %q", s.lines, want)
	}
	if len(s.bot.reminders) != 0 || !s.bot.Quiet() {
		t.Errorf("at the end: %d people with reminders, quiet %v; want 0, true", len(s.bot.reminders), s.bot.Quiet())
	}
}

func TestRemindRefuses(t *testing.T) {
	for _, test := range []struct{ say, want string }{
		{"remind", "remind needs a time and a text, as in: remind 90s tea is ready"},
		{"提醒", "“提醒”后面要有时间和文字，例如：提醒 5分钟 茶好了"},
		{"remind 90 tea", `"90" is no time: write 90s, 5m, 1h30m, 90秒 or 2小时`},
		{"remind tea 90s", `"tea" is no time: write 90s, 5m, 1h30m, 90秒 or 2小时`},
		{"remind -5s tea", `"-5s" is not in the future: write a time above zero, as in 90s`},
		{"remind 0s tea", `"0s" is not in the future: write a time above zero, as in 90s`},
		{"提醒 25小时 茶", "“25小时”太久了：最多1天"},
		{"remind 25h tea", `"25h" is too long: at most 24h`},
		{"remind 5s", "remind 5s of what? Write a text behind the time"},
		{"remind 5s  ", "remind 5s of what? Write a text behind the time"},
	} {
		s := newStage(t, Options{})
		s.say(test.say)
		if got := s.answers(); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%q: got %q; want %q", test.say, got, test.want)
		}
	}
}

func TestRemindersOfOnePersonAreBounded(t *testing.T) {
	s := newStage(t, Options{MaxReminders: 2})
	s.loop.AddCallback(func() {
		s.bot.Handle(from("20002", "remind 1s a"))
		s.bot.Handle(from("20002", "remind 2s b"))
		s.bot.Handle(from("20002", "remind 3s c"))
		s.bot.Handle(from("20003", "remind 4s d"))
		// The first has run by then, and its place is free.
		s.loop.CallLater(1500*time.Millisecond, func() { s.bot.Handle(from("20002", "remind 5s e")) })
	})
	if err := s.loop.Run(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"I shall remind you in 1s", "I shall remind you in 2s",
		"you have 2 reminders waiting, and that is the most I keep for one person",
		"I shall remind you in 4s", "reminder: a", "I shall remind you in 5s",
		"reminder: b", "reminder: d", "reminder: e",
	}
	if got := s.answers(); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"90秒": 90 * time.Second, "90秒钟": 90 * time.Second, "5分": 5 * time.Minute, "5分钟": 5 * time.Minute,
		"2小时": 2 * time.Hour, "2个小时": 2 * time.Hour, "1小时30分": 90 * time.Minute, "1个半小时": 0, "半小时": 30 * time.Minute,
		"半个小时": 30 * time.Minute, "1小时半": 90 * time.Minute, "1.5小时": 90 * time.Minute, "2天": 48 * time.Hour, "100毫秒": 100 * time.Millisecond,
		"": 0, "90": 0, "秒": 0, "5分钟后": 0, "五分钟": 0, "999999999999999999天": 0, "90秒tea": 0,
	} {
		got, err := ParseDuration(s)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("ParseDuration(%q): got %v, %v; want %v", s, got, err, want)
		}
	}
}

func TestFormatDurationIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.IntRange(1, 400*24*3600).Draw(t, "seconds")) * time.Second
		for _, l := range []lang{english, chinese} {
			s := formatDuration(d, l)
			if got, err := ParseDuration(s); got != d {
				t.Fatalf("%v is written %q and read %v (%v)", d, s, got, err)
			}
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"90s", "1小时30分", "半小时", "1.5天", "90", "毫秒"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil && d < 0 && s[0] != '-' {
			t.Errorf("ParseDuration(%q): got %v; want no negative duration without a sign", s, d)
		}
	})
}
