package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A form is one way in which a coding is found on the wire.
type form struct {
	name   string
	coding string
	writer func(io.Writer) io.WriteCloser
}

func must[W io.WriteCloser](w W, err error) io.WriteCloser {
	if err != nil {
		panic(err)
	}
	return w
}

var forms = []form{
	{"gzip", "gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"gzip with all fields", "x-gzip", func(w io.Writer) io.WriteCloser {
		z := gzip.NewWriter(w)
		z.Name, z.Comment, z.Extra = "n\u00e4me", "two\nlines", []byte("extra")
		return z
	}},
	{"deflate as zlib", "deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
	{"deflate bare", "deflate", func(w io.Writer) io.WriteCloser { return must(flate.NewWriter(w, 6)) }},
	{"deflate stored", "deflate", func(w io.Writer) io.WriteCloser { return must(flate.NewWriter(w, 0)) }},
	{"brotli", "br", func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }},
	{"zstd", "zstd", func(w io.Writer) io.WriteCloser {
		return must(zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20)))
	}},
	{"zstd without checksum", "ZSTD", func(w io.Writer) io.WriteCloser {
		return must(zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true)))
	}},
}

func (f form) encode(content []byte) []byte {
	var b bytes.Buffer
	w := f.writer(&b)
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func formOf(coding string) form {
	for _, f := range forms {
		if strings.EqualFold(f.coding, coding) {
			return f
		}
	}
	panic("no coding " + coding)
}

// chain applies the codings of a list, in its order.
func chain(list string, content []byte) []byte {
	for name := range strings.SplitSeq(list, ", ") {
		content = formOf(name).encode(content)
	}
	return content
}

// drive decodes pieces, each in memory of its own that is overwritten as soon as
// Decode has returned, and so is each piece of output.
func drive(t testing.TB, coding string, l Limits, pieces ...[]byte) ([]byte, error) {
	t.Helper()
	d, err := New(coding, l)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got []byte
	for i, piece := range pieces {
		lent := bytes.Clone(piece)
		err := d.Decode(lent, i == len(pieces)-1, func(out []byte) bool {
			if len(out) == 0 {
				t.Fatal("an empty piece was handed out")
			}
			got = append(got, out...)
			clear(out)
			return true
		})
		clear(lent)
		if err != nil {
			if again := d.Decode(nil, true, nil); again != err {
				t.Fatalf("asked again: %v; want the same error %v", again, err)
			}
			return got, err
		}
	}
	return got, nil
}

// bytewise cuts b into single bytes. The end comes by itself.
func bytewise(b []byte) [][]byte {
	var pieces [][]byte
	for i := range b {
		pieces = append(pieces, b[i:i+1])
	}
	return append(pieces, nil)
}

// prose is n bytes that look like text and do not compress to nothing.
func prose(n int) []byte {
	var b bytes.Buffer
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		fmt.Fprintf(&b, "%d bottles of %x on the wall, ", x>>24, x>>18)
	}
	return b.Bytes()[:n]
}
