package onebot

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// Bad weather for half an hour, drawn from a seed: connections that are
// refused, cut anywhere, dripped, silent. The server keeps a history, so
// everything is heard, once and in order; every answer goes out at most once,
// and its outcome is told.
func TestWeather(t *testing.T) {
	seeds := 6
	if testing.Short() {
		seeds = 2
	}
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				g := newSeededStage(t, uint64(seed), ways[name])
				outcome := make(map[string]error)
				var history []string
				g.actions["get_group_msg_history"] = func(map[string]any) string {
					return ok(`{"messages":[` + strings.Join(history[max(0, len(history)-50):], ",") + `]}`)
				}
				g.client.o.OnMessage = func(e Event) {
					text := e.Message.Text()
					g.got = append(g.got, text)
					g.client.Send(e.Chat(), Text("re: "+text), func(_ ID, err error) {
						if _, twice := outcome[text]; twice {
							t.Errorf("the outcome of %q was told twice", text)
						}
						outcome[text] = err
					})
				}
				g.client.Start(func(err error) { g.ends = append(g.ends, err) })
				g.run(time.Minute)
				g.world.Faults(sim.Profile{Refuse: .1, Silent: .02, NoDescriptor: .02, Cut: .3, Short: .2, Spurious: .1, CutWithin: 6000})
				var said []string
				say := func(text string) {
					event := g.said(len(said), text)
					said, history = append(said, text), append(history, event)
					g.tellAll(event)
				}
				for i := range 60 {
					say(fmt.Sprint("message ", i))
					g.run(30 * time.Second)
					if i%10 == 9 {
						g.server.Cut([]sim.End{sim.FIN, sim.Reset, sim.Silence}[i/10%3])
					}
				}
				g.world.Faults(sim.Profile{})
				g.server.Cut(sim.FIN)
				g.run(15 * time.Minute)
				say("at last")
				g.run(time.Minute)

				heard := slices.Clone(g.got)
				slices.SortStableFunc(heard, func(a, b string) int { return slices.Index(said, a) - slices.Index(said, b) })
				g.want("heard", heard, said...)
				if err := outcome["at last"]; err != nil {
					t.Errorf("the last answer: %v", err)
				}
				for _, text := range said {
					sent := 0
					for _, s := range g.sent {
						if s == "re: "+text {
							sent++
						}
					}
					err, told := outcome[text]
					if !told || sent > 1 || err == nil && sent != 1 || errors.Is(err, ErrNotConnected) && !errors.Is(err, ErrOutcomeUnknown) && sent != 0 {
						t.Errorf("the answer to %q: sent %d times, told %t: %v", text, sent, told, err)
					}
				}
				if len(g.ends) != 0 {
					t.Errorf("it ended with %v", g.ends)
				}
			})
		}
	}
}
