package report

import (
	"cmp"
	"slices"

	"github.com/qqloop/qqloop/bench/result"
)

// A loss is a figure that counts and of which a rival has the better one.
type loss struct {
	scenario     string
	kind         result.Kind
	conns        int
	who          entry
	ours, theirs float64
	ratio        float64
	worse, of    int // in how many rounds, of how many
}

// losses returns what was lost, in the order of the scenarios, and how many
// comparisons there were. The floor is no rival: it is always below us.
func losses(f *result.File) (all []loss, compared int) {
	for _, s := range f.Scenarios {
		for _, k := range kindsIn(f, s.Name) {
			if !counts(s.Name, k) {
				continue
			}
			for i := range f.Rows {
				r := &f.Rows[i]
				x, ok := r.Ratio[k.Name]
				ours := subject(f, r)
				if !ok || ours == nil || r.Scenario != s.Name || r.Peer == result.Subject || r.Peer == floor {
					continue
				}
				compared++
				mine, yours := ours.Figures[k.Name], r.Figures[k.Name]
				l := loss{scenario: s.Name, kind: k, conns: r.Conns, who: entry{r.Peer, r.Variant},
					ours: mine.Median, theirs: yours.Median, ratio: x, of: min(len(mine.Rounds), len(yours.Rounds))}
				for j := range l.of {
					if better(k, yours.Rounds[j], mine.Rounds[j]) {
						l.worse++
					}
				}
				if l.real() {
					all = append(all, l)
				}
			}
		}
	}
	return all, compared
}

// real reports whether a loss is more than a draw: by more than 5 %, or less
// but in every round, of three at least.
func (l loss) real() bool {
	if !better(l.kind, 1, l.ratio) {
		return false
	}
	return l.ratio > 1.05 || l.ratio < 1/1.05 || l.worse == l.of && l.of >= 3
}

// subject returns our row that r is compared with: of the same variant, if
// there is one.
func subject(f *result.File, r *result.Row) *result.Row {
	return cmp.Or(f.Row(r.Scenario, r.Variant, result.Subject, r.Conns),
		f.Row(r.Scenario, "", result.Subject, r.Conns))
}

// worst returns the loss with the ratio that is furthest from 1.
func worst(same []loss) loss {
	w := same[0]
	for _, l := range same {
		if better(l.kind, w.ratio, l.ratio) { // a ratio is better where the figure is
			w = l
		}
	}
	return w
}

// groups puts losses with the same key together, in the order in which the keys
// appear.
func groups[K comparable](all []loss, key func(loss) K) [][]loss {
	var keys []K
	of := map[K][]loss{}
	for _, l := range all {
		k := key(l)
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], l)
	}
	var gs [][]loss
	for _, k := range keys {
		gs = append(gs, of[k])
	}
	return gs
}

// connsOf writes the numbers of connections of losses, or "" where they have no
// meaning.
func connsOf(same []loss) string {
	var conns []int
	for _, l := range same {
		conns = append(conns, l.conns)
	}
	slices.Sort(conns)
	var words []string
	for _, n := range slices.Compact(conns) {
		if n > 0 {
			words = append(words, thousands(int64(n)))
		}
	}
	return list(words)
}
