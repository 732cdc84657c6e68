package loop_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qqloop/qqloop/loop"
)

// A duration on each side of each power of two, and of the steps between.
func edges() []time.Duration {
	all := []time.Duration{0, 1, math.MaxInt64}
	for shift := range 63 {
		for eighth := range time.Duration(8) {
			d := time.Duration(1)<<shift + eighth<<max(0, shift-3)
			all = append(all, d-1, d, d+1)
		}
	}
	return all
}

// wrong is the most by which a histogram may be wrong about d.
func wrong(d time.Duration) time.Duration { return max(d/16, 512) + 1 }

// One duration is told back with the known error: as the quantile among others,
// and as the bucket that it lies in.
func TestHistogramError(t *testing.T) {
	for _, d := range edges() {
		if d > 19*time.Hour {
			continue
		}
		var h loop.Histogram
		h.Record(0)
		h.Record(d)
		h.Record(19 * time.Hour)
		if got := h.Quantile(0.5); (got - d).Abs() > wrong(d) {
			t.Errorf("%v is told as %v; want no more than %v between them", d, got, wrong(d))
		}
		found := false
		for end, n := range h.Buckets() {
			found = found || n > 0 && end > d && (d < 8<<10 && end-d <= 1<<10 || end-d <= d/8+1)
		}
		if !found {
			t.Errorf("no narrow bucket ends after %v", d)
		}
	}
}

// Any durations: count, sum, least and greatest are exact, quantiles have the
// known error, and parts that are merged are the whole.
func TestHistogramModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, 1<<rapid.IntRange(0, 46).Draw(t, "bits")).Draw(t, "d"))
		})
		all := rapid.SliceOfN(one, 1, 200).Draw(t, "all")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		var whole, left, right loop.Histogram
		var sum time.Duration
		for i, d := range all {
			whole.Record(d)
			sum += d
			if i < cut {
				left.Record(d)
			} else {
				right.Record(d)
			}
		}
		copied := left.Clone()
		right.Merge(&copied)
		if !same(&right, &whole) {
			t.Fatalf("merged: %v; want %v", &right, &whole)
		}
		slices.Sort(all)
		if whole.Count() != uint64(len(all)) || whole.Sum() != sum || whole.Min() != all[0] || whole.Max() != all[len(all)-1] {
			t.Fatalf("got %v, %v in all; want %d, from %v to %v, %v in all",
				&whole, whole.Sum(), len(all), all[0], all[len(all)-1], sum)
		}
		last := time.Duration(-1)
		for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.99, 1} {
			want := all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
			got := whole.Quantile(q)
			if (got - want).Abs() > wrong(want) {
				t.Fatalf("quantile %v is %v; want %v", q, got, want)
			}
			if got < last {
				t.Fatalf("quantile %v is %v, less than the one before", q, got)
			}
			last = got
		}
	})
}

func TestHistogramEnds(t *testing.T) {
	var h loop.Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.String() != "never" {
		t.Errorf("an empty one says %v", &h)
	}
	h.Record(-time.Second)
	h.Record(math.MaxInt64)
	if h.Min() != 0 || h.Max() != math.MaxInt64 || h.Quantile(0.6) != math.MaxInt64 {
		t.Errorf("got %v; want nothing at least, and the longest at most", &h)
	}
	var empty loop.Histogram
	before := h.Clone()
	if h.Merge(&empty); !same(&h, &before) {
		t.Errorf("an empty one that was merged made it %v; want %v", &h, &before)
	}
	if empty.Merge(&h); !same(&empty, &h) {
		t.Errorf("merged into an empty one it is %v; want %v", &empty, &h)
	}
	if empty.Record(1); h.Count() != 2 {
		t.Errorf("what was recorded in a copy is in the other, too: %v", &h)
	}
}

// same reports whether a and b tell the same.
func same(a, b *loop.Histogram) bool {
	return a.String() == b.String() && a.Sum() == b.Sum() && a.Mean() == b.Mean() && a.Quantile(0.3) == b.Quantile(0.3) &&
		maps.Equal(maps.Collect(a.Buckets()), maps.Collect(b.Buckets()))
}

func TestHistogramString(t *testing.T) {
	var h loop.Histogram
	for n := range 100 {
		h.Record(time.Duration(n+1) * time.Millisecond)
	}
	if got, want := h.String(), "100 times: 1ms at least, 48.234496ms half, 88.080384ms nine in ten, 96.468992ms 99 in 100, 100ms at most"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := h.Mean(), 50500*time.Microsecond; got != want {
		t.Errorf("the mean is %v; want %v", got, want)
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	var h loop.Histogram
	if got := testing.AllocsPerRun(100, func() { h.Record(time.Millisecond) }); got != 0 {
		t.Errorf("got %v allocations; want none", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	var h loop.Histogram
	d := time.Duration(1)
	for b.Loop() {
		h.Record(d)
		d = (d*7 + 13) & (1<<30 - 1)
	}
}
