package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages on scripts are in two languages. What they show on the pipes is what
// goes over them, no key is left out, and the log says what they say.
func TestDocs(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source.WriteString(readFile(t, file))
		}
	}
	shown := map[string][]string{}
	for _, page := range []string{"scripts.md", "scripts.zh-CN.md"} {
		text := readFile(t, "../../docs/"+page)
		for _, m := range regexp.MustCompile(`(?m)^([→←]) (.*)$`).FindAllStringSubmatch(text, -1) {
			shown[page] = append(shown[page], m[0])
			checkLine(t, page, m[1] == "→", m[2])
		}
		for _, typ := range []reflect.Type{reflect.TypeFor[input](), reflect.TypeFor[output](), reflect.TypeFor[Config]()} {
			for f := range typ.Fields() {
				key, _, _ := strings.Cut(f.Tag.Get("json")+f.Tag.Get("toml"), ",")
				if !strings.Contains(text, "`"+key+"`") {
					t.Errorf("%s does not tell of %s", page, key)
				}
			}
		}
		for _, v := range (&input{Sender: &person{}}).environment() {
			name, _, _ := strings.Cut(v, "=")
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%s does not tell of %s", page, name)
			}
		}
		logged := regexp.MustCompile("(?m)^\\| `(a script [^`]*)` \\|").FindAllStringSubmatch(text, -1)
		if len(logged) == 0 {
			t.Errorf("%s does not tell what is logged", page)
		}
		for _, m := range logged {
			if !strings.Contains(source.String(), `"`+m[1]+`"`) {
				t.Errorf("%s: nothing logs %q", page, m[1])
			}
		}
		for _, limit := range []string{
			fmt.Sprintf("| %d |", maxQueue), fmt.Sprintf("| %d KiB |", maxLine>>10), fmt.Sprintf("| %d KiB |", onceAnswer>>10),
			fmt.Sprintf(`| "%s" |`, defaultTimeout), fmt.Sprintf(" %d ", maxBack), fmt.Sprintf(" %d ", usualWait),
			fmt.Sprintf(" %d ", onceAtOnce), fmt.Sprintf(" %d ", onceQueue), fmt.Sprintf(" %d ", firstPause.Milliseconds()),
		} {
			if !strings.Contains(strings.ReplaceAll(text, "`", ""), limit) {
				t.Errorf("%s does not tell of the limit %q", page, limit)
			}
		}
	}
	if len(shown["scripts.md"]) == 0 || !slices.Equal(shown["scripts.md"], shown["scripts.zh-CN.md"]) {
		t.Error("the two languages show other lines, or none")
	}
}

// checkLine holds a line against the type of its direction: no key that the type
// has not, and what a script is told must be as it is written.
func checkLine(t *testing.T, where string, told bool, line string) {
	t.Helper()
	var o output
	var in input
	into := any(&o)
	if told {
		into = &in
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Errorf("%s: %v: %s", where, err, line)
		return
	}
	switch {
	case told && line != string(bytes.TrimSpace(in.line())):
		t.Errorf("%s shows\n%s\nand a script is given\n%s", where, line, in.line())
	case !told && o.Send == "" && max(o.ReplyTo, o.Expect, o.Done) == 0:
		t.Errorf("%s: it names no message: %s", where, line)
	case !told && o.Send != "":
		if _, err := chatOf(o.Send); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
}

// The lines in the package's own documentation are whole, too, but for the times
// and segments that would make them long.
func TestDocGo(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^//\t(\{"\w+":.*?\})(?:\s{2,}.*)?$`).FindAllStringSubmatch(readFile(t, "doc.go"), -1)
	if len(lines) == 0 {
		t.Fatal("doc.go shows no line")
	}
	for _, m := range lines {
		checkLine(t, "doc.go", strings.HasPrefix(m[1], `{"type"`), m[1])
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
