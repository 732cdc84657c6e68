package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// To rewrite the files below after a change: go test -run TestHelp -rewrite,
// and then read the diff as a user would.
var rewrite = flag.Bool("rewrite", false, "rewrite testdata/help")

func TestHelp(t *testing.T) {
	t.Setenv("COLUMNS", "80") // as wide as kong believes the terminal to be
	for _, name := range []string{"qqloop", "demo", "init", "run", "doctor", "send", "tail", "chat", "accounts", "emulate", "sim", "get", "completion", "version"} {
		args := []string{"--help"}
		if name != "qqloop" {
			args = []string{name, "--help"}
		}
		var stdout, stderr strings.Builder
		if code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != exitDone || stderr.Len() != 0 {
			t.Errorf("%s: got status %d and %q on stderr; want 0 and nothing", name, code, stderr.String())
		}
		file := filepath.Join("testdata", "help", name+".txt")
		if *rewrite {
			check(t, os.MkdirAll(filepath.Dir(file), 0o777))
			check(t, os.WriteFile(file, []byte(stdout.String()), 0o666))
		}
		want, err := os.ReadFile(file)
		check(t, err)
		if stdout.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant what is in %s; -rewrite takes it over", name, stdout.String(), file)
		}
	}
}
