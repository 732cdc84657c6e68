package coding

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}} {
		content := prose(size.n)
		for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
			wire := formOf(coding).encode(content)
			b.Run(coding+"/"+size.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(content)))
				for b.Loop() {
					d, err := New(coding, Limits{})
					if err != nil {
						b.Fatal(err)
					}
					for at := 0; at < len(wire); at += 16 << 10 {
						to := min(at+16<<10, len(wire))
						if err := d.Decode(wire[at:to], to == len(wire), func([]byte) bool { return true }); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

// BenchmarkGzipReader is the decoder alone, for comparison: what the coroutine
// costs is the difference.
func BenchmarkGzipReader(b *testing.B) {
	content := prose(1 << 20)
	wire := formOf("gzip").encode(content)
	b.ReportAllocs()
	b.SetBytes(int64(len(content)))
	buf := make([]byte, pieceSize)
	for b.Loop() {
		z, err := gzip.NewReader(bytes.NewReader(wire))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, z, buf); err != nil {
			b.Fatal(err)
		}
	}
}
