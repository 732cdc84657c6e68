package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// number writes v with three digits that count, and thousands apart. What is
// whole is written so.
func number(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) || a >= 100:
		return thousands(int64(math.Round(v)))
	case a < 0.0005:
		return "< 0.001"
	case a < 0.1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// tick writes a round number.
func tick(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// quantity writes a value of kind k without its unit; but bytes and shares
// carry theirs, since their sizes lie far apart.
func quantity(k result.Kind, v float64) string {
	switch {
	case isShare(k):
		return number(100*v) + " %"
	case k.Unit == "B" && math.Abs(v) >= 100<<20:
		return number(v/(1<<20)) + " MB"
	case k.Unit == "B" && math.Abs(v) >= 1<<10:
		return number(v/(1<<10)) + " KB"
	case k.Unit == "B":
		return number(math.Round(v)) + " B"
	}
	return number(v)
}

// measured is quantity with the unit, for running text.
func measured(k result.Kind, v float64) string {
	switch {
	case k.Unit == "B" || k.Unit == "":
		return quantity(k, v)
	case k.Unit == "1/s":
		return quantity(k, v) + "/s"
	case k.Unit == "µs" && v >= 10_000:
		return number(v/1000) + " ms"
	}
	return quantity(k, v) + " " + k.Unit
}

func isShare(k result.Kind) bool { return strings.HasSuffix(k.Name, "_share") }

// spread writes the median, and the range of the rounds if it can be seen.
func spread(k result.Kind, f result.Figure) string {
	mid, low, high := quantity(k, f.Median), quantity(k, f.Min), quantity(k, f.Max)
	if low == high {
		return mid
	}
	return mid + " (" + low + "–" + high + ")"
}

// times writes a ratio.
func times(r float64) string {
	switch {
	case r == 0:
		return "×0"
	case r < 0.001:
		return "< ×0.001"
	case r >= 100:
		return "×" + thousands(int64(math.Round(r)))
	case r >= 10:
		return "×" + strconv.FormatFloat(r, 'f', 0, 64)
	case r < 0.1:
		return "×" + strconv.FormatFloat(r, 'f', 3, 64)
	}
	return "×" + strconv.FormatFloat(r, 'f', 2, 64)
}
