package onebot

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// TestTranscripts plays one life on each flavour and holds it against a file:
// who said what, and when. The life: a walk, a message and its answer, a kick
// and its end, a cable that is pulled, what was missed, and the end of all.
func TestTranscripts(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*stage, *Options)
	}{
		{"napcat-sse", napcat},
		{"napcat-ws", forward},
		{"llbot-sse", llbot},
		{"llbot-get_event", polled("get_event")},
		{"gocqhttp-get_updates", polled("get_updates")},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, func(g *stage, o *Options) {
				test.change(g, o)
				o.Token = "s3cret"
				g.token = "s3cret"
			})
			var missed []string
			if test.name != "gocqhttp-get_updates" { // which has none for friends, and here none at all
				g.actions["get_group_msg_history"] = func(map[string]any) string {
					return ok(`{"messages":[` + strings.Join(missed, ",") + `]}`)
				}
			}
			g.start()
			heard := g.client.o.OnMessage
			g.client.o.OnMessage = func(e Event) {
				heard(e)
				g.client.Send(e.Chat(), Text("pong"), func(id ID, err error) {
					g.note("sent", "%v %v", id, err)
				})
			}
			g.tellAll(g.said(-1412, "ping"))
			g.run(time.Second)
			g.tellAll(botOffline)
			g.run(time.Second)
			g.tellAll(g.heartbeat("true", 5000)) // and is not believed
			g.run(time.Second)
			g.tellAll(g.said(77, "are you back?"))
			g.run(time.Second)
			g.server.Cut(sim.Silence)
			g.server.Silent(true)
			g.note("--", "the cable is pulled")
			g.run(3 * time.Second)
			missed = append(missed, g.said(78, "can you hear me?"))
			g.run(2 * time.Minute)
			g.note("--", "the cable is plugged in")
			g.server.Silent(false)
			g.streams, g.sockets = nil, nil
			g.run(2 * time.Minute)
			g.client.Shutdown(func() { g.note("--", "the end") })
			g.run(time.Second)

			file := filepath.Join("testdata", test.name+".txt")
			if *rewrite {
				if err := os.WriteFile(file, g.lines.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(g.lines.Bytes(), want) {
				got, want := strings.Split(g.lines.String(), "\n"), strings.Split(string(want), "\n")
				i := 0
				for i < len(got) && i < len(want) && got[i] == want[i] {
					i++
				}
				t.Errorf("%s:%d: got\n%s\nwant\n%s", file, i+1, at(got, i), at(want, i))
			}
			if strings.Contains(g.lines.String(), "s3cret") {
				t.Error("the token is in a path or a body")
			}
		})
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}
