package result_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/qqloop/qqloop/bench/result"
)

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		rounds           []float64
		low, median, top float64
	}{
		{[]float64{7}, 7, 7, 7},
		{[]float64{9, 1}, 1, 5, 9},
		{[]float64{3, 1, 2}, 1, 2, 3},
		{[]float64{4, 1, 3, 2}, 1, 2.5, 4},
	} {
		f := result.Of(c.rounds)
		if f.Min != c.low || f.Median != c.median || f.Max != c.top || !slices.Equal(f.Rounds, c.rounds) {
			t.Errorf("%v: got %+v; want %v, %v, %v", c.rounds, f, c.low, c.median, c.top)
		}
	}
}

// The ratio of medians is 1 here; round by round one of the two is always the
// cheaper, and most often it is the second.
func TestRatioIsTakenRoundByRound(t *testing.T) {
	a, b := result.Of([]float64{1, 2, 3}), result.Of([]float64{2, 3, 1})
	if got, ok := result.Ratio(a, b); !ok || got != 2.0/3 {
		t.Errorf("got %v, %v; want the median of 1/2, 2/3 and 3", got, ok)
	}
	if got, ok := result.Ratio(a, result.Of([]float64{0, 0, 0})); ok {
		t.Errorf("a ratio to nothing is %v", got)
	}
}

func TestFileRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := &result.File{
		Machine: result.Machine{CPU: "a model", Cores: 2, Kernel: "6.1", Go: "go1.26.0", Commit: "abc-dirty",
			Limit: 20000, LoadFirst: 0.5, LoadLast: 1.5, Started: time.Unix(1e9, 0).UTC(), Seconds: 12.5, Pinned: true, Cut: true},
		Scenarios: []result.Scenario{{Name: "get", About: "asks"}},
		Rows: []result.Row{{Scenario: "get", Peer: "nethttp", Conns: 64, Note: "drains",
			Figures: map[string]result.Figure{"rps": result.Of([]float64{1, 2, 3})},
			Ratio:   map[string]float64{"rps": 1.5}}},
		Absent: []result.Absent{{Peer: "wrk", Reason: "is not installed"}},
		Failed: []result.Failure{{Scenario: "get", Peer: "gnet", Conns: 1, Round: 2, Reason: "an answer was lost"}},
	}
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := result.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got.Row("get", "", "nethttp", 64) == nil || got.Row("get", "", "nethttp", 65) != nil {
		t.Error("Row finds what is not asked for, or not what is")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); left != nil {
		t.Errorf("%v was left behind", left)
	}
}

// Other programs read these names: the command's contract.
func TestNamesInTheFile(t *testing.T) {
	dir := t.TempDir()
	f := &result.File{Rows: []result.Row{{Figures: map[string]result.Figure{"rps": result.Of([]float64{1})}}}}
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]json.RawMessage
	var rows []map[string]json.RawMessage
	var figures map[string]map[string]json.RawMessage
	for _, err := range []error{json.Unmarshal(text, &top), json.Unmarshal(top["rows"], &rows),
		json.Unmarshal(rows[0]["figures"], &figures)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if top["machine"] == nil {
		t.Error("no machine")
	}
	for _, name := range []string{"scenario", "peer", "conns", "figures", "ratio"} {
		if rows[0][name] == nil {
			t.Errorf("a row has no %q", name)
		}
	}
	for _, name := range []string{"min", "median", "max", "rounds"} {
		if figures["rps"][name] == nil {
			t.Errorf("a figure has no %q", name)
		}
	}
	for _, name := range []string{"cpu_us_per_req", "rps", "p50_us", "p99_us", "p999_us", "bytes_per_waiting",
		"rss_per_waiting", "goroutines", "allocs_per_req", "syscalls_per_req", "gc_share", "lag_p99_us"} {
		if _, ok := result.KindOf(name); !ok {
			t.Errorf("%s is not in the catalogue", name)
		}
	}
}
