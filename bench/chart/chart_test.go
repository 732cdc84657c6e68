package chart

import (
	"encoding/xml"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func lines() Lines {
	return Lines{
		Heading: Heading{Title: "A title", Note: "a note & a sign <"},
		X:       Axis{Log: true, Min: 1, Max: 1000, Ticks: []Tick{{1, "1"}, {1000, "1,000"}}, Name: "things"},
		Y:       Range(1, 50, func(v float64) string { return "v" }),
		Series: []Series{
			{"we", Subject, []Point{{X: 1, Y: 10, Low: 9, High: 11}, {X: 1000, Y: 11}}, false},
			{"floor", Floor, []Point{{X: 1, Y: 5}, {X: 1000, Y: 5}}, false},
			{"they", Other, []Point{{X: 1, Y: 40}}, false},
		},
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	bars := Bars{
		Heading: Heading{Title: "Bars"},
		Axis:    LogRange(1, 1000, func(v float64) string { return "v" }),
		Bars:    []Bar{{"floor", Floor, 0, "0", 0, 0}, {"we", Subject, 10, "10", 8, 20}, {"they", Other + 3, 900, "900", 1, 2000}},
	}
	if err := Save(dir, "both", lines(), bars); err != nil {
		t.Fatal(err)
	}

	in, err := os.Open(filepath.Join(dir, "both.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	size, err := png.DecodeConfig(in)
	height := float64(lines().height()+bars.height()+2*margin+gap) * resolution / 72
	if err != nil || size.Width != pageWidth*resolution/72 || size.Height != int(height+0.5) {
		t.Errorf("the PNG is %+v, %v; want %d by %v", size, err, pageWidth*resolution/72, height)
	}

	svg, err := os.ReadFile(filepath.Join(dir, "both.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the SVG is no XML: %v", err)
		}
	}
	for _, want := range []string{">A title<", ">they<", ">1,000 things<", "'Liberation Sans',Arial"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the SVG has no %q", want)
		}
	}
}

func TestSaveNamesWhatItCannotWrite(t *testing.T) {
	if err := Save(filepath.Join(t.TempDir(), "missing"), "x", lines()); err == nil {
		t.Error("no error in a directory that is not there")
	}
}

// Labels keep their order and their distance, and go no further than they must.
func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		n := 1 + r.IntN(12)
		want := make([]float64, n)
		for i := range want {
			want[i] = float64(r.IntN(100))
		}
		const gap, low, high = 8, 0, 100
		got := spread(want, gap, low, high)
		for i := range got {
			if got[i] < low-1e-9 || got[i] > high+1e-9 {
				t.Fatalf("spread(%v) = %v: outside %d to %d", want, got, low, high)
			}
			for j := range got {
				if want[i] < want[j] && got[i] > got[j]-gap+1e-9 {
					t.Fatalf("spread(%v) = %v: %v and %v have changed places, or touch", want, got, got[i], got[j])
				}
				if i != j && got[i]-got[j] < gap-1e-9 && got[j]-got[i] < gap-1e-9 {
					t.Fatalf("spread(%v) = %v: %v and %v touch", want, got, got[i], got[j])
				}
			}
		}
	}
	if got := spread([]float64{10, 50, 90}, 8, 0, 100); !slices.Equal(got, []float64{10, 50, 90}) {
		t.Errorf("labels that have room were moved: %v", got)
	}
	if got := spread([]float64{50, 50}, 8, 0, 100); !slices.Equal(got, []float64{46, 54}) {
		t.Errorf("got %v; want the two as far from their place", got)
	}
}

// An axis holds what is on it, and has a few ticks that are round.
func TestRange(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		log       bool
		ticks     []float64
	}{
		{0, 0, false, []float64{0, 1}},
		{1, 5.4, false, []float64{0, 1, 2, 3, 4, 5}},
		{10, 61, false, []float64{0, 20, 40, 60}},
		{3, 345, true, []float64{3, 10, 30, 100, 300}},
		{0.09, 4.8, true, []float64{0.1, 0.2, 0.5, 1, 2, 5}},
		{1, 1e6, true, []float64{1, 10, 100, 1000, 1e4, 1e5, 1e6}},
	} {
		a := Range(c.low, c.high, func(float64) string { return "" })
		var ticks []float64
		for _, tick := range a.Ticks {
			ticks = append(ticks, float64(int(tick.Value*1000+0.5))/1000)
		}
		if a.Log != c.log || !slices.Equal(ticks, c.ticks) || a.at(c.high) > 1 || a.at(max(c.low, a.Min)) < 0 {
			t.Errorf("Range(%v, %v): got log %v, ticks %v; want %v, %v", c.low, c.high, a.Log, ticks, c.log, c.ticks)
		}
	}
}
