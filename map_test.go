package qqloop

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/qqloop/qqloop"

// rooms lists the packages from the top down. A package may import only those
// below it, and of other modules and the system only what it is granted here.
var rooms = []struct {
	path   string
	grants []string // beyond the standard library
	denies []string // of the standard library
}{
	{path: "cmd/qqloop", grants: []string{"github.com/alecthomas/kong", "github.com/pelletier/go-toml/v2", "golang.org/x"}},
	{path: "bot/store", grants: []string{"go.etcd.io/bbolt"}},
	{path: "bot/script"},
	{path: "bot/life", denies: []string{"os"}},
	{path: "bot/rules", grants: []string{"github.com/pelletier/go-toml/v2", "github.com/adhocore/gronx", "github.com/fsnotify/fsnotify"}, denies: []string{"os"}},
	{path: "bot", grants: []string{"golang.org/x/net", "golang.org/x/text"}},
	{path: "webqq/emulator", grants: []string{"github.com/pelletier/go-toml/v2", "rsc.io/qr"}},
	{path: "webqq", grants: []string{"golang.org/x/net"}},
	{path: "onebot/emulator"},
	{path: "onebot", denies: []string{"os", "net", "sync"}},
	{path: "sched/schedtest"},
	{path: "sched", grants: []string{"golang.org/x/net/idna", "golang.org/x/net/http/httpguts"}, denies: []string{"os", "net"}},
	{path: "sim", denies: []string{"os"}},
	{path: "internal/coding", grants: []string{"github.com/andybalholm/brotli", "github.com/klauspost/compress"}, denies: []string{"os", "net"}},
	{path: "internal/proxy", denies: []string{"os"}},
	{path: "internal/tlsconn", denies: []string{"os"}},
	{path: "internal/cut", denies: []string{"os", "net", "time", "sync"}},
	{path: "internal/digest", denies: []string{"os", "net", "time", "sync", "crypto/rand"}},
	{path: "internal/pool", denies: []string{"os", "net", "time", "sync"}},
	{path: "internal/names", denies: []string{"os", "sync"}},
	{path: "internal/nettypes", denies: []string{"os"}},
	{path: "internal/faultproxy"},
	{path: "internal/freeaddr"},
	{path: "internal/kernel", grants: []string{"golang.org/x/sys"}},
	{path: "httpwire/websocket", denies: []string{"net", "os", "time", "sync", "context", "syscall"}},
	{path: "httpwire", denies: []string{"net", "os", "time", "sync", "context", "syscall"}},
	{path: "loop", grants: []string{"golang.org/x/sys"}, denies: []string{"net"}},
}

// strangers are pairs of which neither may import the other, though one stands
// below the other in the list.
var strangers = [][2]string{
	{"loop", "httpwire"},
	{"webqq", "webqq/emulator"}, // they would share their mistakes
	{"onebot", "onebot/emulator"},
}

// TestImportsRunDown holds the map in doc.go against the code.
func TestImportsRunDown(t *testing.T) {
	imports := importsOf(t)
	floor := map[string]int{}
	for i, r := range rooms {
		floor[module+"/"+r.path] = len(rooms) - i
	}
	for path := range imports {
		if path != module && floor[path] == 0 {
			t.Errorf("%s has no place in the map: give it one", path)
		}
	}
	for _, r := range rooms {
		from := module + "/" + r.path
		if imports[from] == nil {
			t.Errorf("%s stands in the map, but not in the repository", r.path)
		}
		for _, to := range imports[from] {
			first, _, _ := strings.Cut(to, "/")
			switch {
			case strings.HasPrefix(to, module+"/"):
				if floor[to] >= floor[from] {
					t.Errorf("%s imports %s, which is not below it", r.path, to)
				}
			case strings.Contains(first, "."):
				if !slices.ContainsFunc(r.grants, func(g string) bool { return to == g || strings.HasPrefix(to, g+"/") }) {
					t.Errorf("%s imports %s, which it is not granted", r.path, to)
				}
			case slices.Contains(r.denies, to):
				t.Errorf("%s imports %s, which it is denied", r.path, to)
			}
		}
	}
	for _, pair := range strangers {
		for _, way := range [][2]string{pair, {pair[1], pair[0]}} {
			if slices.Contains(imports[module+"/"+way[0]], module+"/"+way[1]) {
				t.Errorf("%s imports %s: they must not know each other", way[0], way[1])
			}
		}
	}
}

// importsOf asks the go command what each package imports, tests left out.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return imports
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		imports[p.ImportPath] = append([]string{}, p.Imports...)
	}
}
