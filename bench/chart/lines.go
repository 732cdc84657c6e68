package chart

import (
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lines is a chart of series over a common axis.
type Lines struct {
	Heading
	X, Y   Axis
	Series []Series
	Height vg.Length // of the field; zero means 230, and labels may want more
}

// A Series is a line of a chart.
type Series struct {
	Name   string
	Look   Look
	Points []Point
	Dense  bool // so many points that marks would hide the line: it is thin, and has none
}

// A Point is a measured value, and the range in which its rounds lay. Zero Low
// and High are none.
type Point struct{ X, Y, Low, High float64 }

const (
	lineHeight = 14 // of labels
	lead       = 16 // from a line's end to its label
	footHeight = 22 // of the names of ticks below
)

func (l Lines) field() vg.Length {
	h := l.Height
	if h == 0 {
		h = 230
	}
	return max(h, lineHeight*vg.Length(len(l.Series)+1))
}

func (l Lines) height() vg.Length { return l.Heading.height() + l.field() + footHeight }

func (l Lines) paint(c draw.Canvas) {
	c = l.Heading.paint(c)
	small := words(smallSize, faint, false, text.XRight, text.YCenter)
	var left, right vg.Length
	for _, t := range l.Y.Ticks {
		left = max(left, small.Width(t.Label))
	}
	for _, s := range l.Series {
		right = max(right, s.label().Width(s.Name))
	}
	f := field{l.X, l.Y, draw.Crop(c, left+8, -right-lead-8, footHeight, 0)}

	f.grid(small)
	f.names(l.Series, c.Max.X-right) // before the lines, which may cross a name's thread
	for _, s := range backToFront(l.Series) {
		f.ranges(s)
		f.line(s)
	}
}

// backToFront puts the floor and then the subject last, so that they lie on top.
func backToFront(series []Series) []Series {
	var back, front []Series
	for _, s := range series {
		if s.Look < Other {
			front = append(front, s)
		} else {
			back = append(back, s)
		}
	}
	for _, s := range front {
		if s.Look == Floor {
			back = append(back, s)
		}
	}
	for _, s := range front {
		if s.Look == Subject {
			back = append(back, s)
		}
	}
	return back
}

// label is the style of the name of s.
func (s Series) label() text.Style {
	c := s.Look.color()
	if s.Look >= Other {
		c = ink
	}
	return words(labelSize, c, s.Look == Subject, text.XLeft, text.YCenter)
}

// field is where lines are drawn.
type field struct {
	x, y Axis
	draw.Canvas
}

func (f field) at(x, y float64) vg.Point {
	return vg.Point{X: f.Canvas.X(f.x.at(x)), Y: f.Canvas.Y(f.y.at(y))}
}

// grid draws the ticks of both axes, and a hair line at those of the vertical.
func (f field) grid(small text.Style) {
	for _, t := range f.y.Ticks {
		y := f.Canvas.Y(f.y.at(t.Value))
		f.StrokeLine2(draw.LineStyle{Color: hair, Width: 0.8}, f.Min.X, y, f.Max.X, y)
		beside(f.Canvas, small, vg.Point{X: f.Min.X - 6, Y: y}, t.Label)
	}
	below := small
	below.YAlign = text.YTop
	free := vg.Length(math.Inf(-1)) // where the last name ended
	for i, t := range f.x.Ticks {
		x := f.Canvas.X(f.x.at(t.Value))
		f.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.8}, x, f.Min.Y, x, f.Min.Y-4)
		name := t.Label
		if i == len(f.x.Ticks)-1 && f.x.Name != "" {
			name += " " + f.x.Name
		}
		below.XAlign = text.XCenter
		if w := below.Width(t.Label); x-w/2 > free {
			below.XAlign = text.XLeft
			f.FillText(below, vg.Point{X: x - w/2, Y: f.Min.Y - 6}, name)
			free = x + w/2 + 6
		}
	}
	f.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.8}, f.Min.X, f.Min.Y, f.Max.X, f.Min.Y)
}

// ranges draws how far the rounds of s lay apart.
func (f field) ranges(s Series) {
	style := draw.LineStyle{Color: s.Look.color(), Width: 0.9}
	for _, p := range s.Points {
		if p.Low > 0 && p.High > 0 {
			from, to := f.at(p.X, max(p.Low, f.y.Min)), f.at(p.X, min(p.High, f.y.Max))
			f.StrokeLine2(style, from.X, from.Y, to.X, to.Y)
		}
	}
}

func (f field) line(s Series) {
	var line []vg.Point
	for _, p := range s.Points {
		line = append(line, f.at(p.X, p.Y))
	}
	style := s.Look.line()
	if s.Dense {
		style.Width = 1.2
	}
	f.StrokeLines(style, line)
	if s.Dense {
		return
	}
	for _, p := range line {
		s.Look.draw(f.Canvas, p)
	}
}

// names writes the name of each series at x, beside its end, and a thread from
// there to it.
func (f field) names(series []Series, x vg.Length) {
	var ends []float64
	for _, s := range series {
		last := s.Points[len(s.Points)-1]
		ends = append(ends, float64(f.at(last.X, last.Y).Y))
	}
	places := spread(ends, lineHeight, float64(f.Min.Y)+4, float64(f.Max.Y))
	for i, s := range series {
		last := s.Points[len(s.Points)-1]
		from := f.at(last.X, last.Y)
		y := vg.Length(places[i])
		style := draw.LineStyle{Color: hair, Width: 0.9}
		if s.Look == Subject {
			style.Color = strong
		}
		f.StrokeLines(style, []vg.Point{{X: from.X + 6, Y: from.Y}, {X: x - 12, Y: from.Y}, {X: x - 4, Y: y}})
		beside(f.Canvas, s.label(), vg.Point{X: x, Y: y}, s.Name)
	}
}
