//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/bench/chart"
)

// A figure is one that is sampled.
type figure struct {
	name, title, unit string
	scale             float64 // from what is sampled to the unit
	of                func(sample) float64
	flat              bool // it must be
}

var figures = []figure{
	{"descriptors", "Descriptors", "", 1, func(s sample) float64 { return s.Descriptors }, true},
	{"goroutines", "Goroutines", "", 1, func(s sample) float64 { return s.Goroutines }, true},
	{"heap", "Heap after a collection, MiB", "MiB", 1.0 / (1 << 20), func(s sample) float64 { return s.Heap }, true},
	{"lag", "Lag of the loop, ms: the 99th percentile of each interval", "ms", 1e-3, func(s sample) float64 { return s.Lag }, false},
}

// warm returns the second half of the samples. In the first, what has a bound
// fills up to it: connections, pools, what the bot remembers of messages.
func (r *record) warm() []sample {
	return r.Samples[len(r.Samples)/2:]
}

// judge fits the lines, and notes all that is wrong.
func (r *record) judge() {
	if len(r.Samples) < 10 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d samples are too few for a line", len(r.Samples)))
		return
	}
	r.Trends = map[string]trend{}
	for _, f := range figures {
		var x, y []float64
		for _, s := range r.warm() {
			x, y = append(x, s.At), append(y, f.of(s))
		}
		t := trendOf(x, y)
		r.Trends[f.name] = t
		if f.flat && !t.Flat {
			r.Wrong = append(r.Wrong, fmt.Sprintf("%s are not flat: a drift of %.4g where the noise is %.4g", f.name, t.Drift, t.Noise))
		}
	}
	if r.Servers.Twice > 0 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d answers of the bot came twice", r.Servers.Twice))
	}
	if r.Servers.Answered == 0 {
		r.Wrong = append(r.Wrong, "the bot answered nothing")
	}
	if r.After.Descriptors > r.Before.Descriptors || r.After.Goroutines > r.Before.Goroutines {
		r.Wrong = append(r.Wrong, fmt.Sprintf("left open: descriptors %.0f, before it %.0f; goroutines %.0f, before it %.0f",
			r.After.Descriptors, r.Before.Descriptors, r.After.Goroutines, r.Before.Goroutines))
	}
}

// redraw writes soak.md and the plot anew, from the samples in dir.
func redraw(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "soak.json"))
	if err != nil {
		return err
	}
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "soak.json"), err)
	}
	r.Wrong = nil
	r.judge()
	return r.write(dir)
}

// write leaves everything in dir.
func (r *record) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "soak.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if r.Trends == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, "soak.md"), []byte(r.text()), 0o644); err != nil {
		return err
	}
	return chart.Save(dir, "soak", r.panels()...)
}

func (r *record) panels() (all []chart.Panel) {
	minutes := chart.Axis{Max: r.Samples[len(r.Samples)-1].At / 60, Name: "minutes"}
	for _, t := range chart.Range(0, minutes.Max, plain).Ticks {
		if t.Value <= minutes.Max {
			minutes.Ticks = append(minutes.Ticks, t)
		}
	}
	for i, f := range figures {
		t := r.Trends[f.name]
		s := chart.Series{
			Name:  fmt.Sprintf("%s per hour", signed(t.Slope*f.scale)),
			Dense: true,
		}
		if !f.flat {
			s.Name = "on average " + short(t.Mean*f.scale)
		}
		high := 0.0
		for _, one := range r.Samples {
			y := f.of(one) * f.scale
			s.Points = append(s.Points, chart.Point{X: one.At / 60, Y: y})
			high = max(high, y)
		}
		head := chart.Heading{Title: f.title}
		if i == 1 {
			head.Note = "slopes are those of the second half, by least squares"
		}
		if i == 0 {
			head.Note = fmt.Sprintf("%d connections and a bot, %.0f minutes; one connection in three was cut, stalled, split or corrupted", r.Conns, r.Seconds/60)
		}
		axis := chart.Axis{Max: high * 1.15}
		for _, t := range chart.Range(0, max(high, 1e-3), plain).Ticks {
			axis.Ticks = append(axis.Ticks, t)
			axis.Max = max(axis.Max, t.Value)
		}
		all = append(all, chart.Lines{Heading: head, X: minutes, Y: axis, Series: []chart.Series{s}, Height: 110})
	}
	return all
}

// text is soak.md.
func (r *record) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A soak of %.1f minutes\n\n![descriptors, goroutines, heap and lag over the time](soak.png)\n\n", r.Seconds/60)
	fmt.Fprintf(&b, "%d connections, seed %d. %d requests were given to the engine and each was completed once: %d whole, %d with an\nerror. Of the connections, %d were given a fault.\n\n",
		r.Conns, r.Seed, r.Sent, r.Whole, r.Sent-r.Whole, r.Servers.Broken)
	b.WriteString("| figure | mean | noise | slope, per hour | drift over the half | flat |\n| --- | ---: | ---: | ---: | ---: | --- |\n")
	for _, f := range figures {
		t := r.Trends[f.name]
		flat := map[bool]string{true: "yes", false: "no"}[t.Flat]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", strings.TrimSpace(f.name+" "+f.unit),
			short(t.Mean*f.scale), short(t.Noise*f.scale), signed(t.Slope*f.scale), signed(t.Drift*f.scale), flat)
	}
	b.WriteString("\nLines of least squares through the second half of the samples: in the first, what has a bound\nfills up to it. Noise is the standard deviation around the\nline; flat is a drift below twice the noise, or below a hundredth of the mean.\n\n| how requests failed | times |\n| --- | ---: |\n")
	var kinds []string
	for k := range r.Failed {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(&b, "| %s | %d |\n", k, r.Failed[k])
	}
	fmt.Fprintf(&b, "\nThe bot logged in %d times, since the emulator was restarted %d times. Of %d messages %d were answered, %d of them\ntwice; the others were said while it was away, or were lost in a reply that was cut.\n", r.Logins, r.Servers.Restarts, r.Servers.Said, r.Servers.Answered, r.Servers.Twice)
	fmt.Fprintf(&b, "\nWhen everything was closed there were %.0f descriptors and %.0f goroutines; before it began, %.0f and %.0f.\n",
		r.After.Descriptors, r.After.Goroutines, r.Before.Descriptors, r.Before.Goroutines)
	return b.String()
}

func plain(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

// short writes v with three digits that count, or whole.
func short(v float64) string {
	if a := math.Abs(v); a >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	} else if a >= 1 {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func signed(v float64) string {
	if v < 0 {
		return "\u2212" + short(-v)
	}
	return "+" + short(v)
}
