package loop

import (
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// A Histogram counts durations in buckets, eight to each doubling: what it
// tells of a duration is wrong by 1/16 at most, or by half a microsecond below
// eight of them, from nothing up to 19 hours; what is longer lies in the last
// bucket. Count, sum, least and greatest are exact. The zero value is empty and
// ready to use.
//
// It holds the buckets from the shortest duration to the longest: 64 bytes for
// each doubling between them, and so many times, never more than 34, has
// recording allocated. As long as there is only one bucket it holds none. A
// Histogram is one goroutine's, and only Clone copies one that goes on.
type Histogram struct {
	window *window // nil: all are in the bucket of min
	count  uint64
	sum    time.Duration
	min    time.Duration
	max    time.Duration
}

// A window is a row of buckets.
type window struct {
	first  int // the bucket of counts[0]
	counts []uint64
}

// The buckets count in units of 1,024 ns. A number of units below 16 is its own
// bucket's; above, it is cut to its four highest bits, the first of which is
// always set, and so tells nothing.
const (
	unitBits = 10
	longest  = 1 << 36 // units
	buckets  = 33*8 + 8
)

// bucketOf returns the bucket of d, which is not negative.
func bucketOf(d time.Duration) int {
	units := min(uint64(d)>>unitBits, longest-1)
	if units < 16 {
		return int(units)
	}
	cut := bits.Len64(units) - 4
	return cut*8 + int(units>>cut)
}

// bucketFrom returns where the bucket i begins, which is where i-1 ends.
func bucketFrom(i int) time.Duration {
	if i < 16 {
		return time.Duration(i) << unitBits
	}
	cut := i/8 - 1
	return time.Duration(i-cut*8) << cut << unitBits
}

// Record counts d. A negative one counts as none at all.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.put(bucketOf(d), 1)
	if h.count == 1 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.sum += d
}

// put counts n more in the bucket i.
func (h *Histogram) put(i int, n uint64) {
	switch w := h.window; {
	case w != nil && uint(i-w.first) < uint(len(w.counts)):
		w.counts[i-w.first] += n
	case w != nil:
		h.window = newWindow(min(i, w.first), max(i, w.first+len(w.counts)-1))
		copy(h.window.counts[w.first-h.window.first:], w.counts)
		h.window.counts[i-h.window.first] += n
	case h.count > 0 && i != bucketOf(h.min):
		only := bucketOf(h.min)
		w = newWindow(min(i, only), max(i, only))
		w.counts[only-w.first] = h.count
		w.counts[i-w.first] += n
		h.window = w
	}
	h.count += n
}

// newWindow returns one of the buckets from low to high, in whole eights.
func newWindow(low, high int) *window {
	low, high = low&^7, high|7
	return &window{low, make([]uint64, high+1-low)}
}

// all returns the buckets that are not empty, and what they hold.
func (h *Histogram) all() iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		if h.window == nil {
			if h.count > 0 {
				yield(bucketOf(h.min), h.count)
			}
			return
		}
		for i, n := range h.window.counts {
			if n > 0 && !yield(h.window.first+i, n) {
				return
			}
		}
	}
}

// Merge adds what other has counted.
func (h *Histogram) Merge(other *Histogram) {
	switch {
	case other.count == 0:
		return
	case h.count == 0:
		*h = other.Clone()
		return
	}
	for i, n := range other.all() {
		h.put(i, n)
	}
	h.min = min(h.min, other.min)
	h.max = max(h.max, other.max)
	h.sum += other.sum
}

// Clone returns a copy that shares nothing with h.
func (h *Histogram) Clone() Histogram {
	c := *h
	if w := h.window; w != nil {
		c.window = &window{w.first, slices.Clone(w.counts)}
	}
	return c
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Sum returns what they make together.
func (h *Histogram) Sum() time.Duration { return h.sum }

// Min returns the shortest, or zero where there is none.
func (h *Histogram) Min() time.Duration { return h.min }

// Max returns the longest, or zero where there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the average, or zero where there is none.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(float64(h.sum) / float64(h.count))
}

// Quantile returns the duration that a share of q was not longer than: 0.5 is
// the median, 0 the least, 1 the greatest. It is the middle of a bucket, or the
// least or the greatest where that is nearer; of the last bucket, which has no
// end, the greatest. Zero where there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	switch {
	case h.count == 0 || q <= 0:
		return h.min
	case q >= 1:
		return h.max
	}
	rank := uint64(math.Ceil(q * float64(h.count))) // the first is 1
	for i, n := range h.all() {
		if rank <= n && i < buckets-1 {
			from := bucketFrom(i)
			return min(max(from+(bucketFrom(i+1)-from)/2, h.min), h.max)
		}
		rank -= min(rank, n)
	}
	return h.max // of the last bucket
}

// Buckets returns the buckets that are not empty, shortest first: the duration
// at which each ends, and how many lie in it. They are not cumulative.
func (h *Histogram) Buckets() iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		for i, n := range h.all() {
			if !yield(bucketFrom(i+1), n) {
				return
			}
		}
	}
}

// String returns "120 times: 1ms at least, 2ms half, 9ms nine in ten, 20ms 99 in
// 100, 41ms at most".
func (h *Histogram) String() string {
	if h.count == 0 {
		return "never"
	}
	return fmt.Sprintf("%d times: %v at least, %v half, %v nine in ten, %v 99 in 100, %v at most",
		h.count, h.min, h.Quantile(0.5), h.Quantile(0.9), h.Quantile(0.99), h.max)
}

// A sharedHistogram is recorded in by one goroutine and read by any. It costs
// two locked instructions for each duration; a Histogram costs none.
type sharedHistogram struct {
	counts        [buckets]atomic.Uint64
	sum, min, max atomic.Int64 // min is one more than it says; 0: there is none
}

func (s *sharedHistogram) record(d time.Duration) {
	d = max(d, 0)
	s.counts[bucketOf(d)].Add(1)
	s.sum.Add(int64(d))
	if m := s.min.Load(); m == 0 || int64(d) < m-1 {
		s.min.Store(int64(d) + 1)
	}
	if int64(d) > s.max.Load() {
		s.max.Store(int64(d))
	}
}

// snapshot copies what has been recorded. What is recorded meanwhile may be in
// one figure and not yet in another.
func (s *sharedHistogram) snapshot() Histogram {
	var h Histogram
	h.window = newWindow(0, buckets-1)
	for i := range s.counts {
		h.put(i, s.counts[i].Load())
	}
	h.sum = time.Duration(s.sum.Load())
	h.min = max(0, time.Duration(s.min.Load())-1)
	h.max = time.Duration(s.max.Load())
	return h
}
