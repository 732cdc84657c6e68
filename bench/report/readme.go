package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// The marks in a README between which the table stands.
const (
	begin = "<!-- bench -->\n"
	end   = "<!-- /bench -->\n"
)

// Readme writes the table for f into both READMEs in root, between their marks.
// Both are read before one is written.
func Readme(root string, f *result.File) error {
	pages := []struct {
		name string
		t    tongue
	}{{"README.md", english}, {"README.zh-CN.md", chinese}}
	var texts []string
	for _, p := range pages {
		old, err := os.ReadFile(filepath.Join(root, p.name))
		if err != nil {
			return err
		}
		text, err := between(string(old), summary(f, p.t))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		texts = append(texts, text)
	}
	for i, p := range pages {
		if err := os.WriteFile(filepath.Join(root, p.name), []byte(texts[i]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// between puts table between the marks in page.
func between(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", fmt.Errorf("it has no line %q with a line %q behind it", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + table + end + after, nil
}
