package bot

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// A line is an account whose sends end as the test says, one after the other;
// when it has no more to say, they are accepted. It logs what it takes.
type line struct {
	*stage
	ends []error
	log  strings.Builder
}

func newLine(t *testing.T, o Options, ends ...error) *line {
	l := &line{stage: newStage(t, Options{}), ends: ends}
	o.Logger = slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	o.OnDone = l.bot.o.OnDone
	o.OnQuiet = l.bot.o.OnQuiet
	o.Location = time.UTC
	l.bot = New(l.loop, l, o)
	return l
}

func (l *line) Send(to Chat, what Content, done func(error)) {
	var err error
	if len(l.ends) > 0 {
		err, l.ends = l.ends[0], l.ends[1:]
	}
	result := ""
	if err != nil {
		result = " (" + err.Error() + ")"
	}
	l.lines = append(l.lines, fmt.Sprintf("%v %v: %s%s", l.world.Now().Round(time.Second), to, what.Text(), result))
	l.loop.AddCallback(func() { done(err) })
}

func (l *line) warnings() int { return strings.Count(l.log.String(), "level=WARN") }

func (l *line) run() {
	l.t.Helper()
	if err := l.loop.Run(); err != nil {
		l.t.Fatal(err)
	}
}

var errOff = fmt.Errorf("%w: no login", ErrOffline)

func TestSendsThatFail(t *testing.T) {
	muted := errors.New("muted")
	for _, test := range []struct {
		name     string
		ends     []error
		want     []string
		warnings int
	}{
		{"refused", []error{muted}, []string{"0s friend 20002: a (muted)", "0s friend 20002: b"}, 1},
		{"unknown", []error{ErrOutcomeUnknown}, []string{"0s friend 20002: a (the message may have been sent)", "0s friend 20002: b"}, 1},
		{"offline, then not", []error{errOff}, []string{
			"0s friend 20002: a (the account is offline: no login)", "5s friend 20002: a", "5s friend 20002: b"}, 1},
		{"offline for longer", []error{errOff, errOff, errOff}, []string{
			"0s friend 20002: a (the account is offline: no login)", "5s friend 20002: a (the account is offline: no login)",
			"15s friend 20002: a (the account is offline: no login)", "35s friend 20002: a", "35s friend 20002: b"}, 1},
		{"offline, then unknown", []error{errOff, ErrOutcomeUnknown}, []string{
			"0s friend 20002: a (the account is offline: no login)", "5s friend 20002: a (the message may have been sent)", "5s friend 20002: b"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(t, Options{}, test.ends...)
			l.say("echo a", "echo b")
			l.loop.CallLater(time.Minute, l.loop.Stop)
			l.run()
			if !slices.Equal(l.lines, test.want) {
				t.Errorf("got %q\nwant %q", l.lines, test.want)
			}
			if n := l.warnings(); n != test.warnings || !strings.Contains(l.log.String(), `chat="friend 20002" text=a`) {
				t.Errorf("got %d warnings; want %d, that name chat and text:\n%s", n, test.warnings, l.log.String())
			}
			if len(l.done) != 2 || !l.bot.Quiet() {
				t.Errorf("OnDone was called %d times, quiet %v; want 2, true", len(l.done), l.bot.Quiet())
			}
		})
	}
}

func TestOnlineSendsAtOnce(t *testing.T) {
	l := newLine(t, Options{}, errOff, errOff, errOff, errOff, errOff)
	l.loop.CallLater(80*time.Second, func() { l.bot.Event(Event{Type: Online}) })
	l.say("ping")
	want := "1m20s friend 20002: pong"
	if got := l.lines[len(l.lines)-1]; got != want {
		t.Errorf("got %q; want %q", l.lines, want)
	}
}

func TestMessagesThatWaitTooLong(t *testing.T) {
	ends := slices.Repeat([]error{errOff}, 100)
	var outcome []error
	l := newLine(t, Options{MaxAge: 10 * time.Minute}, ends...)
	l.loop.AddCallback(func() {
		l.bot.Say(Chat{Group, "900"}, Text("own accord"), func(err error) { outcome = append(outcome, err) })
	})
	l.say("ping")
	if len(l.ends) == 0 || !l.bot.Quiet() {
		t.Fatal("the bot never gave up")
	}
	if n := strings.Count(l.log.String(), "waited too long"); n != 2 {
		t.Errorf("got %d warnings; want 2:\n%s", n, l.log.String())
	}
	if len(outcome) != 1 || !errors.Is(outcome[0], ErrOffline) {
		t.Errorf("Say was told %v; want once, that the account is offline", outcome)
	}
}

func TestOneSendInFlight(t *testing.T) {
	s := newStage(t, Options{})
	s.hold = true
	s.loop.AddCallback(func() {
		for _, text := range []string{"echo a", "echo b", "@bot echo c"} {
			s.bot.Handle(from("20002", text))
		}
		s.loop.CallLater(time.Minute, func() {
			if len(s.waiting) != 1 {
				t.Errorf("%d sends are in flight; want 1", len(s.waiting))
			}
			s.hold = false
			s.waiting[0](nil)
		})
	})
	if err := s.loop.Run(); err != nil {
		t.Fatal(err)
	}
	want := []string{"0s friend 20002: a", "1m0s friend 20002: b", "1m0s group 900: c"}
	if !slices.Equal(s.lines, want) {
		t.Errorf("got %q; want %q", s.lines, want)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	l := newLine(t, Options{})
	full, sent := 0, 0
	l.loop.AddCallback(func() {
		for range maxOutbox + 11 {
			l.bot.Say(Chat{Friend, "20002"}, Text("x"), func(err error) {
				switch {
				case errors.Is(err, ErrOutboxFull):
					full++
				case err == nil:
					sent++
				}
			})
		}
	})
	l.run()
	if full != 10 || sent != maxOutbox+1 || l.warnings() != 1 {
		t.Errorf("%d dropped, %d sent, %d warnings; want 10, %d, 1", full, sent, l.warnings(), maxOutbox+1)
	}
}

func TestRates(t *testing.T) {
	for _, test := range []struct {
		name     string
		o        Options
		want     []string
		warnings int
	}{
		{"none", Options{}, []string{"0s friend 20002: 1", "0s friend 20002: 2", "0s friend 20002: 3", "0s group 900: 4", "0s friend 20002: 5"}, 0},
		{"a chat's", Options{ChatRate: Rate{10 * time.Second, 2}},
			[]string{"0s friend 20002: 1", "0s friend 20002: 2", "0s group 900: 4", "10s friend 20002: 3", "20s friend 20002: 5"}, 1},
		{"the account's", Options{AccountRate: Rate{10 * time.Second, 0}},
			[]string{"0s friend 20002: 1", "10s friend 20002: 2", "20s friend 20002: 3", "30s group 900: 4", "40s friend 20002: 5"}, 1},
		{"both", Options{ChatRate: Rate{10 * time.Second, 2}, AccountRate: Rate{3 * time.Second, 1}},
			[]string{"0s friend 20002: 1", "3s friend 20002: 2", "6s group 900: 4", "10s friend 20002: 3", "20s friend 20002: 5"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(t, test.o)
			l.say("echo 1", "echo 2", "echo 3", "@bot echo 4", "echo 5")
			if !slices.Equal(l.lines, test.want) {
				t.Errorf("got %q\nwant %q", l.lines, test.want)
			}
			if n := l.warnings(); n != test.warnings {
				t.Errorf("got %d warnings; want %d:\n%s", n, test.warnings, l.log.String())
			}
		})
	}
}

// TestRateWarnsOncePerEpisode: a second warning comes only after a rest.
func TestRateWarnsOncePerEpisode(t *testing.T) {
	l := newLine(t, Options{ChatRate: Rate{time.Second, 1}})
	l.say("echo 1", "echo 2", "echo 3")
	l.loop.CallLater(time.Minute, func() {
		l.bot.Handle(from("20002", "echo 4"))
		l.bot.Handle(from("20002", "echo 5"))
	})
	l.run()
	if n := l.warnings(); n != 2 || len(l.lines) != 5 {
		t.Errorf("got %d warnings for %d messages; want 2 for 5", n, len(l.lines))
	}
}

func TestBucketsAreForgotten(t *testing.T) {
	l := newLine(t, Options{ChatRate: Rate{time.Second, 1}})
	for i := range 4 * maxBuckets {
		l.loop.CallLater(time.Duration(i)*time.Second, func() { l.bot.Say(Chat{Friend, fmt.Sprint(i)}, Text("x"), nil) })
	}
	l.loop.CallLater(time.Hour, l.loop.Stop)
	for len(l.lines) < 4*maxBuckets {
		l.run() // it stops each time the bot is quiet
	}
	if n := len(l.bot.outbox.pacer.chats); n > maxBuckets {
		t.Errorf("%d buckets are kept; want at most %d", n, maxBuckets)
	}
}
