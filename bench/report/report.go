package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// Name is what the report is called in the directory of --out.
const Name = "report.md"

// Write puts report.md and its charts for f into dir, which must exist.
func Write(dir string, f *result.File) error {
	charts, err := writeCharts(dir, f)
	if err != nil {
		return fmt.Errorf("report: charts: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name), []byte(markdown(f, charts)), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// markdown returns the report, which shows the charts of these names.
func markdown(f *result.File, charts []drawn) string {
	var b strings.Builder
	b.WriteString("# Measurements\n\n")
	writeMachine(&b, f)
	b.WriteString("## In short\n\n")
	b.WriteString(summary(f, english))
	for _, c := range charts {
		fmt.Fprintf(&b, "\n![%s](%s.svg)\n", c.alt, c.name)
	}
	b.WriteString("\n## How to read\n\n" + howToRead + "\n")
	writeLosses(&b, f)
	writeGrowth(&b, f)
	writeOrigin(&b, f)
	b.WriteString("## Scenario by scenario\n\n")
	for _, s := range f.Scenarios {
		writeScenario(&b, f, s)
	}
	writeAbsent(&b, f)
	return b.String()
}

const howToRead = `A cell is the median of the rounds, and in parentheses their range. Behind the
× is our figure divided by theirs, taken round by round, so that what disturbs
the machine for a while disturbs both; it is the median of these. Below ×1 we
are cheaper; of requests in a second, above ×1 we are faster. The best figure of
a column is bold. The floor does not compete: it is the smallest epoll loop
that still reads a length, and shows what is possible in Go. 1 KB is 1,024 bytes.
`
