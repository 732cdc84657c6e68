package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measurements are what the benchmarks said.
type measurements struct {
	rounds map[mark][]float64
	cpu    string // its model
}

// read takes the lines of go test -bench.
func (ms *measurements) read(pkg, out string) {
	for line := range strings.Lines(out) {
		if model, ok := strings.CutPrefix(line, "cpu: "); ok {
			ms.cpu = strings.TrimSpace(model)
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				m := mark{pkg, name, fields[i+1]}
				ms.rounds[m] = append(ms.rounds[m], v)
			}
		}
	}
}

// prices returns the price for each mark, or the first that there is none for.
func (ms *measurements) prices(marks []mark) (map[mark]string, error) {
	prices := map[mark]string{}
	for _, m := range marks {
		rounds := ms.rounds[m]
		if len(rounds) == 0 {
			return nil, fmt.Errorf("%s has no benchmark %s with %s", m.pkg, m.name, m.unit)
		}
		prices[m] = written(m.unit, slices.Min(rounds))
	}
	return prices, nil
}

// written writes v with two digits: "14 ns", "3.2 µs", "1.6 ms".
func written(unit string, v float64) string {
	if unit != "ns/op" {
		return strconv.FormatFloat(rounded(v), 'f', -1, 64)
	}
	v = rounded(v)
	for _, u := range []string{"ns", "µs"} {
		if v < 1000 {
			return digits(v) + " " + u
		}
		v /= 1000
	}
	return digits(v) + " ms"
}

// rounded keeps two digits.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	return math.Round(v/scale) * scale
}

func digits(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// machine says where and when the prices were measured.
func (ms *measurements) machine() string {
	return fmt.Sprintf("%s, %s/%s, %s, %s", ms.cpu, runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
}
