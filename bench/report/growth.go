package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// A fit is a power law through the medians of one figure: it grows as
// N^exponent.
type fit struct {
	from, to int     // connections
	factor   float64 // what it is at to, divided by what it is at from
	exponent float64
}

// power writes the exponent. To add zero takes the sign from a zero.
func (l fit) power() string { return fmt.Sprintf("%.2f", math.Round(l.exponent*100)/100+0) }

func (l fit) String() string { return fmt.Sprintf("×%.2f, N^%s", l.factor, l.power()) }

// fewest is where a fit begins. With one connection, nothing is shared between
// requests, neither a wait nor a cache; that is another law.
const fewest = 8

// fitOf fits a line through the logarithms, by least squares. It takes two
// numbers of connections, at the least.
func fitOf(f *result.File, scenario, figure string, e entry) (fit, bool) {
	var x, y []float64
	var law fit
	first := 0.0
	keep := has(scenario, figure)
	for _, n := range connsIn(f.Rows, keep) {
		r := f.Row(scenario, e.variant, e.peer, n)
		if n < fewest || r == nil || !keep(r) || r.Figures[figure].Median <= 0 {
			continue
		}
		v := r.Figures[figure].Median
		if len(x) == 0 {
			law.from, first = n, v
		}
		law.to, law.factor = n, v/first
		x, y = append(x, math.Log(float64(n))), append(y, math.Log(v))
	}
	if len(x) < 2 {
		return fit{}, false
	}
	law.exponent = slope(x, y)
	return law, true
}

// slope returns that of the line with the least squares.
func slope(x, y []float64) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(y))
	}
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
	}
	return xy / xx
}

func writeGrowth(b *strings.Builder, f *result.File) {
	var tables strings.Builder
	for _, k := range []result.Kind{kindOf("cpu_us_per_req"), kindOf("bytes_per_waiting")} {
		growthTable(&tables, f, k)
	}
	if tables.Len() == 0 {
		return
	}
	fmt.Fprintf(b, "## How costs grow\n\nWhat a request or a connection costs when there are N of them, as a power of N: 0 does\nnot grow, 1 doubles with twice as many. Fitted through the medians from %d connections on\n(least squares, both scales logarithmic); in parentheses the cost at the most\nconnections, divided by that at the fewest.\n\n", fewest)
	b.WriteString(tables.String())
}

func growthTable(b *strings.Builder, f *result.File, k result.Kind) {
	var scenarios []string
	for _, s := range f.Scenarios {
		for _, e := range entries(f.Rows, has(s.Name, k.Name)) {
			if _, ok := fitOf(f, s.Name, k.Name, e); ok {
				scenarios = append(scenarios, s.Name)
				break
			}
		}
	}
	if len(scenarios) == 0 {
		return
	}
	fmt.Fprintf(b, "| %s | %s |\n| --- |%s\n", name(k), strings.Join(scenarios, " | "), strings.Repeat(" ---: |", len(scenarios)))
	for _, e := range entries(f.Rows, func(r *result.Row) bool { _, ok := r.Figures[k.Name]; return ok }) {
		line, any := "| "+e.String()+" |", false
		for _, s := range scenarios {
			law, ok := fitOf(f, s, k.Name, e)
			if !ok {
				line += " – |"
				continue
			}
			line += fmt.Sprintf(" %s (×%.2f, %s to %s) |", law.power(), law.factor, thousands(int64(law.from)), thousands(int64(law.to)))
			any = true
		}
		if any {
			b.WriteString(line + "\n")
		}
	}
	b.WriteString("\n")
}
