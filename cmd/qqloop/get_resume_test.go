package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestContinue is -C on what was there, and what is there then.
func TestContinue(t *testing.T) {
	r := startRecorder(t)
	for _, test := range []struct {
		name, at, had, path string
		want                string // the file
		ranges              string // that were asked for
		status              int
		says                string
	}{
		{"the rest", "-", hundred[:40], "/range", hundred, "bytes=40-", exitDone, ""},
		{"the rest, from a number", "40", hundred[:40], "/range", hundred, "bytes=40-", exitDone, ""},
		{"a number that is not the file's", "90", "abc", "/range", "abc" + hundred[90:], "bytes=90-", exitDone, ""},
		{"nothing is there", "-", "", "/range", hundred, "", exitDone, ""},
		{"all is there, says a 416", "-", hundred, "/range", hundred, "bytes=100-", exitDone, ""},
		{"all is there, says the length", "-", hundred, "/whole", hundred, "bytes=100-", exitDone, ""},
		{"a server without ranges", "-", hundred[:40], "/whole", hundred[:40], "bytes=40-", exitFailed, "-C: the server cannot begin at byte 40, it knows no ranges (status 200)"},
		{"an error page is no rest", "-", hundred[:40], "/missing", hundred[:40], "bytes=40-", exitFailed, "(status 404)"},
		{"another range", "-", hundred[:40], "/other-range", hundred[:40], "bytes=40-", exitFailed, "-C: the server sends bytes 0-9/100, and not those from 40 on"},
	} {
		r.reset()
		file := filepath.Join(t.TempDir(), "file")
		if test.had != "" {
			check(t, os.WriteFile(file, []byte(test.had), 0o600))
		}
		status, _, stderr := get(t, "-C", test.at, "-o", file, "http://"+r.addr()+test.path)
		got, err := os.ReadFile(file)
		check(t, err)
		ranges := ""
		for line := range strings.Lines(r.requests()[0]) {
			if value, ok := strings.CutPrefix(line, "Range: "); ok {
				ranges = strings.TrimSpace(value)
			}
		}
		if status != test.status || string(got) != test.want || ranges != test.ranges || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: got status %d, %q, Range %q, %q; want %d, %q, %q, %q", test.name,
				status, got, ranges, stderr, test.status, test.want, test.ranges, test.says)
		}
	}
	for _, args := range [][]string{{"-C", "x"}, {"-C", "-1"}, {"-C", "5", "-r", "0-9"}, {"-C", "5", "-d", "x"}, {"-C", "5", "--ndjson"}} {
		if status, _, _ := get(t, append(args, "http://127.0.0.1:1/")...); status != exitUsage {
			t.Errorf("%q: got status %d; want %d", args, status, exitUsage)
		}
	}
}
