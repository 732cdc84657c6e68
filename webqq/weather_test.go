package webqq

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// Bad weather on the network for half an hour, drawn from a seed: connections
// that are refused, cut anywhere, dripped and empty of descriptors. What is
// heard is heard once and in order, every answer has one outcome, none goes
// out twice, and when the weather clears all is as before.
func TestWeather(t *testing.T) {
	seeds := 12
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		for _, era := range []Era{SmartQQ, Classic} {
			t.Run(fmt.Sprintf("%v/%d", era, seed), func(t *testing.T) {
				t.Parallel()
				var change func(*Options)
				if era == Classic {
					change = classic
				}
				g, outcome := answeringIn(t, uint64(seed), change)
				g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
				g.run(time.Minute)
				g.world.Faults(sim.Profile{Refuse: .1, Silent: .02, NoDescriptor: .02, Cut: .3, Short: .2, Spurious: .1, CutWithin: 3000})
				var said []string
				for i := range 60 {
					text := fmt.Sprint("message ", i)
					said = append(said, text)
					g.command("say group 900 20003 " + text)
					if i%20 == 10 {
						g.command("kick")
					}
					g.run(30 * time.Second)
				}
				g.world.Faults(sim.Profile{})
				g.server.Cut(sim.FIN) // a connection keeps the fault that it was born with
				g.run(15 * time.Minute)
				g.command("say group 900 20003 at last")
				g.run(time.Minute)

				heard := g.texts()
				if len(heard) == 0 || heard[len(heard)-1] != "at last" {
					t.Fatalf("after the storm the client is %v and heard %q", g.client.State(), heard)
				}
				if err := outcome["at last"]; err != nil {
					t.Errorf("the last answer: %v", err)
				}
				at := 0 // heard is a part of said, in its order
				for _, text := range heard[:len(heard)-1] {
					i := slices.Index(said[at:], text)
					if i < 0 {
						t.Fatalf("%q came twice or out of order: %q", text, heard)
					}
					at += i + 1
				}
				if len(heard) < len(said)/2 {
					t.Errorf("heard %d of %d messages; want most of them", len(heard), len(said))
				}
				for _, text := range heard {
					err, told := outcome[text]
					sent := countContaining(g.sends(), "re: "+text+`"`)
					if !told || sent > 1 || err == nil && sent != 1 {
						t.Errorf("the answer to %q: sent %d times, told %v: %v", text, sent, told, err)
					}
				}
				if len(g.stopped) != 0 {
					t.Errorf("stopped: %v; want it to go on", g.stopped)
				}
			})
		}
	}
}
