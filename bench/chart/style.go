package chart

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Look is how a series is drawn. The looks from Other on differ from each
// other in lightness and marks; give each peer the same one in every chart.
type Look int

const (
	Subject Look = iota
	Floor
	Other // and Other+1, and so on
)

var (
	ink    = color.NRGBA{0x20, 0x24, 0x28, 0xff}
	faint  = color.NRGBA{0x6a, 0x70, 0x76, 0xff}
	hair   = color.NRGBA{0xdd, 0xe0, 0xe3, 0xff}
	strong = color.NRGBA{0xd0, 0x1c, 0x3f, 0xff}
)

// others go round between dark and light, so that neighbours in a chart differ
// most.
var others = []struct {
	color color.NRGBA
	mark  mark
}{
	{color.NRGBA{0x2f, 0x45, 0x5c, 0xff}, mark{24, 0, true}},
	{color.NRGBA{0x8d, 0x7b, 0x4f, 0xff}, mark{4, math.Pi / 4, true}},
	{color.NRGBA{0x9a, 0xae, 0xc2, 0xff}, mark{3, math.Pi / 2, true}},
	{color.NRGBA{0x55, 0x7a, 0x68, 0xff}, mark{4, 0, true}},
	{color.NRGBA{0xb9, 0xa9, 0xc4, 0xff}, mark{3, -math.Pi / 2, true}},
	{color.NRGBA{0x5d, 0x4a, 0x66, 0xff}, mark{24, 0, false}},
	{color.NRGBA{0xb0, 0xb4, 0x96, 0xff}, mark{4, math.Pi / 4, false}},
	{color.NRGBA{0x78, 0x78, 0x78, 0xff}, mark{3, math.Pi / 2, false}},
	{color.NRGBA{0xa5, 0x7d, 0x6f, 0xff}, mark{4, 0, false}},
	{color.NRGBA{0x3c, 0x3c, 0x3c, 0xff}, mark{3, -math.Pi / 2, false}},
}

func (l Look) color() color.NRGBA {
	switch l {
	case Subject:
		return strong
	case Floor:
		return ink
	}
	return others[int(l-Other)%len(others)].color
}

// line is the style of a series' line.
func (l Look) line() draw.LineStyle {
	s := draw.LineStyle{Color: l.color(), Width: 1.4}
	switch l {
	case Subject:
		s.Width = 3.2
	case Floor:
		s.Dashes = []vg.Length{4, 3}
	}
	return s
}

// mark is the polygon that marks a measured point.
type mark struct {
	corners int
	turn    float64
	filled  bool
}

// draw marks the point at p.
func (l Look) draw(c draw.Canvas, p vg.Point) {
	m, size := mark{24, 0, true}, vg.Length(3.2)
	switch l {
	case Subject:
		size = 4
	case Floor:
		size = 1.8
	default:
		m = others[int(l-Other)%len(others)].mark
	}
	path := m.path(p, size)
	c.SetColor(l.color())
	if !m.filled {
		c.SetColor(color.White)
	}
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: l.color(), Width: 1.2})
	c.Stroke(path)
}

func (m mark) path(p vg.Point, radius vg.Length) vg.Path {
	var path vg.Path
	for i := range m.corners {
		sin, cos := math.Sincos(m.turn + 2*math.Pi*float64(i)/float64(m.corners))
		at := vg.Point{X: p.X + radius*vg.Length(cos), Y: p.Y + radius*vg.Length(sin)}
		if i == 0 {
			path.Move(at)
		} else {
			path.Line(at)
		}
	}
	path.Close()
	return path
}

// Sizes of type, in points on a page of pageWidth. GitHub's column shows the
// page half as large again.
const (
	titleSize = 14
	labelSize = 11.5
	smallSize = 10.5
)

var fonts = font.NewCache(liberation.Collection())

// words returns a style for text.
func words(size vg.Length, c color.Color, bold bool, x text.XAlignment, y text.YAlignment) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, XAlign: x, YAlign: y, Handler: text.Plain{Fonts: fonts}}
}

// beside writes s with the middle of its small letters at p: a label beside a
// line. The library's middle is that of the whole font, which is lower.
func beside(c draw.Canvas, style text.Style, p vg.Point, s string) {
	p.Y += style.Font.Size * 0.1
	c.FillText(style, p, s)
}
