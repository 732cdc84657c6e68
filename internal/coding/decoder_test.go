package coding

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

func TestRoundTrip(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 100, 40_000, 300_000} {
				content := prose(n)
				wire := f.encode(content)
				cuts := map[string][][]byte{"whole": {wire}, "the end by itself": {wire, nil}}
				if len(wire) < 20_000 {
					cuts["byte by byte"] = bytewise(wire)
				}
				for how, pieces := range cuts {
					got, err := drive(t, f.coding, Limits{}, pieces...)
					if err != nil || !bytes.Equal(got, content) {
						t.Errorf("%d bytes, %s: got %d bytes, equal %v, and %v; want them back", n, how, len(got), bytes.Equal(got, content), err)
					}
				}
			}
		})
	}
}

func TestEverySplit(t *testing.T) {
	content := []byte("the quick brown fox jumps over the lazy dog, the quick brown fox")
	for _, f := range forms {
		wire := f.encode(content)
		for i := range wire {
			got, err := drive(t, f.coding, Limits{}, wire[:i], wire[i:])
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s, split at %d of %d: got %q, %v; want %q", f.name, i, len(wire), got, err, content)
			}
		}
	}
}

func TestCutAtEveryByte(t *testing.T) {
	content := prose(200)
	for _, f := range forms {
		wire := f.encode(content)
		for i := 1; i < len(wire); i++ {
			for _, pieces := range [][][]byte{{wire[:i]}, bytewise(wire[:i])} {
				got, err := drive(t, f.coding, Limits{}, pieces...)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s, cut at %d of %d: got error %v; want one with %v", f.name, i, len(wire), err, io.ErrUnexpectedEOF)
				}
				if !bytes.HasPrefix(content, got) {
					t.Errorf("%s, cut at %d: got %q, which is no beginning of the content", f.name, i, got)
				}
			}
		}
	}
}

func TestChain(t *testing.T) {
	content := prose(5000)
	for _, list := range []string{"gzip, br", "br, gzip", "deflate, zstd, gzip", "gzip, gzip, gzip, gzip, gzip", "zstd, br, deflate"} {
		wire := chain(list, content)
		for _, pieces := range [][][]byte{{wire}, bytewise(wire)} {
			got, err := drive(t, list, Limits{}, pieces...)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: got %d bytes, %v; want the %d that were coded", list, len(got), err, len(content))
			}
		}
	}
}

// A cut in the outer coding, or a fault in the inner one, must name the right one.
func TestChainNamesTheFault(t *testing.T) {
	wire := chain("gzip, br", prose(5000))
	_, err := drive(t, "gzip, br", Limits{}, wire[:len(wire)/2])
	if e, ok := errors.AsType[*Error](err); !ok || e.Coding != "br" {
		t.Errorf("the outer one cut: got %v; want an error of br", err)
	}
	inner := formOf("gzip").encode(prose(5000))
	wire = formOf("br").encode(inner[:len(inner)-3])
	_, err = drive(t, "gzip, br", Limits{}, wire)
	if e, ok := errors.AsType[*Error](err); !ok || e.Coding != "gzip" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the inner one cut: got %v; want an error of gzip", err)
	}
}

// A stream that is flushed is decoded as far as it has come.
func TestFlushedContentIsNotHeldBack(t *testing.T) {
	for _, f := range forms {
		var wire bytes.Buffer
		w := f.writer(&wire)
		d, err := New(f.coding, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"data: one\n\n", "data: two\n\n", "data: three\n\n"} {
			w.Write([]byte(line))
			if err := w.(interface{ Flush() error }).Flush(); err != nil {
				t.Fatal(err)
			}
			var got []byte
			err := d.Decode(wire.Bytes(), false, func(out []byte) bool { got = append(got, out...); return true })
			if err != nil || string(got) != line {
				t.Errorf("%s: got %q, %v; want %q", f.name, got, err, line)
			}
			wire.Reset()
		}
		d.Close()
	}
}

func TestIdentityIsAView(t *testing.T) {
	for _, list := range []string{"", "identity", " Identity , ,"} {
		d, err := New(list, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		in := []byte("hello")
		err = d.Decode(in, true, func(out []byte) bool {
			if &out[0] != &in[0] || len(out) != len(in) {
				t.Errorf("%q: got a copy; want a view", list)
			}
			return true
		})
		if err != nil {
			t.Errorf("%q: %v", list, err)
		}
	}
}

func TestNoContentIsRight(t *testing.T) {
	for _, list := range []string{"", "gzip", "deflate", "br", "zstd", "gzip, br", "br, zstd"} {
		got, err := drive(t, list, Limits{}, nil, nil)
		if err != nil || got != nil {
			t.Errorf("%s: got %q, %v; want nothing", list, got, err)
		}
	}
	if got, err := drive(t, "gzip, br", Limits{}, formOf("br").encode(nil)); err != nil || got != nil {
		t.Errorf("nothing inside br: got %q, %v; want nothing", got, err)
	}
}

func TestCloseInEveryState(t *testing.T) {
	before := runtime.NumGoroutine()
	content := prose(100_000)
	for _, list := range []string{"", "gzip", "deflate", "br", "zstd", "gzip, zstd"} {
		wire := content
		if list != "" {
			wire = chain(list, content)
		}
		ignore := func([]byte) bool { return true }
		var d *Decoder
		states := map[string]func() error{
			"new":                    func() error { return nil },
			"one byte in":            func() error { return d.Decode(wire[:1], false, ignore) },
			"half way":               func() error { return d.Decode(wire[:len(wire)/2], false, ignore) },
			"at the end, not told":   func() error { return d.Decode(wire, false, ignore) },
			"at the end":             func() error { return d.Decode(wire, true, ignore) },
			"emit says stop":         func() error { return d.Decode(wire, true, func([]byte) bool { return false }) },
			"emit closes":            func() error { return d.Decode(wire, true, func([]byte) bool { d.Close(); return true }) },
			"emit closes, says stop": func() error { return d.Decode(wire, true, func([]byte) bool { d.Close(); return false }) },
			"emit panics": func() error {
				defer func() { recover() }()
				return d.Decode(wire, true, func([]byte) bool { panic("emit") })
			},
		}
		for name, reach := range states {
			var err error
			if d, err = New(list, Limits{}); err != nil {
				t.Fatal(err)
			}
			err = reach()
			if stopped := len(name) > 5 && name[:5] == "emit " && name != "emit panics"; stopped != (err != nil) || stopped && err != ErrClosed {
				t.Errorf("%q, %s: got %v; want stopped %v", list, name, err, stopped)
			}
			d.Close()
			d.Close()
			if err := d.Decode(nil, true, nil); err != ErrClosed {
				t.Errorf("%q, %s: after Close got %v; want %v", list, name, err, ErrClosed)
			}
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines; want the %d of before", after, before)
	}
}

// The end and the first error leave nothing behind, without a Close.
func TestTheEndLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, f := range forms {
		wire := f.encode(prose(100_000))
		for _, in := range [][]byte{wire, wire[:len(wire)/2], append(bytes.Clone(wire), "too much"...)} {
			d, err := New(f.coding, Limits{Output: 90_000})
			if err != nil {
				t.Fatal(err)
			}
			d.Decode(in, true, func([]byte) bool { return true })
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines; want the %d of before", after, before)
	}
}

func TestDecodeAfterTheEndPanics(t *testing.T) {
	d, _ := New("gzip", Limits{})
	d.Decode(formOf("gzip").encode(nil), true, nil)
	if err := d.Decode(nil, true, nil); err != nil {
		t.Errorf("no bytes after the end: %v; want none", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("bytes after the end did not panic")
		}
	}()
	d.Decode([]byte("x"), false, nil)
}

func TestLockedThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	content := prose(1000)
	got, err := drive(t, "gzip", Limits{}, bytewise(formOf("gzip").encode(content))...)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(content))
	}
}

// Whatever the codings, the content and the cuts: it comes back.
func TestAnyCutOfAnyChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "content"), rapid.IntRange(1, 200).Draw(t, "times"))
		list, wire := "", content
		for range rapid.IntRange(1, 3).Draw(t, "codings") {
			f := rapid.SampledFrom(forms).Draw(t, "coding")
			list += f.coding + ","
			wire = f.encode(wire)
		}
		d, err := New(list, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var got []byte
		for {
			n := rapid.IntRange(0, len(wire)).Draw(t, "piece")
			end := n == len(wire)
			if err := d.Decode(wire[:n], end, func(out []byte) bool { got = append(got, out...); return true }); err != nil {
				t.Fatal(err)
			}
			if wire = wire[n:]; end {
				break
			}
		}
		if !bytes.Equal(got, content) {
			t.Fatalf("got %d bytes; want the %d that were coded", len(got), len(content))
		}
	})
}
