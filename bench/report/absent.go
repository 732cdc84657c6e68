package report

import (
	"fmt"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// writeAbsent says who is missing, and what went wrong.
func writeAbsent(b *strings.Builder, f *result.File) {
	b.WriteString("## Who is missing\n\n")
	if len(f.Absent) == 0 && len(f.Failed) == 0 {
		b.WriteString("Nobody.\n")
	}
	type key struct{ peer, reason string }
	var keys []key
	where := map[key][]string{}
	for _, a := range f.Absent {
		k := key{a.Peer, a.Reason}
		if where[k] == nil {
			keys = append(keys, k)
		}
		place := "everywhere"
		if a.Scenario != "" {
			place = loss{scenario: a.Scenario, conns: a.Conns}.place()
		}
		where[k] = append(where[k], place)
	}
	for _, k := range keys {
		fmt.Fprintf(b, "- %s, %s: %s\n", peerOf(k.peer).shown, list(where[k]), k.reason)
	}
	if len(f.Failed) == 0 {
		return
	}
	b.WriteString("\nWhat went wrong: these have no row, whatever their other rounds said.\n\n")
	for _, x := range f.Failed {
		fmt.Fprintf(b, "- %s, %s, round %d: %s\n", entry{x.Peer, x.Variant}, loss{scenario: x.Scenario, conns: x.Conns}.place(), x.Round, x.Reason)
	}
}
