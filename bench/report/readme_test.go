package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadme(t *testing.T) {
	root, f := t.TempDir(), golden(t)
	english, chinese := filepath.Join(root, "README.md"), filepath.Join(root, "README.zh-CN.md")
	page := "# qqloop\n\nbefore\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nafter\n"
	for _, name := range []string{english, chinese} {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // what is written can be written over
		if err := Readme(root, f); err != nil {
			t.Fatal(err)
		}
	}
	var lines [2]int
	for i, name := range []string{english, chinese} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := string(text)
		if !strings.HasPrefix(s, "# qqloop\n\nbefore\n\n<!-- bench -->\n") || !strings.HasSuffix(s, "<!-- /bench -->\n\nafter\n") ||
			strings.Contains(s, "old") || !strings.Contains(s, "| 14.5 |") {
			t.Errorf("%s is\n%s", filepath.Base(name), s)
		}
		lines[i] = strings.Count(s, "\n| ")
	}
	if lines[0] != lines[1] {
		t.Errorf("the tables have %d and %d lines; want them to say the same", lines[0], lines[1])
	}
}

// A page without its marks is named, and neither page is touched.
func TestReadmeWithoutMarks(t *testing.T) {
	root := t.TempDir()
	good, bad := "<!-- bench -->\n<!-- /bench -->\n", "<!-- /bench -->\n<!-- bench -->\n"
	for name, text := range map[string]string{"README.md": good, "README.zh-CN.md": bad} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := Readme(root, golden(t))
	if err == nil || !strings.Contains(err.Error(), "README.zh-CN.md") {
		t.Errorf("got %v; want the page and what it lacks", err)
	}
	if text, _ := os.ReadFile(filepath.Join(root, "README.md")); string(text) != good {
		t.Errorf("README.md was changed: %q", text)
	}
}

// Both tongues have a line for each headline.
func TestTonguesSayTheSame(t *testing.T) {
	for _, h := range headlines {
		for _, tongue := range []tongue{english, chinese} {
			if line := tongue.lines[h.key]; !strings.Contains(line, "N") {
				t.Errorf("%s: got %q; want a line that names the number N", h.key, line)
			}
		}
	}
}
