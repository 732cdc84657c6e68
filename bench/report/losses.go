package report

import (
	"fmt"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// writeLosses says where we lose, and derives from it when not to use us.
func writeLosses(b *strings.Builder, f *result.File) {
	all, compared := losses(f)
	b.WriteString("## Where we lose\n\n")
	switch {
	case compared == 0:
		b.WriteString("Nothing was compared: no rival, or not we, has run.\n\n")
		return
	case len(all) == 0:
		fmt.Fprintf(b, "Nowhere, in %d comparisons (a figure, at a number of connections, with a rival).\n", compared)
	default:
		fmt.Fprintf(b, "In %d of %d comparisons (a figure, at a number of connections, with a rival).\n", len(all), compared)
		b.WriteString("Up to 5 % count as a draw, unless they show in each of three rounds or more.\n\n")
		b.WriteString("| scenario | figure | to | at connections | at worst | | in |\n")
		b.WriteString("| --- | --- | --- | ---: | --- | ---: | --- |\n")
		type key struct {
			scenario, figure string
			who              entry
		}
		for _, same := range groups(all, func(l loss) key { return key{l.scenario, l.kind.Name, l.who} }) {
			w := worst(same)
			fmt.Fprintf(b, "| %s | %s | %s | %s | we %s, they %s | %s | %d of %s |\n", w.scenario, name(w.kind), w.who,
				connsOf(same), measured(w.kind, w.ours), measured(w.kind, w.theirs), times(w.ratio), w.worse, roundsOf(w.of))
		}
	}
	if low, high := overFloor(f); low.ratio > 0 {
		fmt.Fprintf(b, "\nThe floor, which has no pool, no deadlines and no strict parser, is always cheaper: we take\n%s (%s) to %s (%s) of its processor time.\n",
			times(low.ratio), low.place(), times(high.ratio), high.place())
	}
	b.WriteString("\n## When not to use this\n\n")
	reasons := reasonsAgainst(all)
	if len(reasons) == 0 {
		b.WriteString("No Go client that was measured here is a reason. What the engine does not do is in\nthe README.\n")
	}
	for _, r := range reasons {
		b.WriteString("- " + r + "\n")
	}
	b.WriteString("\n")
}

func roundsOf(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// overFloor returns the lowest and the highest ratio to the floor, of CPU per
// request.
func overFloor(f *result.File) (low, high loss) {
	for _, r := range f.Rows {
		x, ok := r.Ratio["cpu_us_per_req"]
		if !ok || r.Peer != floor {
			continue
		}
		l := loss{scenario: r.Scenario, conns: r.Conns, ratio: x}
		if low.ratio == 0 || x < low.ratio {
			low = l
		}
		if x > high.ratio {
			high = l
		}
	}
	return low, high
}

// place names where a loss was: "get at 64".
func (l loss) place() string {
	if l.conns == 0 {
		return l.scenario
	}
	return l.scenario + " at " + thousands(int64(l.conns))
}

// uses say what somebody does whose work a scenario is like.
var uses = map[string]string{
	"get":            "You fetch small things over plain HTTP",
	"get-tls":        "You fetch small things over TLS",
	"post":           "You post small things",
	"chain":          "Each of your requests waits for the answer to the one before",
	"park":           "You hold requests that wait",
	"idle-tls":       "You keep idle TLS connections",
	"handshake":      "You open many TLS connections",
	"download":       "You fetch large bodies",
	"upload":         "You send large bodies",
	"open-loop":      "Your requests come at a fixed rate, and their latency counts",
	"timers":         "You need many exact timers",
	"sse":            "You follow event streams",
	"roundtrip":      "You want an http.RoundTripper for small requests",
	"roundtrip-park": "You want an http.RoundTripper for requests that wait",
	"loops":          "One loop is not enough for you",
	"accounts":       "You run many OneBot accounts",
	"parser":         "You only parse",
}

// says tell of a loss: who, his figure, ours.
var says = map[string]string{
	"cpu_us_per_req":    "%s takes %s of CPU for each, we take %s",
	"rps":               "%s manages %s, we manage %s",
	"p99_us":            "of %s, 99 in 100 are through within %s, of ours within %s",
	"bytes_per_waiting": "%s holds %s of Go memory for each, we hold %s",
}

// reasonsAgainst derives, from what was lost to clients that a Go program could
// use in our place, when to use those: a reason for each kind of work, with the
// worst case of each figure.
func reasonsAgainst(all []loss) (reasons []string) {
	var telling []loss
	for _, l := range all {
		if says[l.kind.Name] != "" && peerOf(l.who.peer).goLib {
			telling = append(telling, l)
		}
	}
	for _, work := range groups(telling, func(l loss) string { return l.scenario }) {
		use := uses[work[0].scenario]
		if use == "" {
			use = "Your work is like " + work[0].scenario
		}
		var parts []string
		for _, same := range groups(work, func(l loss) string { return l.kind.Name }) {
			w := worst(same)
			part := fmt.Sprintf(says[w.kind.Name], w.who, measured(w.kind, w.theirs), measured(w.kind, w.ours))
			switch at := connsOf(same); at {
			case "":
			case thousands(int64(w.conns)):
				part += " (at " + at + ")"
			default:
				part += fmt.Sprintf(" (at %s; lost at %s)", thousands(int64(w.conns)), at)
			}
			parts = append(parts, part)
		}
		reasons = append(reasons, fmt.Sprintf("**%s** (%s): %s.", use, work[0].scenario, strings.Join(parts, "; ")))
	}
	return reasons
}
