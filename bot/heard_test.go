package bot_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/sched"
)

// heardStore is a store of one entry that tells of each Save.
type heardStore struct {
	entries []bot.Entry
	saved   func(string)
}

func (s *heardStore) Load(table string) []bot.Entry {
	if table != "one/heard" {
		return nil
	}
	return s.entries
}

func (s *heardStore) Save(changes []bot.Change, done func(error)) {
	for _, c := range changes {
		s.saved(c.Table + " " + c.Key + " " + string(c.Value))
	}
}

// TestKeepHeard: what was said between two runs is heard in the second, what
// was said before the first ended is not, and how far that has come is kept.
func TestKeepHeard(t *testing.T) {
	server, err := emulator.Start(emulator.New(emulator.DefaultScene(), emulator.Options{}), emulator.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.Command("say friend 20002 while you were away"); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	for _, test := range []struct {
		name  string
		value string
		want  bool
	}{
		{"it ended before", strconv.FormatInt(now-3600, 10), true},
		{"it ended long before", "1", true},
		{"it ended after", strconv.FormatInt(now+3600, 10), false},
		{"the entry is damaged", "yesterday", false},
	} {
		l, err := loop.New(loop.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := sched.New(l, sched.Options{})
		heard, kept := []string{}, ""
		var client *onebot.Client
		// It is over when all has been heard and what is kept says until when: by
		// whichever comes last, as both may be of one second.
		over := func() {
			live := len(heard) > 0 && heard[len(heard)-1] == "live"
			if live && kept == "one/heard time "+strconv.FormatInt(client.Heard().Unix(), 10) {
				client.Stop()
			}
		}
		client, err = onebot.New(s, onebot.Options{
			URL: "http://" + server.HTTPAddr(),
			OnState: func(ch onebot.Change) {
				if ch.State == onebot.Online {
					// Behind the history, and so the last to be heard.
					if err := server.Command("say friend 20003 live"); err != nil {
						t.Error(err)
					}
				}
			},
			OnMessage: func(e onebot.Event) {
				heard = append(heard, e.Message.Text())
				l.AddCallback(over) // behind the client's own note of it
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		store := &heardStore{entries: []bot.Entry{{Key: "time", Value: []byte(test.value)}}}
		store.saved = func(line string) { kept = line; over() }
		stop := bot.NewOneBot(client, "").KeepHeard(l, store, bot.Heard{Table: "one/heard", Every: time.Millisecond})
		client.Start(func(error) { l.Stop() })
		limit := l.CallLater(time.Minute, func() {
			t.Errorf("%s: after a minute %q was heard and %q kept; the client says %d", test.name, heard, kept, client.Heard().Unix())
			client.Stop()
		})
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
		limit.Stop()
		stop()
		if got := len(heard) > 0 && heard[0] == "while you were away"; got != test.want {
			t.Errorf("%s: heard %q; want what was said meanwhile: %t", test.name, heard, test.want)
		}
		s.Close()
		l.Close()
	}
}
