package chart

import (
	"image/color"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars is a chart of one quantity of several things. The bars lie down, so
// that names are written as they are read; each carries its value.
type Bars struct {
	Heading
	Axis Axis
	Bars []Bar
}

// A Bar is a named value. Zero Low and High, the range of its rounds, are none.
type Bar struct {
	Name      string
	Look      Look
	Value     float64
	Label     string // the value, written out
	Low, High float64
}

const (
	barStep  = 22
	barWidth = 14
)

func (b Bars) height() vg.Length {
	return b.Heading.height() + barStep*vg.Length(len(b.Bars)) + footHeight
}

func (b Bars) paint(c draw.Canvas) {
	c = b.Heading.paint(c)
	small := words(smallSize, faint, false, text.XCenter, text.YTop)
	var left, right vg.Length
	for _, bar := range b.Bars {
		left = max(left, bar.label().Width(bar.Name))
		right = max(right, bar.label().Width(bar.Label))
	}
	c = draw.Crop(c, left+10, -right-10, footHeight, 0)

	for _, t := range b.Axis.Ticks {
		x := c.X(b.Axis.at(t.Value))
		c.StrokeLine2(draw.LineStyle{Color: hair, Width: 0.8}, x, c.Min.Y, x, c.Max.Y)
		c.FillText(small, vg.Point{X: x, Y: c.Min.Y - 4}, t.Label)
	}
	for i, bar := range b.Bars {
		y := c.Max.Y - barStep*(vg.Length(i)+0.5)
		name := bar.label()
		name.XAlign = text.XRight
		beside(c, name, vg.Point{X: c.Min.X - 8, Y: y}, bar.Name)
		bar.paint(c, b.Axis, y)
	}
}

// paint draws the bar, its range and its value.
func (b Bar) paint(c draw.Canvas, a Axis, y vg.Length) {
	end := c.X(max(0, a.at(b.Value)))
	box := vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y - barWidth/2}, Max: vg.Point{X: end, Y: y + barWidth/2}}.Path()
	inside := draw.LineStyle{Color: color.White, Width: 0.9}
	switch {
	case end == c.Min.X:
	case b.Look == Floor:
		c.SetLineStyle(draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{3, 2}})
		c.Stroke(box)
		inside.Color = ink
	default:
		c.SetColor(b.Look.color())
		c.Fill(box)
	}
	at := vg.Point{X: end + 6, Y: y}
	if b.Low > 0 && b.High > b.Low {
		from, to := c.X(a.at(max(b.Low, a.Min))), c.X(a.at(min(b.High, a.Max)))
		c.StrokeLine2(inside, from, y, end, y)
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.9}, end, y, to, y)
		at.X = max(at.X, to+6)
	}
	// A line of the grid would strike the value out.
	w := b.label().Width(b.Label)
	c.SetColor(color.White)
	c.Fill(vg.Rectangle{Min: vg.Point{X: at.X - 2, Y: y - 6}, Max: vg.Point{X: at.X + w + 2, Y: y + 6}}.Path())
	beside(c, b.label(), at, b.Label)
}

func (b Bar) label() text.Style { return Series{Look: b.Look}.label() }
