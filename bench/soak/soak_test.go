//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A line that rises by more than its noise is not flat; one that only shakes is.
func TestTrend(t *testing.T) {
	var x, level, rising []float64
	for i := range 200 {
		shake := math.Sin(float64(i * 7919))
		x = append(x, float64(i))
		level = append(level, 5000+10*shake)
		rising = append(rising, 1000+10*shake+float64(i))
	}
	if got := trendOf(x, level); !got.Flat || math.Abs(got.Mean-5000) > 3 {
		t.Errorf("got %+v for a level line", got)
	}
	if got := trendOf(x, rising); got.Flat || math.Abs(got.Slope-3600) > 100 || math.Abs(got.Drift-199) > 5 {
		t.Errorf("got %+v for a line that rises by 1 each second", got)
	}
}

// Samples that leak are called wrong, and what is written says so; samples that
// do not are well, and drawn.
func TestReport(t *testing.T) {
	for _, leak := range []float64{0, 1} {
		dir := t.TempDir()
		r := &record{Seconds: 600, Conns: 100, Servers: answer{Answered: 1}}
		for i := range 100 {
			r.Samples = append(r.Samples, sample{At: float64(6 * i), Descriptors: 100 + leak*float64(i), Goroutines: 5, Heap: 1 << 20, Lag: 100})
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "soak.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"--redraw", "--out", dir}, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("got status %d: %s", code, errs.String())
		}
		text, err = os.ReadFile(filepath.Join(dir, "soak.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, r); err != nil {
			t.Fatal(err)
		}
		if wrong := len(r.Wrong) > 0; wrong != (leak > 0) {
			t.Errorf("with a leak of %v each sample got %q", leak, r.Wrong)
		}
		for _, name := range []string{"soak.md", "soak.svg", "soak.png"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 500 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"--conns", "0"}, {"--for", "1s"}, {"--restart", "1ms"}, {"--no"}} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("%q: got status %d and %q", args, code, errs.String())
		}
	}
}
