//go:build linux

package load

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// A Sample is what one process measured of itself: figures by their names in
// package result.
type Sample struct {
	Requests int                `json:"requests"`
	Figures  map[string]float64 `json:"figures"`
	Note     string             `json:"note,omitempty"`
	Error    string             `json:"error,omitempty"` // then nothing else counts
}

// A mark is what a process has used up until a moment.
type mark struct {
	at     time.Time
	cpu    time.Duration // user and system
	origin time.Duration // the same of the origin
	allocs uint64
	gc     float64 // seconds of processor time
	fibers int     // goroutines
}

// take takes a mark. origin is the process that answers, or 0 if there is none.
func take(origin int) mark {
	m := mark{fibers: runtime.NumGoroutine()}
	read := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}, // on processors that nobody wanted
	}
	metrics.Read(read)
	m.allocs = read[0].Value.Uint64()
	m.gc = read[1].Value.Float64() - read[2].Value.Float64()
	if origin != 0 {
		m.origin = CPU(origin)
	}
	m.cpu = CPU(0)
	m.at = time.Now()
	return m
}

// CPU returns the processor time, user and system, that a process has used so
// far; zero means this one. If it cannot be told, it is zero.
func CPU(pid int) time.Duration {
	if pid == 0 {
		var u unix.Rusage
		if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	// clock_getcpuclockid(3): the clock of all threads of a process.
	const scheduled = 2
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|scheduled), &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// between returns the figures of what happened from a to b, n requests.
func between(a, b *mark, n int) Sample {
	each := func(x float64) float64 { return x / float64(n) }
	wall, cpu := b.at.Sub(a.at), b.cpu-a.cpu
	s := Sample{Requests: n, Figures: map[string]float64{
		"cpu_us_per_req": each(float64(cpu.Nanoseconds()) / 1e3),
		"rps":            float64(n) / wall.Seconds(),
		"allocs_per_req": each(float64(b.allocs - a.allocs)),
		"gc_share":       min(max((b.gc-a.gc)/cpu.Seconds(), 0), 1),
		"goroutines":     float64(b.fibers),
	}}
	if b.origin > 0 {
		s.Figures["origin_share"] = (b.origin - a.origin).Seconds() / wall.Seconds()
	}
	return s
}

// times adds the percentiles of times, which are in units of 100 ns.
func (s *Sample) times(took []uint32) {
	h := hdrhistogram.New(1, 1<<32, 3)
	for _, t := range took {
		h.RecordValue(max(int64(t), 1))
	}
	for name, p := range map[string]float64{"p50_us": 50, "p99_us": 99, "p999_us": 99.9} {
		s.Figures[name] = float64(h.ValueAtPercentile(p)) / 10
	}
}

func (s *Sample) lag(c *common) {
	n := min(c.lagCount.Load(), int64(len(c.lags)))
	if n == 0 {
		return
	}
	h := hdrhistogram.New(1, 1<<32, 3)
	for _, t := range c.lags[:n] {
		h.RecordValue(max(int64(t), 1))
	}
	s.Figures["lag_p99_us"] = float64(h.ValueAtPercentile(99)) / 10
}

// memory is what a process holds.
type memory struct {
	used     float64 // bytes of heap and stacks in use
	resident float64
	fibers   int
}

// hold measures it, after two collections: the second one frees what the first
// one found in pools.
func hold() memory {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{float64(m.HeapInuse + m.StackInuse), resident(), runtime.NumGoroutine()}
}

// resident returns VmRSS in bytes.
func resident() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	value, _, _ := strings.Cut(rest, "kB")
	kb, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return kb * 1024
}

// Work measures a function that is called n times, after a tenth as many calls
// that are not measured.
func Work(n int, do func() error) (Sample, error) {
	var from mark
	for i := -n / 10; i < n; i++ {
		if i == 0 {
			from = take(0)
		}
		if err := do(); err != nil {
			return Sample{}, err
		}
	}
	to := take(0)
	s := between(&from, &to, n)
	delete(s.Figures, "goroutines")
	return s, nil
}
