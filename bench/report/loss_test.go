package report

import (
	"math"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/bench/result"
)

// file returns a File with one figure of ours and one of a rival's.
func file(figure, rival string, ours, theirs []float64) *result.File {
	a, b := result.Of(ours), result.Of(theirs)
	x, _ := result.Ratio(a, b)
	return &result.File{Scenarios: []result.Scenario{{Name: "get", About: "asks"}}, Rows: []result.Row{
		{Scenario: "get", Peer: result.Subject, Conns: 64, Figures: map[string]result.Figure{figure: a}},
		{Scenario: "get", Peer: rival, Conns: 64, Figures: map[string]result.Figure{figure: b}, Ratio: map[string]float64{figure: x}},
	}}
}

func TestLosses(t *testing.T) {
	for _, c := range []struct {
		name         string
		figure       string
		rival        string
		ours, theirs []float64
		lost         bool
	}{
		{"dearer", "cpu_us_per_req", "nethttp", []float64{20, 20, 20}, []float64{10, 10, 10}, true},
		{"cheaper", "cpu_us_per_req", "nethttp", []float64{10, 10, 10}, []float64{20, 20, 20}, false},
		{"the same", "cpu_us_per_req", "nethttp", []float64{10, 10, 10}, []float64{10, 10, 10}, false},
		{"slower", "rps", "fasthttp", []float64{10, 10, 10}, []float64{20, 20, 20}, true},
		{"faster", "rps", "fasthttp", []float64{20, 20, 20}, []float64{10, 10, 10}, false},
		{"a draw", "cpu_us_per_req", "nethttp", []float64{10.2, 9.9, 10.2}, []float64{10, 10, 10}, false},
		{"a little, but each time", "cpu_us_per_req", "nethttp", []float64{10.2, 10.1, 10.2}, []float64{10, 10, 10}, true},
		{"a little, in rounds too few", "cpu_us_per_req", "nethttp", []float64{10.2, 10.1}, []float64{10, 10}, false},
		{"mostly, and by much", "rps", "nethttp", []float64{8, 11, 8}, []float64{10, 10, 10}, true},
		{"the floor is no rival", "cpu_us_per_req", "floor", []float64{20, 20, 20}, []float64{10, 10, 10}, false},
		{"a figure that does not count", "goroutines", "nethttp", []float64{20, 20, 20}, []float64{10, 10, 10}, false},
	} {
		all, _ := losses(file(c.figure, c.rival, c.ours, c.theirs))
		if got := len(all) > 0; got != c.lost {
			t.Errorf("%s: got %+v; want lost %v", c.name, all, c.lost)
		}
	}
}

// Only what somebody could use in our place is a reason not to use us.
func TestReasonsAgainst(t *testing.T) {
	ours, theirs := []float64{20, 20, 20}, []float64{10, 10, 10}
	all, _ := losses(file("cpu_us_per_req", "nethttp", ours, theirs))
	if got := strings.Join(reasonsAgainst(all), ""); !strings.Contains(got, "net/http takes 10 µs of CPU for each, we take 20 µs (at 64)") {
		t.Errorf("got %q", got)
	}
	all, _ = losses(file("cpu_us_per_req", "wrk", ours, theirs))
	if got := reasonsAgainst(all); got != nil {
		t.Errorf("got %q for a load generator in C; want none", got)
	}
}

func TestFit(t *testing.T) {
	f := &result.File{}
	for _, n := range []int{1, 8, 64, 512, 4096} {
		v := 3 * math.Sqrt(float64(n))
		if n == 1 {
			v = 1000 // another law: left out
		}
		f.Rows = append(f.Rows, result.Row{Scenario: "get", Peer: "nethttp", Conns: n,
			Figures: map[string]result.Figure{"cpu_us_per_req": result.Of([]float64{v})}})
	}
	law, ok := fitOf(f, "get", "cpu_us_per_req", entry{"nethttp", ""})
	if !ok || math.Abs(law.exponent-0.5) > 1e-9 || law.from != 8 || law.to != 4096 || math.Abs(law.factor-math.Sqrt(512)) > 1e-9 {
		t.Errorf("got %+v, %v; want N^0.5 from 8 to 4,096", law, ok)
	}
	f.Rows = f.Rows[:2]
	if law, ok := fitOf(f, "get", "cpu_us_per_req", entry{"nethttp", ""}); ok {
		t.Errorf("got %+v from one point", law)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0001: "< 0.001", 0.0123: "0.012", 0.5: "0.50", 2.296: "2.30", 13.04: "13.0", 64: "64", 99.96: "100.0", 123.4: "123", 1234567: "1,234,567", -1234: "-1,234",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q; want %q", v, got, want)
		}
	}
	bytes, share := kindOf("bytes_per_waiting"), kindOf("gc_share")
	for _, c := range []struct {
		kind result.Kind
		v    float64
		want string
	}{
		{bytes, 880.4, "880 B"}, {bytes, 27 << 10, "27 KB"}, {bytes, 28000, "27.3 KB"}, {bytes, 200 << 20, "200 MB"},
		{share, 0.125, "12.5 %"}, {kindOf("rps"), 40000, "40,000/s"}, {kindOf("p99_us"), 99.5, "99.5 µs"}, {kindOf("p99_us"), 134656, "135 ms"}, {kindOf("goroutines"), 5, "5"},
	} {
		if got := measured(c.kind, c.v); got != c.want {
			t.Errorf("%s of %v: got %q; want %q", c.kind.Name, c.v, got, c.want)
		}
	}
	for v, want := range map[float64]string{0: "×0", 0.0001: "< ×0.001", 0.0345: "×0.035", 0.345: "×0.34", 1: "×1.00", 12.4: "×12", 1234: "×1,234"} {
		if got := times(v); got != want {
			t.Errorf("times(%v) = %q; want %q", v, got, want)
		}
	}
}
