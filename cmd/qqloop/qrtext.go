package main

import (
	"bytes"
	"errors"
	"image"
	_ "image/png" // the service sends its codes as PNG
	"strings"
)

// A qrCode is a QR code's modules: true is dark.
type qrCode [][]bool

// at is false outside the code.
func (c qrCode) at(x, y int) bool {
	return 0 <= y && y < len(c) && 0 <= x && x < len(c[y]) && c[y][x]
}

// readQR finds the modules in a picture of a code that stands upright with
// square modules, as the login service draws it. It is no scanner.
func readQR(png []byte) (qrCode, error) {
	img, _, err := image.Decode(bytes.NewReader(png))
	if err != nil {
		return nil, err
	}
	dark := func(x, y int) bool {
		r, g, b, a := img.At(x, y).RGBA()
		return a > 0x7fff && r+g+b < 3*0x7fff
	}
	var box image.Rectangle
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if dark(x, y) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	// The upper left corner is a finder pattern, whose top is seven dark
	// modules in a row.
	run := 0
	for x := box.Min.X; x < box.Max.X && dark(x, box.Min.Y); x++ {
		run++
	}
	size := 0
	if run >= 7 {
		size = (box.Dx()*7 + run/2) / run
	}
	if size < 21 || size > 177 || size%4 != 1 || box.Dx() != box.Dy() {
		return nil, errors.New("the picture is not an upright QR code")
	}
	code := make(qrCode, size)
	for y := range code {
		code[y] = make([]bool, size)
		for x := range code[y] {
			code[y][x] = dark(box.Min.X+(2*x+1)*box.Dx()/(2*size), box.Min.Y+(2*y+1)*box.Dy()/(2*size))
		}
	}
	return code, nil
}

// quiet is the margin that a reader needs around the code, in modules
// (ISO/IEC 18004).
const quiet = 4

// text draws the code with half-blocks: a character is one module wide and
// two high, which in most fonts makes a module square.
//
// A reader wants dark on light. With colour, both are set, true black on true
// white, so that the terminal's theme has no say. Without, it is the light
// modules that are drawn: right on a dark terminal, and on a light one the
// negative, which today's readers take as well.
func (c qrCode) text(colour bool) string {
	blocks := [...]string{"█", "▀", "▄", " "} // light both, above, below; dark both
	before, after := "", "\n"
	if colour {
		blocks = [...]string{" ", "▄", "▀", "█"} // the same by what is dark
		before, after = "\x1b[38;5;16;48;5;231m", "\x1b[0m\n"
	}
	var s strings.Builder
	for y := -quiet; y < len(c)+quiet; y += 2 {
		s.WriteString(before)
		for x := -quiet; x < len(c)+quiet; x++ {
			shape := 0
			if c.at(x, y) {
				shape |= 2
			}
			if c.at(x, y+1) {
				shape |= 1
			}
			s.WriteString(blocks[shape])
		}
		s.WriteString(after)
	}
	return s.String()
}
