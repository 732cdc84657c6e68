//go:build linux

package main

import (
	"math"
	"os"
	"runtime"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A sample is what the process held at one moment.
type sample struct {
	At          float64 `json:"at_s"` // since the beginning
	Descriptors float64 `json:"descriptors"`
	Goroutines  float64 `json:"goroutines"`
	Heap        float64 `json:"heap_bytes"` // allocated, after two collections
	Lag         float64 `json:"lag_p99_us"` // of the loop's timers, since the sample before
	Worst       float64 `json:"lag_max_us"`
	Pending     float64 `json:"pending"` // chains that wait for an answer or for their delay
	Done        float64 `json:"done"`    // requests that were completed so far
}

// beat is how often the probe looks whether timers are late.
const beat = 20 * time.Millisecond

// A probe is a timer that notes how late it was called.
type probe struct {
	timer loop.Timer
	start time.Time // the zero of the loop's time
	due   time.Duration
	late  loop.Histogram
}

func (p *probe) begin(l *loop.Loop) {
	p.start = time.Now().Add(-l.Time())
	p.timer.Init(l, func() {
		now := time.Since(p.start)
		p.late.Record(max(now-p.due, 0))
		p.due = now + beat
		p.timer.Reset(p.due)
	})
	p.due = l.Time() + beat
	p.timer.Reset(p.due)
}

// hold measures what needs no loop.
func hold() (s sample) {
	// The second collection frees what the first has found in pools.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Heap = float64(m.HeapAlloc)
	s.Goroutines = float64(runtime.NumGoroutine())
	s.Descriptors = float64(descriptors())
	return s
}

// descriptors counts those that are open, without the one that counts.
func descriptors() int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(all) - 1
}

// A trend is the line of least squares through a figure.
type trend struct {
	Mean  float64 `json:"mean"`
	Noise float64 `json:"noise"`    // standard deviation around the line
	Slope float64 `json:"per_hour"` // of the line
	Drift float64 `json:"drift"`    // of the line, from the first sample to the last
	Flat  bool    `json:"flat"`
}

// trendOf fits a line through y over x, in seconds. It is flat if it drifts by
// less than twice the noise, or by less than a hundredth of the mean: within
// that, samples cannot tell it from a level one.
func trendOf(x, y []float64) (t trend) {
	n := float64(len(x))
	var mx float64
	for i := range x {
		mx += x[i] / n
		t.Mean += y[i] / n
	}
	var xy, xx, rest float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - t.Mean)
		xx += (x[i] - mx) * (x[i] - mx)
	}
	slope := xy / xx
	for i := range x {
		d := y[i] - t.Mean - slope*(x[i]-mx)
		rest += d * d / n
	}
	t.Noise = math.Sqrt(rest)
	t.Slope = slope * 3600
	t.Drift = slope * (x[len(x)-1] - x[0])
	t.Flat = math.Abs(t.Drift) <= max(2*t.Noise, 0.01*t.Mean)
	return t
}
