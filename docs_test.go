package qqloop

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var pages = []string{"README.md", "README.zh-CN.md", "DESIGN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/tour.md", "docs/bot.md", "docs/bot.zh-CN.md", "docs/transport.md", "docs/curl.md", "docs/faults.md", "docs/rules.md", "docs/rules.zh-CN.md", "docs/scripts.md", "docs/scripts.zh-CN.md"}

// TestLinksLead follows each relative link of our pages. Where the text of the
// link is a name, the file must have it: pages rot first at their names.
func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\[([^\]]+)\]\(([^)#]+)(#[^)]*)?\)`)
	for _, page := range pages {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			label, target := m[1], m[2]
			if strings.Contains(target, "://") {
				continue
			}
			file := filepath.Join(filepath.Dir(page), target)
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link [%s] leads nowhere: %v", page, label, err)
				continue
			}
			for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(label, -1) {
				if strings.HasSuffix(name[1], filepath.Ext(target)) {
					continue // the label names the file itself
				}
				parts := strings.Split(name[1], ".")
				if !strings.Contains(read(t, file), parts[len(parts)-1]) {
					t.Errorf("%s: %s is not in %s", page, name[1], file)
				}
			}
		}
	}
}

// TestPricesHaveABenchmark looks for the benchmark of each price that the tour
// quotes: "go run ./bench/prices -w" measures them anew.
func TestPricesHaveABenchmark(t *testing.T) {
	marks := regexp.MustCompile(`<!-- price (\S+) ([^\s/]+)[^>]*-->([^<]*)<!-- /price -->`).FindAllStringSubmatch(read(t, "docs/tour.md"), -1)
	if len(marks) == 0 {
		t.Fatal("the tour names no price")
	}
	for _, m := range marks {
		pkg, name, price := m[1], m[2], m[3]
		files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(files, func(f string) bool { return strings.Contains(read(t, f), "func Benchmark"+name+"(b *testing.B)") }) {
			t.Errorf("the tour quotes %s of %s, which has no such benchmark", name, pkg)
		}
		if !regexp.MustCompile(`^[0-9.]+( (ns|µs|ms))?$`).MatchString(price) {
			t.Errorf("the price of %s in %s is %q", name, pkg, price)
		}
	}
}

// TestReadmeExampleIsCompiled holds the Go of both READMEs against the Example
// that the test of package sched compiles and runs: what follows its first
// blank line, for before that it starts a server.
func TestReadmeExampleIsCompiled(t *testing.T) {
	source := read(t, "sched/example_test.go")
	body := regexp.MustCompile(`(?s)\nfunc Example\(\) \{\n.*?\n\n(.*?)\n\t// Output:`).FindStringSubmatch(source)
	if body == nil {
		t.Fatal("sched/example_test.go has no Example with an output")
	}
	want := strings.TrimSpace(regexp.MustCompile(`(?m)^\t`).ReplaceAllString(body[1], ""))
	for _, page := range pages[:2] {
		m := regexp.MustCompile("(?s)<!-- example: sched.Example -->\n```go\n(.*?)```").FindStringSubmatch(read(t, page))
		if m == nil {
			t.Errorf("%s does not show the example", page)
			continue
		}
		if got := strings.TrimSpace(m[1]); got != want {
			t.Errorf("%s shows\n%s\n\nwant what the test runs:\n%s", page, got, want)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
