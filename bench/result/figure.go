package result

import (
	"math"
	"slices"
)

// A Kind describes a figure.
type Kind struct {
	Name string
	Unit string
	More bool // more is better
	Says string
}

// Kinds are the figures that rows may have, in the order of a report. A row has
// those that can be measured of its peer.
var Kinds = []Kind{
	{Name: "cpu_us_per_req", Unit: "µs", Says: "processor time of the client's process, user and system, for each request"},
	{Name: "rps", Unit: "1/s", More: true, Says: "requests answered in a second; the origin and its core have a part in it"},
	{Name: "p50_us", Unit: "µs", Says: "half of the answers were whole within this time"},
	{Name: "p99_us", Unit: "µs", Says: "99 of 100 answers were"},
	{Name: "p999_us", Unit: "µs", Says: "999 of 1,000 answers were"},
	{Name: "bytes_per_waiting", Unit: "B", Says: "heap and stacks in use for each request that waits, or connection that idles"},
	{Name: "rss_per_waiting", Unit: "B", Says: "growth of the process's resident memory for each of them"},
	{Name: "goroutines", Unit: "", Says: "goroutines at the height of the work"},
	{Name: "allocs_per_req", Unit: "", Says: "objects allocated for each request"},
	{Name: "syscalls_per_req", Unit: "", Says: "system calls for each request, counted by strace in a run of its own"},
	{Name: "gc_share", Unit: "", Says: "part of the client's processor time that went to the garbage collector"},
	{Name: "cpu_share", Unit: "", Says: "part of one core that the client used meanwhile"},
	{Name: "lag_p99_us", Unit: "µs", Says: "how late a timer of the client's own ran, for 99 of 100"},
	{Name: "origin_share", Unit: "", Says: "part of one core that the origin used meanwhile: near 1, rps is the origin's and not the client's"},
}

// KindOf returns the description of the figure of that name.
func KindOf(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// Of returns the Figure of these rounds, of which there must be one at least.
func Of(rounds []float64) Figure {
	sorted := slices.Sorted(slices.Values(rounds))
	return Figure{
		Min:    sorted[0],
		Median: median(sorted),
		Max:    sorted[len(sorted)-1],
		Rounds: slices.Clone(rounds),
	}
}

// Ratio divides a by b round by round and returns the median. It reports false
// if no round has both, or a divisor is zero.
func Ratio(a, b Figure) (float64, bool) {
	var each []float64
	for i := range min(len(a.Rounds), len(b.Rounds)) {
		r := a.Rounds[i] / b.Rounds[i]
		if math.IsNaN(r) || math.IsInf(r, 0) {
			return 0, false
		}
		each = append(each, r)
	}
	if len(each) == 0 {
		return 0, false
	}
	return median(slices.Sorted(slices.Values(each))), true
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
