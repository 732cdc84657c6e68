package coding

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// zeros codes n zero bytes without holding them.
func zeros(f form, n int64) []byte {
	var b bytes.Buffer
	w := f.writer(&b)
	if _, err := io.CopyN(w, endless{}, n); err != nil {
		panic(err)
	}
	w.Close()
	return b.Bytes()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOutputIsBoundedToTheByte(t *testing.T) {
	content := prose(100_000)
	for _, f := range append(forms, form{name: "identity", writer: func(w io.Writer) io.WriteCloser { return nop{w} }}) {
		wire := f.encode(content)
		for _, limit := range []int64{1, 32 << 10, 32<<10 + 1, 99_999} {
			got, err := drive(t, f.coding, Limits{Output: limit}, wire)
			e, ok := errors.AsType[*TooLargeError](err)
			if !ok || e.Bound != "Output" || e.Limit != limit {
				t.Errorf("%s, bound %d: got %v; want a *TooLargeError", f.name, limit, err)
			}
			if !bytes.Equal(got, content[:limit]) {
				t.Errorf("%s, bound %d: got %d bytes; want all up to the bound", f.name, limit, len(got))
			}
		}
		for _, limit := range []int64{100_000, -1} {
			if got, err := drive(t, f.coding, Limits{Output: limit}, wire); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s, bound %d: got %d bytes, %v; want all", f.name, limit, len(got), err)
			}
		}
	}
}

type nop struct{ io.Writer }

func (nop) Close() error { return nil }

func TestBombs(t *testing.T) {
	for _, f := range forms {
		wire := zeros(f, 9<<20)
		for _, l := range []Limits{{}, {Output: -1, Ratio: 50}} {
			d, err := New(f.coding, l)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var n int64
			err = d.Decode(wire, true, func(out []byte) bool { n += int64(len(out)); return true })
			runtime.ReadMemStats(&after)
			e, ok := errors.AsType[*TooLargeError](err)
			switch {
			case f.name == "deflate stored" && l.Ratio > 0:
				if err != nil {
					t.Errorf("%s: got %v; want none: it does not grow", f.name, err)
				}
				continue
			case !ok:
				t.Fatalf("%s, %+v: got %v after %d bytes; want a *TooLargeError", f.name, l, err, n)
			case l.Ratio == 0 && n != 8<<20:
				t.Errorf("%s: stopped after %d bytes; want 8 MiB", f.name, n)
			case l.Ratio > 0 && (e.Bound != "Ratio" || e.Limit != 50 || n > max(1<<20, 50*int64(len(wire)))):
				t.Errorf("%s: got %+v after %d bytes of %d; want a ratio of 50", f.name, e, n, len(wire))
			}
			// The largest thing that is held is a window.
			if grown := after.TotalAlloc - before.TotalAlloc; grown > maxWindow+1<<20 {
				t.Errorf("%s: allocated %d bytes for %d of output", f.name, grown, n)
			}
		}
	}
}

// A bomb inside: its outer coding ends in next to nothing, and what lies between
// would be enormous.
func TestBombInBetween(t *testing.T) {
	var gz bytes.Buffer
	member := formOf("gzip").encode(nil)
	for gz.Len() < 2<<20 {
		gz.Write(member)
	}
	wire := formOf("br").encode(gz.Bytes())
	got, err := drive(t, "gzip, br", Limits{Output: 1 << 20}, wire)
	if e, ok := errors.AsType[*TooLargeError](err); !ok || e.Coding != "br" || got != nil {
		t.Errorf("got %d bytes, %v; want br to pass its bound", len(got), err)
	}
}

func TestLimitTexts(t *testing.T) {
	for want, err := range map[string]*TooLargeError{
		"content coding gzip: the content is longer than 10 bytes when decoded":              {Coding: "gzip", Bound: "Output", Limit: 10},
		"content coding br: the content grows to more than 50 times its length when decoded": {Coding: "br", Bound: "Ratio", Limit: 50},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}
