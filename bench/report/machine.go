package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bench/result"
)

func writeMachine(b *strings.Builder, f *result.File) {
	m := f.Machine
	took := time.Duration(m.Seconds * float64(time.Second)).Round(time.Second)
	pinned := "no"
	if m.Pinned {
		pinned = "yes, to a core each"
	}
	fmt.Fprintf(b, "Written by `go run ./bench`; the figures are in [%s](%[1]s).\n\n", result.Name)
	b.WriteString("| | |\n| --- | --- |\n")
	fmt.Fprintf(b, "| machine | %s; %d cores; %s MB |\n", m.CPU, m.Cores, thousands(m.MemoryKB>>10))
	fmt.Fprintf(b, "| kernel | %s |\n", m.Kernel)
	fmt.Fprintf(b, "| Go | %s |\n", m.Go)
	fmt.Fprintf(b, "| commit | %s |\n", m.Commit)
	fmt.Fprintf(b, "| load average | %.2f before, %.2f after |\n", m.LoadFirst, m.LoadLast)
	fmt.Fprintf(b, "| descriptors | %s for one process |\n", thousands(int64(m.Limit)))
	fmt.Fprintf(b, "| origin and client pinned | %s |\n", pinned)
	fmt.Fprintf(b, "| rounds | %d, or fewer where time was short |\n", rounds(f))
	fmt.Fprintf(b, "| begun | %s, took %v |\n\n", m.Started.UTC().Format("2006-01-02 15:04 UTC"), took)
	if m.Cores > 0 && m.LoadFirst > float64(m.Cores)/2 {
		b.WriteString("**The machine had other work**, as the load shows: times are too long, and only ratios can be\nbelieved, the more the more rounds there were.\n\n")
	}
	if m.Quick {
		b.WriteString("**A quick run**: short rounds, and few. It shows that everything runs; its figures are rough.\n\n")
	}
	if m.Cut {
		b.WriteString("**The run was interrupted**: what is missing was not run.\n\n")
	}
	if strings.HasSuffix(m.Commit, "-dirty") {
		b.WriteString("**The tree had changes** that are not in that commit.\n\n")
	}
}

// rounds returns the largest number of rounds of a figure.
func rounds(f *result.File) (n int) {
	for _, r := range f.Rows {
		for _, fig := range r.Figures {
			n = max(n, len(fig.Rounds))
		}
	}
	return n
}
