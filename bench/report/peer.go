package report

import (
	"cmp"
	"slices"

	"github.com/qqloop/qqloop/bench/chart"
	"github.com/qqloop/qqloop/bench/result"
)

// A peer is somebody who was measured, as the report shows him.
type peer struct {
	name  string // in results.json
	shown string
	look  chart.Look
	goLib bool // one could use it in a Go program instead of us
}

// floor is the peer that is a limit and no rival.
const floor = "floor"

// peers stand in the order of the report. gnet is no HTTP client: it has the
// floor's parser.
var peers = []peer{
	{result.Subject, "qqloop", chart.Subject, false},
	{floor, "floor", chart.Floor, false},
	{"nethttp", "net/http", chart.Other, true},
	{"fasthttp", "fasthttp", chart.Other + 1, true},
	{"hertz", "Hertz", chart.Other + 2, true},
	{"nbio", "nbio", chart.Other + 3, true},
	{"gnet", "gnet (raw)", chart.Other + 4, false},
	{"wrk", "wrk (C)", chart.Other + 5, false},
	{"curl", "curl (C)", chart.Other + 6, false},
	{"tornado", "Tornado", chart.Other + 7, false},
	{"tornado-curl", "Tornado, pycurl", chart.Other + 8, false},
	{"urllib", "urllib", chart.Other + 9, false},
}

// peerOf returns the peer of that name; one that the report does not know is
// shown by it.
func peerOf(name string) peer {
	for _, p := range peers {
		if p.name == name {
			return p
		}
	}
	return peer{name: name, shown: name, look: chart.Other + chart.Look(len(peers))}
}

func (p peer) rank() int {
	i := slices.IndexFunc(peers, func(q peer) bool { return q.name == p.name })
	if i < 0 {
		return len(peers)
	}
	return i
}

// An entry is a line of a table: a peer, in one of its variants.
type entry struct{ peer, variant string }

func (e entry) String() string {
	if e.variant == "" {
		return peerOf(e.peer).shown
	}
	return peerOf(e.peer).shown + " (" + e.variant + ")"
}

// entries returns who has rows that keep, in the order of the report.
func entries(rows []result.Row, keep func(*result.Row) bool) []entry {
	var all []entry
	for i := range rows {
		if e := (entry{rows[i].Peer, rows[i].Variant}); keep(&rows[i]) && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(peerOf(a.peer).rank(), peerOf(b.peer).rank()), cmp.Compare(a.peer, b.peer))
	})
	return all
}

// connsIn returns the numbers of connections in rows that keep, rising.
func connsIn(rows []result.Row, keep func(*result.Row) bool) []int {
	var all []int
	for i := range rows {
		if keep(&rows[i]) {
			all = append(all, rows[i].Conns)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// has returns a filter for rows of a scenario that have a figure.
func has(scenario, figure string) func(*result.Row) bool {
	return func(r *result.Row) bool {
		_, ok := r.Figures[figure]
		return ok && r.Scenario == scenario
	}
}
