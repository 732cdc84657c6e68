//go:build unix

package script

import (
	"regexp"
	"syscall"
	"testing"
)

// Each sample is talked to, killed with a message in its hands, hung with one, and
// talked to again.
func TestExamples(t *testing.T) {
	for _, test := range []struct {
		program, file string
		say           []string
		want          string // of the last answer
	}{
		{"python3", "dice.py", []string{"!dice 2"}, `^group 900: [⚀-⚅] [⚀-⚅] = \d+$`},
		{"python3", "dice.py", []string{"!dice", "3"}, `^group 900: [⚀-⚅] [⚀-⚅] [⚀-⚅] = \d+$`},
		{"python3", "dice.py", []string{"!dice", "many"}, `^group 900: That is no number`},
		{"sh", "uptime.sh", []string{"!uptime"}, `^group 900: up for \d+ hours and \d+ minutes$`},
		{"node", "count.js", []string{"!count"}, `^group 900: Ann: 1$`},
		{"node", "count.js", []string{"!count", "!count"}, `^group 900: Ann: 2$`},
	} {
		t.Run(test.file+" "+test.say[len(test.say)-1], func(t *testing.T) {
			need(t, test.program)
			s := newStage(t, examples(t), Config{Command: []string{"./" + test.file}, Timeout: "20s"})
			talk := func() {
				t.Helper()
				var got []string
				for _, text := range test.say {
					got = s.say(text)
				}
				if len(got) != 1 || !regexp.MustCompile(test.want).MatchString(got[0]) {
					t.Errorf("got %q; want %s", got, test.want)
				}
			}
			talk()

			// It is stopped, so that the message is in its hands for certain.
			pid := s.stop()
			s.until("it has the message and is killed", func() bool { return s.has() && syscall.Kill(pid, syscall.SIGKILL) == nil })
			s.until("the message is given up", func() bool { return s.done == 1 })
			s.want(s.said)
			s.logged("a script has ended before it answered")
			talk()

			s.stop()
			s.until("it has the message", s.has)
			s.timeOut()
			s.want(s.said)
			talk()
		})
	}
}

// stop stops the script's process and gives it a message.
func (s *stage) stop() (pid int) {
	s.t.Helper()
	s.until("it runs", func() bool { return s.scripts.byName["x"].child.alive.Load() != nil })
	pid = s.scripts.byName["x"].child.alive.Load().pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
	s.said, s.done = nil, 0
	s.loop.AddCallback(func() { s.bot.Handle(heard("!now 1")) })
	return pid
}

// has reports whether the process has been given the one message.
func (s *stage) has() bool {
	for _, a := range s.scripts.byName["x"].asked {
		return a.job.given.Load() != 0
	}
	return false
}
