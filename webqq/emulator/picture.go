package emulator

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
)

// newGray is a white picture.
func newGray(width, height int) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, width, height))
	for i := range p.Pix {
		p.Pix[i] = 0xff
	}
	return p
}

func fill(p *image.Gray, x, y, width, height int, shade uint8) {
	for dy := range height {
		for dx := range width {
			p.SetGray(x+dx, y+dy, color.Gray{Y: shade})
		}
	}
}

// captchaLetters leaves out those that look like others.
const captchaLetters = "ACEFHKMNPRTXYZ"

// glyphs are five dots wide and seven high, a row a byte, the leftmost dot in
// bit 4.
var glyphs = map[byte][7]byte{
	'A': {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11},
	'C': {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e},
	'E': {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f},
	'F': {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10},
	'H': {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11},
	'K': {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11},
	'M': {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11},
	'N': {0x11, 0x19, 0x15, 0x15, 0x13, 0x11, 0x11},
	'P': {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10},
	'R': {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11},
	'T': {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04},
	'X': {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11},
	'Y': {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04},
	'Z': {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f},
}

// captchaPicture draws the letters large enough to read, each a little off its
// line: a person must get them right, nobody needs to be kept out.
func (s *Service) captchaPicture(text string) []byte {
	const dot = 5
	p := newGray(30*len(text)+20, 60)
	for i := range len(text) {
		left, top := 14+30*i+s.rand.IntN(5), 8+s.rand.IntN(12)
		for y, row := range glyphs[text[i]] {
			for x := range 5 {
				if row>>(4-x)&1 == 1 {
					fill(p, left+x*dot, top+y*dot, dot, dot, 40)
				}
			}
		}
	}
	return encodeJPEG(p)
}

// blankPicture stands for avatars and for pictures that nobody drew.
func blankPicture() []byte { return encodeJPEG(newGray(40, 40)) }

func encodeJPEG(p image.Image) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, nil); err != nil {
		panic(err) // a bytes.Buffer takes everything, and the picture is small
	}
	return out.Bytes()
}
