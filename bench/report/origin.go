package report

import (
	"fmt"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// busy is from where on the origin, or its core, may be what holds requests up.
const busy = 0.9

// writeOrigin says where the figures for requests in a second, and for
// latency, are the origin's and not the client's.
func writeOrigin(b *strings.Builder, f *result.File) {
	const share = "origin_share"
	k := kindOf(share)
	most, where, n := 0.0, "", 0
	var held []string
	for _, s := range f.Scenarios {
		for _, conns := range connsIn(f.Rows, has(s.Name, share)) {
			var by []string
			for _, e := range entries(f.Rows, has(s.Name, share)) {
				r := f.Row(s.Name, e.variant, e.peer, conns)
				if r == nil {
					continue
				}
				fig, ok := r.Figures[share]
				if !ok {
					continue
				}
				n++
				if fig.Median > most {
					most, where = fig.Median, fmt.Sprintf("%s, %s at %s", s.Name, e, thousands(int64(conns)))
				}
				if fig.Median >= busy {
					by = append(by, fmt.Sprintf("%s (%s)", e, quantity(k, fig.Median)))
				}
			}
			if len(by) > 0 {
				held = append(held, fmt.Sprintf("%s at %s: %s", s.Name, thousands(int64(conns)), list(by)))
			}
		}
	}
	b.WriteString("## Was the origin the bottleneck?\n\n")
	switch {
	case n == 0:
		b.WriteString("Not measured.\n\n")
	case len(held) == 0:
		fmt.Fprintf(b, "Nowhere: it never used more than %s of its core (%s).\n\n", quantity(k, most), where)
	default:
		b.WriteString("It used 90 % of its core, or more, in these rows. Their requests in a second, and their\nlatencies, are the origin's as much as the client's; CPU per request is not touched.\n\n")
		for _, h := range held {
			b.WriteString("- " + h + "\n")
		}
		b.WriteString("\n")
	}
}
