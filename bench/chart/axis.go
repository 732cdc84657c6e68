package chart

import "math"

// An Axis maps values to places. Its Ticks are drawn where they are, and they
// are all that is drawn of it.
type Axis struct {
	Log      bool
	Min, Max float64
	Ticks    []Tick
	Name     string // at the end of the axis; "" where the title says it
}

// A Tick is a value that is named.
type Tick struct {
	Value float64
	Label string
}

// at returns the place of v between 0, at Min, and 1, at Max.
func (a Axis) at(v float64) float64 {
	if a.Log {
		return (math.Log(v) - math.Log(a.Min)) / (math.Log(a.Max) - math.Log(a.Min))
	}
	return (v - a.Min) / (a.Max - a.Min)
}

// Range returns an axis for positive values from low to high, whose ticks are
// round numbers, named by format. It is logarithmic if they are far apart, for
// then a linear one would show only the largest; a linear one begins at zero.
func Range(low, high float64, format func(float64) string) Axis {
	if low > 0 && high/low > 12 {
		return LogRange(low, high, format)
	}
	a := Axis{Max: high * 1.04}
	for _, v := range linearTicks(high) {
		a.Ticks = append(a.Ticks, Tick{v, format(v)})
	}
	a.Max = max(a.Max, a.Ticks[len(a.Ticks)-1].Value)
	return a
}

// LogRange is Range, logarithmic in any case.
func LogRange(low, high float64, format func(float64) string) Axis {
	a := Axis{Log: true, Min: low / 1.25, Max: high * 1.25}
	steps := []float64{1, 2, 5}
	switch decades := math.Log10(high / low); {
	case decades > 3:
		steps = steps[:1]
	case decades > 2:
		steps = []float64{1, 3}
	}
	for decade := math.Pow(10, math.Floor(math.Log10(a.Min))); decade <= a.Max; decade *= 10 {
		for _, s := range steps {
			if v := decade * s; v >= a.Min && v <= a.Max {
				a.Ticks = append(a.Ticks, Tick{v, format(v)})
			}
		}
	}
	return a
}

// linearTicks returns up to seven round numbers from zero up to high.
func linearTicks(high float64) []float64 {
	if high <= 0 {
		return []float64{0, 1}
	}
	decade := math.Pow(10, math.Floor(math.Log10(high)))
	step := decade
	for _, s := range []float64{0.2, 0.5, 1, 2} {
		if high/(decade*s) < 6 {
			step = decade * s
			break
		}
	}
	var ticks []float64
	for i := 0; float64(i)*step <= high*1.001; i++ {
		ticks = append(ticks, float64(i)*step)
	}
	return ticks
}
