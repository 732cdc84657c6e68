package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/bench/chart"
	"github.com/qqloop/qqloop/bench/result"
)

// drawn is a chart that the report shows.
type drawn struct{ name, alt string }

// charts make the panels of each chart; none where the figures are missing.
var charts = []struct {
	drawn
	panels func(*result.File) []chart.Panel
}{
	{drawn{"cpu", "CPU per GET, by connections"}, cpuChart},
	{drawn{"memory", "Memory for each waiting request"}, memoryChart},
	{drawn{"latency", "Latency at a fixed rate, by percentile"}, latencyChart},
	{drawn{"growth", "How costs grow with connections"}, growthChart},
	{drawn{"work", "System calls and allocations per request"}, workChart},
}

// writeCharts draws what the figures are there for, removes what an earlier run
// has drawn of the others, and says what it drew.
func writeCharts(dir string, f *result.File) (all []drawn, err error) {
	for _, c := range charts {
		panels := c.panels(f)
		if len(panels) > 0 {
			if err := chart.Save(dir, c.name, panels...); err != nil {
				return nil, err
			}
			all = append(all, c.drawn)
			continue
		}
		for _, ext := range []string{".svg", ".png"} {
			if err := os.Remove(filepath.Join(dir, c.name+ext)); err != nil && !os.IsNotExist(err) {
				return nil, err
			}
		}
	}
	return all, nil
}

// cpuChart is CPU per small GET.
func cpuChart(f *result.File) []chart.Panel {
	k := kindOf("cpu_us_per_req")
	var series []chart.Series
	for _, e := range plain(f, "get", k.Name) {
		var points []chart.Point
		for _, r := range rowsOf(f, "get", k.Name, e) {
			fig := r.Figures[k.Name]
			points = append(points, chart.Point{X: float64(r.Conns), Y: fig.Median, Low: fig.Min, High: fig.Max})
		}
		series = append(series, chart.Series{Name: named(e, quantity(k, points[len(points)-1].Y)), Look: peerOf(e.peer).look, Points: points})
	}
	if !worthDrawing(series) {
		return nil
	}
	low, high := bounds(series)
	return []chart.Panel{chart.Lines{
		Heading: chart.Heading{Title: "CPU time per GET, in µs", Note: "User and system time of the client's process. Small answers over kept plain connections."},
		X:       connsAxis(series), Y: chart.Range(low, high, tick), Series: series,
	}}
}

// memoryChart is the memory of a waiting request, where most of them wait.
func memoryChart(f *result.File) []chart.Panel {
	k := kindOf("bytes_per_waiting")
	conns := connsIn(f.Rows, func(r *result.Row) bool { return has("park", k.Name)(r) && r.Peer == result.Subject })
	if len(conns) == 0 {
		return nil
	}
	n := conns[len(conns)-1]
	bars := barsOf(f, "park", k, n)
	low, high := bars[0].Value, bars[len(bars)-1].Value
	if len(bars) < 2 || low <= 0 {
		return nil
	}
	axis := chart.Axis{Log: true, Min: min(low/2, 64), Max: high * 1.1}
	for v := 64.0; v <= axis.Max; v *= 4 {
		axis.Ticks = append(axis.Ticks, chart.Tick{Value: v, Label: quantity(k, v)})
	}
	return []chart.Panel{chart.Bars{
		Heading: chart.Heading{Title: "Go memory for each waiting request",
			Note: thousands(int64(n)) + " long polls, none answered. Heap and stacks in use; the scale is logarithmic."},
		Axis: axis, Bars: bars,
	}}
}

// latencyChart is the tail: 1 answer in 2, 100 and 1,000 took longer.
func latencyChart(f *result.File) []chart.Panel {
	figures := []struct {
		name  string
		oneIn float64
	}{{"p50_us", 2}, {"p99_us", 100}, {"p999_us", 1000}}
	conns := connsIn(f.Rows, func(r *result.Row) bool { return has("open-loop", "p99_us")(r) && r.Peer == result.Subject })
	if len(conns) == 0 {
		return nil
	}
	n := conns[len(conns)-1]
	var series []chart.Series
	for _, e := range plain(f, "open-loop", "p99_us") {
		r := f.Row("open-loop", e.variant, e.peer, n)
		if r == nil {
			continue
		}
		var points []chart.Point
		for _, at := range figures {
			if fig, ok := r.Figures[at.name]; ok && fig.Median > 0 {
				points = append(points, chart.Point{X: at.oneIn, Y: fig.Median / 1000, Low: fig.Min / 1000, High: fig.Max / 1000})
			}
		}
		if len(points) > 1 {
			series = append(series, chart.Series{Name: named(e, number(points[len(points)-1].Y)), Look: peerOf(e.peer).look, Points: points})
		}
	}
	if !worthDrawing(series) {
		return nil
	}
	low, high := bounds(series)
	return []chart.Panel{chart.Lines{
		Heading: chart.Heading{Title: "Latency at a fixed rate, in ms",
			Note: "One answer in 2, 100 and 1,000 took longer. Over " + thousands(int64(n)) + " connections, timed from when each was due."},
		X: chart.Axis{Log: true, Min: 1.8, Max: 1100, Ticks: []chart.Tick{
			{Value: 2, Label: "1 in 2"}, {Value: 10, Label: "1 in 10"}, {Value: 100, Label: "1 in 100"}, {Value: 1000, Label: "1 in 1,000"}}},
		Y: chart.LogRange(low, high, tick), Series: series,
	}}
}

// growthChart is how often a cost at the fewest connections goes into that at
// more.
func growthChart(f *result.File) []chart.Panel {
	var panels []chart.Panel
	for _, g := range []struct{ scenario, figure, title string }{
		{"get", "cpu_us_per_req", "Growth of CPU time per GET, with connections"},
		{"park", "bytes_per_waiting", "Growth of Go memory per waiting request, with their number"},
	} {
		var series []chart.Series
		for _, e := range plain(f, g.scenario, g.figure) {
			law, ok := fitOf(f, g.scenario, g.figure, e)
			if !ok {
				continue
			}
			var points []chart.Point
			first := f.Row(g.scenario, e.variant, e.peer, law.from).Figures[g.figure].Median
			for _, r := range rowsOf(f, g.scenario, g.figure, e) {
				if r.Conns >= law.from {
					points = append(points, chart.Point{X: float64(r.Conns), Y: r.Figures[g.figure].Median / first})
				}
			}
			series = append(series, chart.Series{Name: named(e, law.String()),
				Look: peerOf(e.peer).look, Points: points})
		}
		if !worthDrawing(series) {
			continue
		}
		low, high := bounds(series)
		axis := chart.LogRange(low, max(high, 2), func(v float64) string { return "×" + tick(v) })
		panels = append(panels, chart.Lines{
			Heading: chart.Heading{Title: g.title, Note: "Multiples of the cost at the fewest connections, and the power of N that fits best."},
			X:       connsAxis(series), Y: axis, Series: series, Height: 170,
		})
	}
	return panels
}

// workChart is what a request asks of the kernel and of the collector.
func workChart(f *result.File) []chart.Panel {
	var panels []chart.Panel
	for _, w := range []struct{ figure, title string }{
		{"syscalls_per_req", "System calls per GET"},
		{"allocs_per_req", "Allocations per GET"},
	} {
		k := kindOf(w.figure)
		conns := connsIn(f.Rows, func(r *result.Row) bool { return has("get", k.Name)(r) && r.Peer == result.Subject })
		if len(conns) == 0 {
			continue
		}
		n := conns[len(conns)-1]
		if slices.Contains(conns, 64) {
			n = 64
		}
		bars := barsOf(f, "get", k, n)
		if len(bars) < 2 {
			continue
		}
		axis := chart.Range(0, bars[len(bars)-1].Value, tick)
		panels = append(panels, chart.Bars{
			Heading: chart.Heading{Title: w.title, Note: "Over " + thousands(int64(n)) + " kept plain connections."},
			Axis:    axis, Bars: bars,
		})
	}
	return panels
}

// barsOf returns a bar for each peer, the cheapest first.
func barsOf(f *result.File, scenario string, k result.Kind, conns int) (bars []chart.Bar) {
	for _, e := range plain(f, scenario, k.Name) {
		r := f.Row(scenario, e.variant, e.peer, conns)
		if r == nil || !has(scenario, k.Name)(r) {
			continue
		}
		fig := r.Figures[k.Name]
		bars = append(bars, chart.Bar{Name: e.String(), Look: peerOf(e.peer).look, Value: fig.Median,
			Label: quantity(k, fig.Median), Low: fig.Min, High: fig.Max})
	}
	slices.SortStableFunc(bars, func(a, b chart.Bar) int {
		switch {
		case a.Value < b.Value:
			return -1
		case a.Value > b.Value:
			return 1
		}
		return 0
	})
	return bars
}

// plain returns who has a figure in a scenario, without variants: a chart has
// room for one line of each peer.
func plain(f *result.File, scenario, figure string) []entry {
	keep := has(scenario, figure)
	return entries(f.Rows, func(r *result.Row) bool { return keep(r) && r.Variant == "" })
}

// rowsOf returns the rows of e that have a figure, by rising connections.
func rowsOf(f *result.File, scenario, figure string, e entry) (rows []*result.Row) {
	keep := has(scenario, figure)
	for _, n := range connsIn(f.Rows, keep) {
		if r := f.Row(scenario, e.variant, e.peer, n); r != nil && keep(r) && n > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// named is the label of a line: who, and the value at its end.
func named(e entry, value string) string { return strings.TrimSpace(e.String() + "  " + value) }

// worthDrawing asks for two lines, of which one has two points.
func worthDrawing(series []chart.Series) bool {
	return len(series) > 1 && slices.ContainsFunc(series, func(s chart.Series) bool { return len(s.Points) > 1 })
}

func bounds(series []chart.Series) (low, high float64) {
	first := true
	for _, s := range series {
		for _, p := range s.Points {
			if first {
				low, high, first = p.Y, p.Y, false
			}
			low, high = min(low, p.Y), max(high, p.Y)
		}
	}
	return low, high
}

// connsAxis has a tick for each number of connections.
func connsAxis(series []chart.Series) chart.Axis {
	a := chart.Axis{Log: true, Name: "connections"}
	var all []int
	for _, s := range series {
		for _, p := range s.Points {
			all = append(all, int(p.X))
		}
	}
	slices.Sort(all)
	for _, n := range slices.Compact(all) {
		a.Ticks = append(a.Ticks, chart.Tick{Value: float64(n), Label: thousands(int64(n))})
	}
	a.Min, a.Max = a.Ticks[0].Value/1.15, a.Ticks[len(a.Ticks)-1].Value*1.08
	return a
}
