package life

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted are bugs of the sorts that a month online brings to light. Each is
// replacements in one file of the real source, that must match once.
var planted = []struct {
	name, file string
	edits      []string // was, is, was, is, ...
}{
	{"a descriptor leaks where a request fails", "sched/conn.go", []string{
		"	s.kernel.Close(c.fd)\n", "	if why != ClosedFailed {\n		s.kernel.Close(c.fd)\n	}\n",
	}},
	{"a completion is dropped", "sched/finish.go", []string{
		"	if !x.retryError(e) {\n		x.deliver(nil, e)\n	}\n	if r != nil {", "	if !x.retryError(e) && kind != Reset {\n		x.deliver(nil, e)\n	}\n	if r != nil {",
	}},
	{"a send is sent twice", "sched/exchange.go", []string{
		"x.replayed || !x.req.replayable() || x.spent()", "x.replayed || x.spent()",
	}},
	{"a timer is forgotten", "sched/exchange.go", []string{
		"	s := x.stream\n	x.timer.Stop()\n	if x.prev", "	s := x.stream\n	if x.prev",
	}},
	{"a generation is not checked", "loop/handler.go", []string{
		"r.handler == nil || r.gen != ev.Gen || ready", "r.handler == nil || ready",
	}},
	{"the generation of a chain is not checked", "sched/stream.go", []string{
		"c.x.generation == c.generation && !c.x.last", "!c.x.last",
	}},
	{"leftover bytes reach the next request", "sched/reader.go", []string{
		"	body   body\n", "	body   body\n	left   []byte\n",
		"	r.parser.Release()\n", "	r.left = append(r.left[:0], r.parser.Unread()...)\n	r.parser.Release()\n",
		"	x.reader.parser.Feed(data)\n", "	if len(x.reader.left) > 0 {\n		data, x.reader.left = append(x.reader.left, data...), nil\n	}\n	x.reader.parser.Feed(data)\n",
	}},
}

// Bugs that are planted in the product are caught within fifty lives.
func TestPlantedBugs(t *testing.T) {
	if race || testing.Short() {
		t.Skip("each bug is a build of its own: not with -race, not with -short")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(root, bug.file)
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := string(source)
			for pair := range slices.Chunk(bug.edits, 2) {
				if n := strings.Count(text, pair[0]); n != 1 {
					t.Fatalf("%s holds %q %d times; want once", bug.file, pair[0], n)
				}
				text = strings.Replace(text, pair[0], pair[1], 1)
			}
			patched := filepath.Join(dir, "patched.go")
			overlay := filepath.Join(dir, "overlay.json")
			replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: patched}})
			if err != nil {
				t.Fatal(err)
			}
			for name, b := range map[string][]byte{patched: []byte(text), overlay: replace} {
				if err := os.WriteFile(name, b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			lives := exec.Command("go", "test", "-overlay", overlay, "-count=1", "-run", "^TestLives$", ".")
			lives.Env = append(os.Environ(), "QQLOOP_LIVES=50")
			out, err := lives.CombinedOutput()
			_, found, ok := strings.Cut(string(out), "VIOLATION ")
			if err == nil || !ok {
				t.Fatalf("not caught in fifty lives: %v\n%s", err, out)
			}
			found, _, _ = strings.Cut(found, "; replay")
			t.Log(found)
		})
	}
}
