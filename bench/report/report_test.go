package report

import (
	"bytes"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/bench/result"
)

var rewrite = flag.Bool("rewrite", false, "write the golden report anew")

// golden is a file of made-up figures.
func golden(t *testing.T) *result.File {
	t.Helper()
	f, err := result.Read("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReport holds the report against a golden one, and looks at all that Write
// leaves.
func TestReport(t *testing.T) {
	f, dir := golden(t), t.TempDir()
	if err := Write(dir, f); err != nil {
		t.Fatal(err)
	}
	t.Run("golden", func(t *testing.T) { wantGolden(t, filepath.Join(dir, Name)) })
	t.Run("charts", func(t *testing.T) {
		for _, c := range charts {
			wantChart(t, filepath.Join(dir, c.name+".png"))
		}
	})
	// No map is walked in its own order, no clock is read.
	t.Run("the same again", func(t *testing.T) {
		again := t.TempDir()
		if err := Write(again, f); err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(names) != 1+2*len(charts) {
			t.Fatalf("Write left %v, %v; want the report and two files for each chart", names, err)
		}
		for _, name := range names {
			a, b := readFile(t, name), readFile(t, filepath.Join(again, filepath.Base(name)))
			if !bytes.Equal(a, b) {
				t.Errorf("%s differs the second time", filepath.Base(name))
			}
		}
	})
	// A run of one scenario leaves no chart of another run behind.
	t.Run("without figures", func(t *testing.T) {
		f.Rows = nil
		if err := Write(dir, f); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*.*g")); left != nil {
			t.Errorf("%v is left", left)
		}
	})
}

func wantGolden(t *testing.T, name string) {
	t.Helper()
	const page = "testdata/report.md"
	got := readFile(t, name)
	if *rewrite {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, readFile(t, page)) {
		t.Errorf("the report differs from %s; go test -rewrite shows where, by git diff", page)
	}
}

// wantChart sees that a chart is as wide as a README's column, twice over, and
// that we are in it.
func wantChart(t *testing.T, name string) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(readFile(t, name)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if size := img.Bounds().Size(); size.X != 1600 || size.Y < 500 || size.Y > 2000 {
		t.Errorf("%s is %v; want 1,600 wide", name, size)
	}
	dots, ours := image.NewNRGBA(img.Bounds()), 0
	draw.Draw(dots, dots.Rect, img, image.Point{}, draw.Src)
	for i := 0; i < len(dots.Pix); i += 4 {
		if dots.Pix[i] > 0xc0 && dots.Pix[i+1] < 0x40 {
			ours++
		}
	}
	if ours < 500 {
		t.Errorf("%s has %d dots in our colour; we are not in it", name, ours)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// There is a report of runs that were cut short, or of a few peers, too, and of
// each chart or none.
func TestPartsOfAFile(t *testing.T) {
	whole := golden(t)
	for name, keep := range map[string]func(result.Row) bool{
		"nothing":        func(result.Row) bool { return false },
		"without us":     func(r result.Row) bool { return r.Peer != result.Subject },
		"only us":        func(r result.Row) bool { return r.Peer == result.Subject },
		"one number":     func(r result.Row) bool { return r.Conns == 64 },
		"only the floor": func(r result.Row) bool { return r.Peer == floor },
	} {
		part := *whole
		part.Rows, part.Absent, part.Failed = nil, nil, nil
		for _, r := range whole.Rows {
			if keep(r) {
				part.Rows = append(part.Rows, r)
			}
		}
		text := markdown(&part, nil)
		for _, heading := range []string{"# Measurements", "## In short", "## Where we lose", "## Was the origin", "## Who is missing"} {
			if !strings.Contains(text, "\n"+heading) && !strings.HasPrefix(text, heading) {
				t.Errorf("%s: the report has no %q", name, heading)
			}
		}
		for _, c := range charts {
			if panels := c.panels(&part); len(part.Rows) == 0 && len(panels) > 0 {
				t.Errorf("%s: there is a chart %s", name, c.name)
			}
		}
	}
	if err := Write(t.TempDir(), &result.File{}); err != nil {
		t.Error(err)
	}
}
