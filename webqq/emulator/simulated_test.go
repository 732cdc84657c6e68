package emulator

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A day of long polls, a message an hour: in virtual time, over simulated
// sockets, with the engine of this module as the client.
func TestSimulatedDay(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	v := Simulate(w, New(DefaultScene(), Options{}), netip.MustParseAddrPort("203.0.113.7:80"))
	var events []string
	v.OnEvent = func(e Event) {
		if _, said := e.(Delivered); said {
			// A listener may command: the answer to one message is the next.
			if err := v.Command("fail /never 500 1"); err != nil {
				t.Error(err)
			}
		}
		events = append(events, fmt.Sprint(w.Now().Round(time.Second), " ", string(e.AppendJSON(nil))))
	}
	for hour := range 24 {
		w.After(time.Duration(hour)*time.Hour+90*time.Second, func() {
			if err := v.Command(fmt.Sprint("say friend 20002 ", hour)); err != nil {
				t.Error(err)
			}
		})
	}

	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	stream := sched.New(l, sched.Options{Kernel: w.Kernel()})
	k := talkTo(t, v.service) // knows the session's numbers
	k.now = v.now()
	k.login() // by hand, before the world begins
	k.s.Events()

	polls, messages := 0, 0
	request := func() *sched.Request {
		r, err := sched.NewRequest("POST", "http://d1.web2.qq.com/channel/poll2")
		if err != nil {
			t.Fatal(err)
		}
		r.Header = httpwire.Header{
			{Name: "Referer", Value: "http://d1.web2.qq.com/proxy.html"},
			{Name: "Content-Type", Value: "text/plain"},
		}
		r.Body = []byte(k.expand(pollLines[1]))
		r.Timeouts.Total = 2 * time.Minute
		return r
	}
	var readback sched.Readback
	readback = func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			t.Error(err)
			l.Stop()
			return sched.Next{}
		}
		polls++
		if strings.Contains(string(resp.Body), "poll_type") {
			messages++
		}
		if w.Now() > 24*time.Hour {
			l.Stop()
			return sched.Next{}
		}
		return sched.Next{Request: request(), Readback: readback}
	}
	stream.Add(request(), readback)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if messages != 24 || len(events) != 24 {
		t.Errorf("got %d messages and %d events; want 24 of each", messages, len(events))
	}
	// 1,440 minutes, and each message ends a poll before its time.
	if polls < 1440 || polls > 1500 {
		t.Errorf("got %d polls in a day; want about 1,450", polls)
	}
	if want := `1m30s {"event":"delivered","kind":"friend","from":20002,"text":"0"}`; events[0] != want {
		t.Errorf("got %s; want %s", events[0], want)
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got := w.Open(); got != 0 {
		t.Errorf("got %d descriptors open; want none", got)
	}
}
