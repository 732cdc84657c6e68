package emulator

import (
	"errors"
	"testing"
	"time"
)

func TestCommandErrors(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"dance", `"dance" is no command; want one of say, scan, refuse, kick, expire, fail, empty, drop, slow, quit`},
		{"say", `"" cannot be said to; want say friend, say group or say discuss`},
		{"say nobody 1 x", `"nobody" cannot be said to; want say friend, say group or say discuss`},
		{"say friend", `"" is no number; want "say friend QQ TEXT"`},
		{"say friend x y", `"x" is no number; want "say friend QQ TEXT"`},
		{"say friend 20002", `there is no text; want "say friend QQ TEXT"`},
		{"say friend 20009 hi", "20009 is no friend of the account; the friends are 20002, 20003"},
		{"say friend 10001 hi", "10001 is no friend of the account; the friends are 20002, 20003"},
		{"say group 20002 hi", `"hi" is no number; want "say group GROUP QQ TEXT"`},
		{"say group 901 20002 hi", "there is no group 901; the groups are 900"},
		{"say group 900 20009 hi", "20009 is no member of the group 900; the members are [10001 20002 20003]"},
		{"say group 900 10001 hi", "the account's own messages come back only if the scene says echo = true"},
		{"say discuss 701 20002 hi", "there is no discussion 701; the discussions are 700"},
		{"say discuss 700 20009 hi", "20009 is no member of the discussion 700; the members are [10001 20002 20003]"},
		{"scan", "no QR code is shown; it is ptqrshow that shows one, for 120 s"},
		{"refuse", "no QR code is shown; it is ptqrshow that shows one, for 120 s"},
		{"scan now", `scan has 1 words behind it; want "scan"`},
		{"kick", "nobody is logged in"},
		{"expire", "nobody is logged in"},
		{"fail /x 500", `fail has 2 words behind it; want "fail PATH STATUS COUNT"`},
		{"fail /x often 1", `"often" is not between 1 and 999999`},
		{"fail x 500 1", `"x" is no path; want one such as /channel/poll2`},
		{"empty /x 0", `the count is "0"; want 1 or more`},
		{"drop /x many", `the count is "many"; want 1 or more`},
		{"slow /x -1 1", `"-1" is not between 0 and 3600000`},
		{"quit now", `quit has 1 words behind it; want "quit"`},
	} {
		s := New(DefaultScene(), Options{})
		err := s.Command(time.Unix(1, 0), tt.line)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v; want %s", tt.line, err, tt.want)
		}
		if s.Queued() != 0 || len(s.faults) != 0 {
			t.Errorf("%q: it changed something all the same", tt.line)
		}
	}
}

func TestCommandsThatDoNothing(t *testing.T) {
	s := New(DefaultScene(), Options{})
	for _, line := range []string{"", "   ", "# say friend 20002 hi"} {
		if err := s.Command(time.Unix(1, 0), line); err != nil {
			t.Errorf("%q: got %v; want nothing", line, err)
		}
	}
	if err := s.Command(time.Unix(1, 0), "quit"); !errors.Is(err, ErrQuit) {
		t.Errorf("quit: got %v; want ErrQuit", err)
	}
}

// TEXT is the rest of the line as it is: no blank is taken from either end.
func TestSayKeepsTheText(t *testing.T) {
	s := New(DefaultScene(), Options{})
	for _, text := range []string{"hi", "  hi  ", "a\tb ", " "} {
		if err := s.Command(time.Unix(1, 0), "say friend 20002 "+text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := s.queue[len(s.queue)-1].text; got != text {
			t.Errorf("got %q; want %q", got, text)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	s := New(DefaultScene(), Options{})
	for range maxQueue {
		if err := s.Command(time.Unix(1, 0), "say friend 20002 hi"); err != nil {
			t.Fatal(err)
		}
	}
	const want = "10000 messages wait already, and nobody polls"
	if err := s.Command(time.Unix(1, 0), "say friend 20002 hi"); err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}
