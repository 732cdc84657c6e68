package emulator

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Look at each line of the difference before you commit what this wrote: a
// transcript is a promise to clients that cannot be changed any more.
var rewrite = flag.Bool("rewrite", false, "write what the service answers into testdata/transcripts")

// A transcript is a text file of blocks. A block is a few lines that do
// something, "----", and what came of it:
//
//	GET url | POST url     a request; the lines after it are fields, name=value,
//	                       or "raw " and the body as it is
//	> line                 a command of Service.Command
//	wait duration          time passes
//	referer url | none     the Referer from now on
//	type text | none       the Content-Type of bodies from now on
//	cookies on | off       whether the jar is used
//	set name               a Behaviour of the scene, or lenient
//	scan-after duration    the option
//
// ${name} stands for what the client knows by then; see talker.value.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d transcripts, %v; want some", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newTalker(t).play(string(data))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if got != string(data) {
				t.Errorf("%s: %s", file, firstDifference(got, string(data)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %q; want %q (-rewrite writes what it got)", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines; want %d", len(g), len(w))
}
