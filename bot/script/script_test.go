package script

import (
	"fmt"
	"strings"
	"testing"
)

// id is the beginning of a shell script that reads lines: $line and $id.
const readLines = `while IFS= read -r line; do id=${line#*'"id":'}; id=${id%%,*}; `

func TestLines(t *testing.T) {
	s := shell(t, Lines, "", readLines+`
case $line in
*'"text":"two"'*)  echo "{\"reply_to\":$id,\"text\":\"one\",\"more\":true}"; echo "{\"reply_to\":$id,\"text\":\"two\"}";;
*'"text":"none"'*) echo "{\"done\":$id}";;
*'"text":"segments"'*) echo "{\"reply_to\":$id,\"segments\":[{\"type\":\"text\",\"data\":{\"text\":\"as a segment\"}}]}";;
*'"text":"elsewhere"'*) echo '{"send":"friend:7","text":"psst"}'; echo "{\"done\":$id}";;
*) echo "{\"reply_to\":$id,\"text\":\"yes\"}";;
esac
done`)
	s.want(s.say("hello"), "group 900: yes")
	s.want(s.say("two"), "group 900: one", "group 900: two")
	s.want(s.say("none"))
	s.want(s.say("segments"), "group 900: as a segment")
	s.want(s.say("elsewhere"), "friend 7: psst")
	if got := s.say("1", "2", "3"); len(got) != 3 {
		t.Errorf("got %q; want three answers", got)
	}
}

// What a script is given says who, where and what, with nothing escaped that need
// not be.
func TestInput(t *testing.T) {
	s := shell(t, Lines, "", readLines+`printf '%s\n' "$line" >&2; echo "{\"done\":$id}"; done`)
	s.say(`<a> & "b"`)
	s.logged(`{\"type\":\"message\",\"id\":1,\"account\":\"\",\"chat\":\"group:900\",\"sender\":{\"id\":\"20002\",\"name\":\"Ann\"},\"text\":\"<a> & \\\"b\\\"\"`)
}

// What is not JSON, or makes no sense, is named once; the script goes on.
func TestRubbish(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{`hello`, "invalid character"},
		{`{"text":"x"}`, "it names no message"},
		{`{"reply_to":99,"text":"x"}`, "message 99 is unknown, or done with"},
		{`{"send":"900","text":"x"}`, "is no chat"},
		{`{"send":"group:900"}`, "there is nothing to send"},
		{`{"send":"group:900","account":"other","text":"x"}`, "there is no account"},
		{`{"reply_to":-1}`, "cannot unmarshal"},
	} {
		t.Run(test.line, func(t *testing.T) {
			s := shell(t, Lines, "", readLines+fmt.Sprintf(`echo '%s'; echo '%s'; echo "{\"reply_to\":$id,\"text\":\"yes\"}"; done`, test.line, test.line))
			s.want(s.say("hello"), "group 900: yes")
			s.logged(test.want)
			if n := strings.Count(s.log.String(), "a script says what it may not"); n != 1 {
				t.Errorf("it is logged %d times; want once", n)
			}
			if !strings.Contains(s.log.String(), "line=1 ") || !strings.Contains(s.log.String(), "script=x") {
				t.Error("the log does not name the script and the line")
			}
		})
	}
}

// A line without end is cut, and what follows it is heard.
func TestLongLine(t *testing.T) {
	need(t, "head")
	s := shell(t, Lines, "", readLines+`head -c 200000 /dev/zero | tr '\0' x; echo; echo "{\"reply_to\":$id,\"text\":\"yes\"}"; done`)
	s.want(s.say("hello"), "group 900: yes")
	s.logged("a line is longer than 65536 bytes")
}

func TestExpect(t *testing.T) {
	s := shell(t, Lines, "", readLines+`
case $line in
*'"follows"'*) echo "{\"reply_to\":$id,\"text\":\"so it is\"}";;
*) echo "{\"expect\":$id,\"text\":\"which?\",\"seconds\":600}";;
esac; done`)
	s.want(s.say("ask"), "group 900: which?")
	s.want(s.say("this"), "group 900: so it is")

	s = shell(t, Lines, "", readLines+`
case $line in
*'"type":"timeout"'*) echo '{"send":"group:900","text":"nobody there?"}';;
*) echo "{\"expect\":$id,\"text\":\"which?\",\"seconds\":0.01}";;
esac; done`)
	s.say("ask")
	s.until("the silence is noticed", func() bool { return len(s.said) == 2 })
	s.want(s.said, "group 900: which?", "group 900: nobody there?")
}

// A message that a process had when it ended is given up; the next one is for the
// next process.
func TestEnds(t *testing.T) {
	s := shell(t, Lines, "", readLines+`case $line in *die*) exit 3;; esac; echo "{\"reply_to\":$id,\"text\":\"yes\"}"; done`)
	s.want(s.say("die"))
	s.logged("a script has ended before it answered")
	s.want(s.say("live"), "group 900: yes")
	s.logged("exit status 3")
}

// A script that hangs is ended, with all that it has started, even if it does not
// listen.
func TestHangs(t *testing.T) {
	s := shell(t, Lines, "", readLines+`case $line in *hang*) trap '' TERM; sleep 1000 & echo deaf >&2; sleep 1000;; esac; echo "{\"reply_to\":$id,\"text\":\"yes\"}"; done`)
	s.loop.AddCallback(func() { s.bot.Handle(heard("hang")) })
	s.logged("deaf")
	s.timeOut()
	s.want(s.said)
	s.logged("a message took longer than its time limit")
	s.want(s.say("live"), "group 900: yes")
}

// A script that reads nothing has a bounded queue.
func TestReadsNothing(t *testing.T) {
	s := shell(t, Lines, "", `exec sleep 1000`)
	s.loop.AddCallback(func() {
		for i := range 2 * maxQueue {
			s.bot.Handle(heard(fmt.Sprint(i, strings.Repeat("x", 4096))))
		}
	})
	s.logged("a script is too slow")
}

// A script that does nothing but print does not fill the memory, and can be ended.
func TestPrints(t *testing.T) {
	s := shell(t, Lines, "", `exec yes '{"done":1}'`)
	s.logged("is unknown, or done with")
	if n := len(s.scripts.byName["x"].child.back); n > maxBack {
		t.Errorf("%d lines are on their way; want at most %d", n, maxBack)
	}
}

func TestOnce(t *testing.T) {
	s := shell(t, Once, "", `case $QQLOOP_TEXT in
none) ;;
fail) echo no; echo "it is broken" >&2; exit 1;;
json) read -r line; echo "${#line}" | sed 's/.*/read/';;
*) echo "$QQLOOP_SENDER_NAME in $QQLOOP_CHAT: $QQLOOP_TEXT"; echo second;;
esac`)
	s.want(s.say("hello"), "group 900: Ann in group:900: hello\nsecond")
	s.want(s.say("none"))
	s.want(s.say("json"), "group 900: read")
	s.want(s.say("fail"))
	s.logged("a script has failed")
	s.logged("it is broken")
	many := make([]string, onceAtOnce+onceQueue/2)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if got := s.say(many...); len(got) != len(many) {
		t.Errorf("%d answers; want %d", len(got), len(many))
	}
}

func TestOnceHangs(t *testing.T) {
	s := shell(t, Once, "200ms", `sleep 1000 & sleep 1000`)
	s.want(s.say("hello"))
	s.logged("a script has not answered in time")
}

// A script that has not changed is the same process after a reload.
func TestFollow(t *testing.T) {
	s := shell(t, Lines, "", readLines+`echo "{\"reply_to\":$id,\"text\":\"$$\"}"; done`)
	config := s.scripts.byName["x"].config
	first := s.say("who")
	s.scripts.Follow([]Config{config})
	s.want(s.say("who"), first...)
	config.Timeout = "29s"
	s.scripts.Follow([]Config{config})
	if second := s.say("who"); len(second) != 1 || second[0] == first[0] {
		t.Errorf("got %q after %q; want another process", second, first)
	}
	s.scripts.Follow(nil)
	s.want(s.say("who"))
	s.logged("there is no such script")
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		config Config
		want   string
	}{
		{Config{Command: []string{"sh"}}, "name is missing"},
		{Config{Name: "a"}, `script "a": command is missing`},
		{Config{Name: "a", Command: []string{"sh"}, Mode: "loop"}, `mode is "loop": "lines" for`},
		{Config{Name: "a", Command: []string{"sh"}, Timeout: "30"}, `timeout is "30": a duration such as "30s"`},
		{Config{Name: "a", Command: []string{"no-such-program-anywhere"}}, `there is no program "no-such-program-anywhere" to be found in PATH`},
		{Config{Name: "a", Command: []string{"./absent.py"}}, "absent.py cannot be run: "},
		{Config{Name: "a", Command: []string{"./helpers_test.go"}}, "executable (chmod +x)?"},
	} {
		if _, err := Check([]Config{test.config}, "."); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v; want %q", test.config, err, test.want)
		}
	}
	two := Config{Name: "a", Command: []string{"sh"}}
	if i, err := Check([]Config{two, two}, "."); i != 1 || err == nil {
		t.Errorf("two of one name: got %d, %v; want the second", i, err)
	}
}
