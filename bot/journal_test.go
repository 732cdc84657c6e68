package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk fills the disk for a while. The bot answers all the same, says
// so once, and once there is room again nothing is left that a restart would
// say a second time.
func TestFullDisk(t *testing.T) {
	for full := range 15 { // five messages, each save of theirs
		for _, length := range []int{1, 2, 3, 10, 40} {
			var disk Memory
			n := 0
			disk.Fault = func([]Change) error {
				if n++; n > full && n <= full+length {
					return syscall.ENOSPC
				}
				return nil
			}
			l := newLine(t, Options{})
			l.bot.o.OnQuiet = nil
			l.bot = New(l.loop, l, Options{Store: disk.Open(l.loop), Logger: l.bot.log})
			for i := range 20 {
				l.loop.CallLater(time.Duration(i)*time.Second, func() {
					m := from("20002", fmt.Sprint("echo ", i))
					m.ID = fmt.Sprint(i)
					l.bot.Handle(m)
				})
			}
			l.loop.CallLater(time.Hour, l.loop.Stop)
			l.run()
			if len(l.lines) != 20 {
				t.Fatalf("full from save %d on for %d: %d answers; want 20", full, length, len(l.lines))
			}
			if got := strings.Count(l.log.String(), "cannot be saved"); got != 1 {
				t.Errorf("full from save %d on for %d: told %d times; want once", full, length, got)
			}
			if disk.Len("inbox") != 0 || disk.Len("outbox") != 0 {
				t.Errorf("full from save %d on for %d: %d in the inbox and %d in the outbox at the end; want none", full, length, disk.Len("inbox"), disk.Len("outbox"))
			}
			if len(l.bot.journal.owed) > 0 || len(l.bot.journal.latest) > 0 {
				t.Errorf("full from save %d on for %d: %d owed", full, length, len(l.bot.journal.owed))
			}
		}
	}
}

// TestOwedIsBounded: a disk that is full for ever costs no memory for ever.
func TestOwedIsBounded(t *testing.T) {
	var disk Memory
	disk.Fault = func([]Change) error { return syscall.ENOSPC }
	l := newLine(t, Options{})
	l.bot.o.OnQuiet = nil
	l.bot = New(l.loop, l, Options{Store: disk.Open(l.loop)})
	for i := range 2 * maxSeen {
		l.loop.CallLater(time.Duration(i)*time.Second, func() {
			m := from("20002", "ping")
			m.ID = fmt.Sprint(i)
			l.bot.Handle(m)
		})
	}
	l.loop.CallLater(2*maxSeen*time.Second+time.Minute, l.loop.Stop)
	l.run()
	if n := len(l.bot.journal.owed); n > maxSeen {
		t.Errorf("%d entries are owed; want at most the %d messages that are remembered", n, maxSeen)
	}
	if len(l.lines) != 2*maxSeen {
		t.Errorf("got %d answers; want %d", len(l.lines), 2*maxSeen)
	}
}

// reborn is a bot on what disk holds, in a world of its own.
func reborn(t *testing.T, disk *Memory, before func(*line)) *line {
	l := newLine(t, Options{})
	l.bot.o.OnQuiet = nil
	before(l)
	l.bot = New(l.loop, l, Options{Store: disk.Open(l.loop), Logger: l.bot.log, Location: time.UTC})
	l.loop.CallLater(12*time.Hour, l.loop.Stop)
	return l
}

func TestLateReminder(t *testing.T) {
	var disk Memory
	l := reborn(t, &disk, func(*line) {})
	l.loop.AddCallback(func() {
		l.bot.Handle(from("20002", "remind 1h tea"))
		l.bot.Handle(from("20003", "提醒 2小时 水"))
		l.bot.Handle(from("20003", "remind 5h later"))
		l.loop.CallLater(time.Second, l.loop.Stop)
	})
	l.run()
	l = reborn(t, &disk, func(l *line) { l.world.Spend(4 * time.Hour) })
	l.run()
	want := []string{
		"4h0m0s friend 20002: reminder, late, for I was away at 02:00: tea",
		"4h0m0s friend 20003: 提醒（03:00 我不在，迟到了）：水",
		"5h0m0s friend 20003: reminder: later",
	}
	if !slices.Equal(l.lines, want) {
		t.Errorf("got %q\nwant %q", l.lines, want)
	}
	if n := disk.Len("reminders"); n != 0 || !l.bot.Quiet() || len(l.bot.reminders) != 0 {
		t.Errorf("%d reminders are left", n)
	}
}

// TestStrangeEntries reads what another version, or nobody, has written.
func TestStrangeEntries(t *testing.T) {
	var disk Memory
	l := newLine(t, Options{})
	s := disk.Open(l.loop)
	l.bot.o.OnQuiet = nil
	var changes []Change
	for _, table := range []string{"inbox", "outbox", "reminders", "seen"} {
		for _, key := range []string{"0000000000000001", "zz", "ffff"} {
			changes = append(changes, Change{table, key, []byte("nonsense")})
		}
	}
	s.Save(changes, func(error) { l.loop.Stop() })
	l.run()
	l = reborn(t, &disk, func(*line) {})
	l.loop.AddCallback(func() { l.bot.Handle(from("20002", "ping")) })
	l.run()
	if got := l.answers(); !slices.Equal(got, []string{"pong"}) {
		t.Errorf("got %q; want pong", got)
	}
	for _, table := range []string{"inbox", "outbox", "reminders"} {
		if n := disk.Len(table); n != 0 {
			t.Errorf("%d entries are left in %s", n, table)
		}
	}
}

// TestMessageThatEndsTheProcess: one that does so each time is dropped in the
// end, and those behind it are answered.
func TestMessageThatEndsTheProcess(t *testing.T) {
	var disk Memory
	var answers []string
	starts := 0
	for begun := true; begun && starts < 2*maxTries; starts++ {
		begun = false
		l := newLine(t, Options{})
		l.bot.o.OnQuiet = nil
		l.bot = New(l.loop, l, Options{
			Store: disk.Open(l.loop), Logger: l.bot.log,
			Responders: []Responder{respondFunc(func(c *Call) bool {
				if c.Message().Text == "poison" {
					begun = true
					disk.Crash(1) // what is behind it is durable
					l.loop.Stop()
				}
				return false
			})},
		})
		if starts == 0 {
			l.loop.AddCallback(func() {
				l.bot.Handle(from("20002", "poison"))
				l.bot.Handle(from("20002", "echo behind"))
			})
		}
		l.loop.CallLater(time.Minute, l.loop.Stop)
		l.run()
		answers = l.answers()
	}
	if starts != maxTries+1 || !slices.Equal(answers, []string{"behind"}) {
		t.Errorf("after %d starts: got %q; want the other message answered after %d", starts, answers, maxTries+1)
	}
}

func TestMemoryKeepsOrderAndFaults(t *testing.T) {
	var disk Memory
	l := newLine(t, Options{})
	s := disk.Open(l.loop)
	fault := errors.New("fault")
	disk.Fault = func(c []Change) error {
		if c[0].Key == "bad" {
			return fault
		}
		return nil
	}
	disk.Latency = time.Hour
	var got []error
	note := func(err error) { got = append(got, err) }
	s.Save([]Change{{"t", "b", []byte("1")}, {"t", "a", []byte("2")}}, note)
	disk.Latency = 0 // the second must not overtake the first
	s.Save([]Change{{"t", "bad", nil}, {"t", "c", []byte("3")}}, note)
	s.Save([]Change{{"t", "b", nil}}, note)
	l.loop.CallLater(2*time.Hour, l.loop.Stop)
	l.run()
	if len(got) != 3 || got[0] != nil || got[1] != fault || got[2] != nil {
		t.Errorf("the saves ended with %v; want nil, the fault, nil", got)
	}
	if e := disk.Open(l.loop).Load("t"); len(e) != 1 || e[0].Key != "a" || string(e[0].Value) != "2" {
		t.Errorf("got %v; want a=2", e)
	}
	s.Save([]Change{{"t", "late", []byte("x")}}, func(error) { t.Error("a dead store answered") })
	l.loop.CallLater(time.Hour, l.loop.Stop)
	l.run()
	if disk.Len("t") != 1 {
		t.Error("a dead store has saved")
	}
}
