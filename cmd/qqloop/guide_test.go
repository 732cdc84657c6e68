package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guideScript makes a testscript of a page: its sh blocks are run, toml blocks
// are added to qqloop.toml, and comments <!-- test: ... --> do by hand what the
// page tells people to do. The page's port is that of an emulator.
func guideScript(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	check(t, err)
	var script, files strings.Builder
	script.WriteString("start emu qqloop emulate --service onebot --token TOKEN\n" +
		`expect emu '"http":"(?P<HTTP>127.0.0.1:[0-9]+)"'` + "\n")
	files.WriteString("-- token --\nTOKEN\n")
	pieces := regexp.MustCompile("(?ms)^<!-- test: (.*?) -->$|^```(sh|toml)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	commands := 0
	for _, piece := range pieces {
		hand, kind, block := piece[1], piece[2], piece[3]
		switch kind {
		case "":
			script.WriteString(hand + "\n")
		case "toml":
			files.WriteString("-- more --\n" + block)
			script.WriteString("exec sh -c 'cat more >>qqloop.toml'\n")
		case "sh":
			for line := range strings.Lines(block) {
				line = strings.TrimSpace(line)
				commands++
				switch {
				case strings.HasPrefix(line, "go install "): // the test has the command
				case line == "qqloop run":
					script.WriteString("start run qqloop run\n")
				default:
					line = strings.ReplaceAll(strings.ReplaceAll(line, "'", "''"), "127.0.0.1:3000", "'$HTTP'")
					script.WriteString("exec sh -c '" + line + "'\n")
				}
			}
		}
	}
	if commands < 5 {
		t.Fatalf("%s has %d commands; want at least five", page, commands)
	}
	script.WriteString("tell emu quit\nawait emu 0\n")
	return script.String() + files.String()
}

// TestGuide follows docs/bot.md word by word, and its translation.
func TestGuide(t *testing.T) {
	dir := t.TempDir()
	for _, page := range []string{"bot.md", "bot.zh-CN.md"} {
		script := guideScript(t, filepath.Join("..", "..", "docs", page))
		check(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(page, ".", "-")+".txtar"), []byte(script), 0o666))
	}
	runScripts(t, dir)
}
