package chart

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A page is 576 points wide; at this resolution its PNG is 1,600 dots wide,
// twice what a README's column shows.
const (
	pageWidth  = 576
	resolution = 200
	margin     = 10
	gap        = 14 // between panels
)

// A Panel is one chart on a page.
type Panel interface {
	// height is how much of the page it wants.
	height() vg.Length
	// paint draws it into c.
	paint(c draw.Canvas)
}

// Save draws the panels one below the other, and writes them to dir as
// name.svg and name.png.
func Save(dir, name string, panels ...Panel) error {
	height := vg.Length(2*margin - gap)
	for _, p := range panels {
		height += p.height() + gap
	}
	paint := func(c draw.Canvas) {
		c.SetColor(color.White)
		c.Fill(c.Rectangle.Path())
		c = draw.Crop(c, margin, -margin, margin, -margin)
		for _, p := range panels {
			own := c
			own.Min.Y = c.Max.Y - p.height()
			p.paint(own)
			c.Max.Y = own.Min.Y - gap
		}
	}

	svg := vgsvg.New(pageWidth, height)
	paint(draw.New(svg))
	var text bytes.Buffer
	if _, err := svg.WriteTo(&text); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".svg"), portable(text.Bytes()), 0o644); err != nil {
		return err
	}

	png := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(pageWidth, height), vgimg.UseDPI(resolution))}
	paint(draw.New(png))
	var dots bytes.Buffer
	if _, err := png.WriteTo(&dots); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".png"), dots.Bytes(), 0o644)
}

// portable names fonts to fall back on: few systems have Liberation, and these
// have its measures, or nearly.
func portable(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

// A Heading says what a chart shows. The note below it is smaller, for what a
// reader should know of how it was measured; "" is none.
type Heading struct{ Title, Note string }

func (h Heading) height() vg.Length {
	if h.Note == "" {
		return 30
	}
	return 46
}

// paint draws the heading at the top of c, and returns what is left below.
func (h Heading) paint(c draw.Canvas) draw.Canvas {
	c.FillText(words(titleSize, ink, true, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, h.Title)
	if h.Note != "" {
		c.FillText(words(smallSize, faint, false, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y - 20}, h.Note)
	}
	c.Max.Y -= h.height()
	return c
}
