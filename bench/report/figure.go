package report

import (
	"slices"

	"github.com/qqloop/qqloop/bench/result"
)

// names of the figures in the report. The catalogue of package result says what
// they are.
var names = map[string]string{
	"cpu_us_per_req":    "CPU per request",
	"rps":               "Requests in a second",
	"p50_us":            "Half of the answers within",
	"p99_us":            "99 of 100 answers within",
	"p999_us":           "999 of 1,000 answers within",
	"bytes_per_waiting": "Go memory for each",
	"rss_per_waiting":   "Resident memory for each",
	"goroutines":        "Goroutines",
	"allocs_per_req":    "Allocations for each request",
	"syscalls_per_req":  "System calls for each request",
	"gc_share":          "Share of the garbage collector",
	"lag_p99_us":        "Timers late by, 99 of 100",
	"origin_share":      "The origin's core in use",
}

func name(k result.Kind) string {
	if n := names[k.Name]; n != "" {
		return n
	}
	return k.Name
}

// title is the name with the unit, where cells do not carry it.
func title(k result.Kind) string {
	if k.Unit == "" || k.Unit == "B" || k.Unit == "1/s" {
		return name(k)
	}
	return name(k) + ", " + k.Unit
}

// paced are the scenarios in which requests come at a rate that is given: how
// many there are in a second says nothing of the client.
var paced = []string{"open-loop", "timers", "sse"}

// counts reports whether a figure is shown openly, and can be lost, in a
// scenario. The others are there for those who ask why.
func counts(scenario string, k result.Kind) bool {
	switch k.Name {
	case "cpu_us_per_req", "p99_us", "bytes_per_waiting", "allocs_per_req":
		return true
	case "rps":
		return !slices.Contains(paced, scenario)
	case "lag_p99_us":
		return scenario == "handshake" // the others wait for their own requests
	}
	return false
}

// kindOf returns the description of a figure, which need not be in the
// catalogue.
func kindOf(name string) result.Kind {
	if k, ok := result.KindOf(name); ok {
		return k
	}
	return result.Kind{Name: name}
}
