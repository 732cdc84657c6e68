package store_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/bot/store"
	"github.com/qqloop/qqloop/loop"
)

// killedFile is the environment variable that makes the test binary a bot.
const killedFile = "QQLOOP_KILLED_STATE"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedFile); path != "" {
		if err := killed(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// killed is that bot: messages come as lines on stdin, sends go out as lines on
// stdout, and are accepted by lines on stdin.
func killed(path string) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	s, err := store.Open(l, path)
	if err != nil {
		return err
	}
	a := &pipe{}
	b := bot.New(l, a, bot.Options{Store: s, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	go func() {
		defer l.Stop()
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			id, text, ok := strings.Cut(in.Text(), " ")
			l.AddCallback(func() {
				if !ok {
					a.accepted()
					return
				}
				b.Handle(bot.Message{ID: id, Chat: bot.Chat{Kind: bot.Friend, ID: "1"}, Sender: bot.Person{ID: "1"}, Text: text, Time: l.Wall()})
			})
		}
	}()
	if err := l.Run(); err != nil {
		return err
	}
	return s.Close()
}

// pipe is an account at the other end of stdin and stdout.
type pipe struct{ done func(error) }

func (*pipe) ID() string   { return "10001" }
func (*pipe) Nick() string { return "bot" }

func (p *pipe) Send(_ bot.Chat, what bot.Content, done func(error)) {
	p.done = done
	fmt.Println(what.Text())
}

func (p *pipe) accepted() {
	if done := p.done; done != nil {
		p.done = nil
		done(nil)
	}
}

// TestKilled ends a bot by SIGKILL two hundred times (kills) while it talks, each time
// after a number of answers and a few microseconds that a seed has drawn. The
// service, which is the test, tells every message of the last minutes again
// after each start, as a server with a history does. No message is answered
// twice; each that is not answered is one whose send the kill has cut.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	r := rand.New(rand.NewPCG(1, 2))
	answers := map[string]int{}
	var history []string
	var stderr strings.Builder
	start := func(after int, pause time.Duration) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killedFile+"="+path)
		cmd.Stderr = &stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Writing must not wait for reading: the child reads as it likes.
		lines := make(chan string, 1<<12)
		var writer sync.WaitGroup
		writer.Go(func() {
			for line := range lines {
				io.WriteString(in, line+"\n") // fails once the bot is dead
			}
			in.Close()
		})
		for range 6 {
			n := len(history)
			history = append(history, fmt.Sprintf("%d echo <%d>", n, n))
		}
		for _, line := range history[max(0, len(history)-60):] {
			lines <- line
		}
		n := 0
		kill := func() {
			time.Sleep(pause) // no synchronisation: any moment will do
			cmd.Process.Kill()
		}
		if after == 0 {
			kill()
		}
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			answers[scan.Text()]++
			lines <- "accepted"
			if n++; n == after {
				kill()
			}
			if after < 0 && answers[fmt.Sprintf("<%d>", len(history)-1)] > 0 {
				break // the last one is never killed
			}
		}
		close(lines)
		writer.Wait()
		for scan.Scan() {
			answers[scan.Text()]++
		}
		if err := cmd.Wait(); (err == nil) != (after < 0) {
			t.Fatalf("the bot ended with %v\n%s", err, stderr.String())
		}
	}
	for range kills {
		start(r.IntN(6), time.Duration(r.IntN(3000))*time.Microsecond)
	}
	start(-1, 0)

	unanswered := 0
	for i := range history {
		switch n := answers[fmt.Sprintf("<%d>", i)]; {
		case n > 1:
			t.Errorf("message %d was answered %d times", i, n)
		case n == 0:
			unanswered++
		}
	}
	unknown := strings.Count(stderr.String(), "may have been sent")
	if unanswered > kills || unanswered > unknown {
		t.Errorf("%d messages were not answered; want at most one for each of %d kills, and each told (%d)", unanswered, kills, unknown)
	}
	t.Logf("%d messages, %d kills: %d not answered, %d outcomes not known, none answered twice", len(history), kills, unanswered, unknown)
}
