package webqq

import (
	"testing"
	"time"
)

// What was cut is counted, also where the stream asked again by itself.
func TestLosses(t *testing.T) {
	for _, tt := range []struct {
		name, fault string
		want        Losses
	}{
		{"a poll on a kept connection", "drop /channel/poll2 1", Losses{Polls: 1}},
		{"polls, the replay among them", "drop /channel/poll2 3", Losses{Polls: 3}},
		{"a send", "drop /channel/send_buddy_msg2 1", Losses{Sends: 1}},
		{"answers that arrive whole", "fail /channel/poll2 502 3", Losses{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, _ := answering(t, nil)
			g.start()
			g.command(tt.fault)
			g.command("say friend 20002 x")
			g.run(10 * time.Minute)
			if got := g.client.Losses(); got != tt.want {
				t.Errorf("got %+v; want %+v", got, tt.want)
			}
		})
	}
}
