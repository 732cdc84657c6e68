package life

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planted are bugs of the sorts that a month online brings to light. Each is a
// replacement in the real source, that must match once.
var planted = []struct{ name, file, was, is string }{
	{"a descriptor leaks where a request fails", "sched/conn.go",
		"	s.kernel.Close(c.fd)\n", "	if why != ClosedFailed {\n		s.kernel.Close(c.fd)\n	}\n"},
	{"a completion is dropped", "sched/finish.go",
		"	if !x.retryError(e) {\n		x.deliver(nil, e)\n	}\n	if r != nil {", "	if !x.retryError(e) && kind != Reset {\n		x.deliver(nil, e)\n	}\n	if r != nil {"},
	{"a send is sent twice", "sched/exchange.go",
		"x.replayed || !x.req.replayable() || x.spent()", "x.replayed || x.spent()"},
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
			if n := strings.Count(string(source), bug.was); n != 1 {
				t.Fatalf("%s holds %q %d times; want once", bug.file, bug.was, n)
			}
			patched := filepath.Join(dir, "patched.go")
			overlay := filepath.Join(dir, "overlay.json")
			text, err := json.Marshal(map[string]any{"Replace": map[string]string{file: patched}})
			if err != nil {
				t.Fatal(err)
			}
			for name, b := range map[string][]byte{patched: []byte(strings.Replace(string(source), bug.was, bug.is, 1)), overlay: text} {
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
