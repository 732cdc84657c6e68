package rules

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/qqloop/qqloop/bot/script"
)

// The pages on rules are in two languages: each example of theirs is a file of
// rules, both have the same, and no key and no field is left out.
func TestDocs(t *testing.T) {
	examples := map[string][]string{}
	for _, page := range []string{"rules.md", "rules.zh-CN.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			examples[page] = append(examples[page], m[1])
			var all struct {
				File
				Scripts []script.Config `toml:"script"`
			}
			err := toml.NewDecoder(strings.NewReader(m[1])).DisallowUnknownFields().Decode(&all)
			names := Known{Accounts: known.Accounts}
			for _, s := range all.Scripts {
				names.Scripts = append(names.Scripts, s.Name)
			}
			if err == nil {
				err = all.Check(page, []byte(m[1]), names)
			}
			if err != nil {
				t.Errorf("%s: an example is no file of rules: %v\n%s", page, err, m[1])
			}
		}
		if len(examples[page]) == 0 {
			t.Errorf("%s has no examples", page)
		}
		for f := range reflect.TypeFor[Rule]().Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
			if key != "name" && !strings.Contains(string(text), "| `"+key+"` |") {
				t.Errorf("%s does not tell of %s", page, key)
			}
		}
		for f := range reflect.TypeFor[Scene]().Fields() {
			if !strings.Contains(string(text), "`."+f.Name) {
				t.Errorf("%s does not tell of .%s", page, f.Name)
			}
		}
	}
	if !slices.Equal(examples["rules.md"], examples["rules.zh-CN.md"]) {
		t.Error("the two languages have other examples")
	}
}
