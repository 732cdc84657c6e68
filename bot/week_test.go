package bot

import (
	"fmt"
	"net/http/cookiejar"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// TestWeek lets the whole of it live for a week of virtual time: bot, client,
// engine and service. Each hour somebody asks something, each seventh hour the
// account is logged in elsewhere, each eleventh its session is over. Nothing
// is answered twice, nothing is left out, and a reminder finds its chat again
// though every number in it was drawn anew in the meantime.
func TestWeek(t *testing.T) {
	w := sim.New(sim.Options{Seed: 7})
	service := emulator.Simulate(w, emulator.New(emulator.DefaultScene(), emulator.Options{}), netip.MustParseAddrPort("203.0.113.7:80"))
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stream := sched.New(l, sched.Options{Kernel: w.Kernel(), Jar: jar})
	var b *Bot
	var account *WebQQ
	client, err := webqq.New(stream, webqq.Options{
		Jar:       jar,
		Plain:     true, // the simulated network has no TLS
		QRCode:    func([]byte) {},
		OnMessage: func(m webqq.Message) { b.Handle(account.Message(m)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	account = NewWebQQ(client, "")
	b = New(l, account, Options{})

	var got, want []string
	logins := 0
	service.OnEvent = func(e emulator.Event) {
		switch e := e.(type) {
		case emulator.Login:
			logins++
		case emulator.Send:
			got = append(got, fmt.Sprint(e.Kind, " ", e.To, " ", e.Text))
		}
	}
	command := func(at time.Duration, line string) {
		w.After(at, func() {
			if err := service.Command(line); err != nil {
				t.Errorf("%v: %s: %v", at, line, err)
			}
		})
	}
	const hours = 7 * 24
	for h := range hours {
		at := time.Duration(h)*time.Hour + 10*time.Minute
		switch h % 3 {
		case 0:
			command(at, fmt.Sprintf("say friend 20002 echo %d", h))
			want = append(want, fmt.Sprintf("friend 20002 %d", h))
		case 1:
			command(at, fmt.Sprintf("say group 900 20003 @bot 回声 %d", h))
			want = append(want, fmt.Sprintf("group 900 %d", h))
		case 2:
			command(at, fmt.Sprintf("say friend 20003 remind 90m %d", h))
			want = append(want, "friend 20003 I shall remind you in 1h30m", fmt.Sprintf("friend 20003 reminder: %d", h))
		}
		if h%7 == 6 {
			command(at+20*time.Minute, "kick")
		}
		if h%11 == 10 {
			command(at+30*time.Minute, "expire")
		}
	}
	w.After((hours+2)*time.Hour, l.Stop)
	l.AddCallback(func() { client.Start(func(err error) { t.Errorf("the client stopped: %v", err) }) })
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}

	if want := 1 + hours/7 + hours/11; logins != want {
		t.Errorf("got %d logins; want %d, one for each time the session was lost", logins, want)
	}
	// Reminders come between later answers.
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d answers\n%q\nwant %d\n%q", len(got), got, len(want), want)
	}
	if b.Busy() || !b.Quiet() {
		t.Errorf("at the end: busy %v, quiet %v; want false, true", b.Busy(), b.Quiet())
	}
	stream.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := w.Open(); n != 0 {
		t.Errorf("%d sockets are open at the end; want 0", n)
	}
}
