package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readDifferences reads from docs/curl.md what is meant to differ from curl, and
// why.
func readDifferences(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/curl.md")
	check(t, err)
	all := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) == 4 && !strings.Contains(line, "| what |") && !strings.Contains(line, "---") {
			all[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
		}
	}
	return all
}

// readComparisons reads the tables.
func readComparisons(t *testing.T, differences map[string]string) []*comparison {
	t.Helper()
	named := map[string]bool{}
	names, err := filepath.Glob("testdata/compare/*.txt")
	check(t, err)
	var all []*comparison
	for _, name := range names {
		text, err := os.ReadFile(name)
		check(t, err)
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			c := &comparison{where: filepath.Base(name) + ":" + strconv.Itoa(number), line: line}
			line, c.fails = strings.CutPrefix(line, "!")
			if rest, ok := strings.CutPrefix(line, "~"); ok {
				c.differs, line, _ = strings.Cut(rest, " ")
				named[c.differs] = true
				if differences[c.differs] == "" {
					t.Errorf("%s: the difference %q has no reason", c.where, c.differs)
				}
			}
			c.args = words(line)
			if n := len(c.args); n > 2 && c.args[n-2] == "<" {
				c.args, c.stdin = c.args[:n-2], c.args[n-1]
				if _, ok := compareFiles[c.stdin]; !ok {
					t.Errorf("%s: there is no file %q", c.where, c.stdin)
				}
			}
			all = append(all, c)
		}
	}
	for name := range differences {
		if !named[name] {
			t.Errorf("docs/curl.md has the difference %q, and no line shows it", name)
		}
	}
	return all
}

// words splits a line as a shell does: at blanks, but not in single or double
// quotes.
func words(line string) []string {
	var all []string
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && c == ' ':
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if inWord {
		all = append(all, word.String())
	}
	return all
}

// compared are the letters that somebody who swaps curl for qqloop relies on.
var compared = []string{"-L", "--max-redirs", "-k", "--cacert", "--cert", "--key", "-x", "--socks5-hostname", "-u", "--digest", "-b", "-c",
	"--compressed", "-T", "-F", "-G", "-d", "--data-binary", "--data-raw", "--data-urlencode", "-O", "-o", "-r", "-C", "--max-filesize", "--raw",
	"-0", "--retry", "--retry-delay", "--retry-max-time", "--resolve", "--unix-socket", "--abstract-unix-socket", "-D", "-w", "-s", "-S", "-v", "-A", "-e", "-H", "-X", "-I", "-i", "-f",
	"-m", "--connect-timeout", "-Z", "--noproxy", "-U", "--anyauth", "--basic"}

// checkCoverage sees to it that each of them is compared twice at least, and
// once where it fails.
func checkCoverage(t *testing.T, all []*comparison) {
	t.Helper()
	for _, flag := range compared {
		used, failed := 0, 0
		for _, c := range all {
			if slices.ContainsFunc(c.args, func(arg string) bool { return usesFlag(arg, flag) }) {
				used++
				if c.fails {
					failed++
				}
			}
		}
		if used < 2 || failed == 0 {
			t.Errorf("%s is in %d lines, %d of which fail; want 2, and one that fails", flag, used, failed)
		}
	}
}

// usesFlag reports whether arg is flag, or a bundle of short ones that ends
// with it or holds it before others that take no value: -sS, -LO.
func usesFlag(arg, flag string) bool {
	if strings.HasPrefix(flag, "--") {
		return arg == flag || strings.HasPrefix(arg, flag+"=")
	}
	return arg == flag || len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.Contains(arg, flag[1:]) && strings.Trim(arg[1:], "sSLfiIkOvZG0") == ""
}
