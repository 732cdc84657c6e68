//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/bench/report"
	"github.com/qqloop/qqloop/bench/result"
)

// --readme makes a report of what lies in DIR, measures nothing, and writes into
// the pages of the working directory.
func TestPublish(t *testing.T) {
	t.Chdir(t.TempDir())
	f := &result.File{Rows: []result.Row{{Scenario: "get", Peer: result.Subject, Conns: 64,
		Figures: map[string]result.Figure{"cpu_us_per_req": result.Of([]float64{12.3})}}}}
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.Write("out"); err != nil {
		t.Fatal(err)
	}
	pages := []string{"README.md", "README.zh-CN.md"}
	for _, page := range pages {
		if err := os.WriteFile(page, []byte("<!-- bench -->\nold\n<!-- /bench -->\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(filepath.Join("out", result.Name))
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"--readme", "--out", "out"}, strings.NewReader(""), &out, &errs); code != done {
		t.Fatalf("got status %d: %s", code, errs.String())
	}
	for _, page := range append(pages, filepath.Join("out", report.Name)) {
		if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "12.3") {
			t.Errorf("%s has no 12.3: %q, %v", page, text, err)
		}
	}
	if after, err := os.ReadFile(filepath.Join("out", result.Name)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the results were changed: %v", err)
	}
	if code := run(t.Context(), []string{"--readme", "--out", "nowhere"}, strings.NewReader(""), &out, &errs); code != failed || !strings.Contains(errs.String(), "nowhere") {
		t.Errorf("got status %d and %q where there are no results; want %d and the directory's name", code, errs.String(), failed)
	}
}
