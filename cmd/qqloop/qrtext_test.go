package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"rsc.io/qr"
)

// rasterise draws half-blocks as a terminal would: light characters on a dark
// screen without colour, black ones on white with it.
func rasterise(t *testing.T, text string, colour bool) image.Image {
	t.Helper()
	const module = 4
	if colour {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "\x1b[38;5;16;48;5;231m") || !strings.HasSuffix(line, "\x1b[0m\n") {
				t.Fatalf("got line %q; want it to set both colours and to take them back", line)
			}
		}
		text = strings.NewReplacer("\x1b[38;5;16;48;5;231m", "", "\x1b[0m", "").Replace(text)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	columns := len([]rune(lines[0]))
	img := image.NewGray(image.Rect(0, 0, columns*module, len(lines)*2*module))
	for row, line := range lines {
		if n := len([]rune(line)); n != columns {
			t.Fatalf("line %d is %d columns wide; want %d", row, n, columns)
		}
		for x, r := range []rune(line) {
			upper, lower := strings.ContainsRune("█▀", r), strings.ContainsRune("█▄", r)
			for half, drawn := range []bool{upper, lower} {
				shade := color.Gray{Y: 0}
				if drawn != colour {
					shade.Y = 255
				}
				for dy := range module {
					for dx := range module {
						img.SetGray(x*module+dx, (2*row+half)*module+dy, shade)
					}
				}
			}
		}
	}
	return img
}

// TestQRTextIsRead gives what is drawn to a real reader.
func TestQRTextIsRead(t *testing.T) {
	for _, text := range []string{
		"http://qq.com",
		"https://txz.qq.com/p?k=7UOygILRKijCCCyhoAuiCza6LjHSgXFiLGxBuT7uVa81lQ-E0gF3XTw3uq0ST8we&f=501004106",
		strings.Repeat("0123456789", 30),
	} {
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		modules, err := readQR(code.PNG())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(modules) != code.Size {
			t.Fatalf("%q: got %d modules; want %d", text, len(modules), code.Size)
		}
		for _, colour := range []bool{false, true} {
			img := rasterise(t, modules.text(colour), colour)
			bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
			if err != nil {
				t.Fatal(err)
			}
			got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
			if err != nil {
				t.Fatalf("%q, colour %v: the reader sees nothing: %v\n%s", text, colour, err, modules.text(colour))
			}
			if got.GetText() != text {
				t.Errorf("colour %v: got %q; want %q", colour, got.GetText(), text)
			}
		}
	}
}

func TestReadQRRefuses(t *testing.T) {
	blank := image.NewGray(image.Rect(0, 0, 50, 50))
	dot := image.NewGray(image.Rect(0, 0, 50, 50))
	for i := range dot.Pix {
		dot.Pix[i] = 255
	}
	dot.SetGray(20, 20, color.Gray{})
	for name, img := range map[string]image.Image{"all dark": blank, "a dot": dot} {
		var b bytes.Buffer
		check(t, png.Encode(&b, img))
		if code, err := readQR(b.Bytes()); err == nil {
			t.Errorf("%s: got a code of %d modules; want an error", name, len(code))
		}
	}
	if _, err := readQR([]byte("no picture")); err == nil {
		t.Error("no picture: got a code; want an error")
	}
}
