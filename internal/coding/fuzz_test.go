package coding

import (
	"bytes"
	"errors"
	"testing"
)

var lists = []string{"gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"}

// FuzzDecode: whatever is sent, the end is content, or one of our errors; what
// was handed out is within the bound; and how the bytes were cut changes
// neither.
func FuzzDecode(f *testing.F) {
	content := []byte("hello, hello, hello")
	for i, list := range lists {
		wire := chain(list, content)
		f.Add(uint8(i), wire, uint16(len(wire)/2))
		f.Add(uint8(i), wire[:len(wire)-1], uint16(1))
		f.Add(uint8(i), append(bytes.Clone(wire), "more"...), uint16(len(wire)))
	}
	f.Fuzz(func(t *testing.T, which uint8, wire []byte, cut uint16) {
		list, l := lists[int(which)%len(lists)], Limits{Output: 1 << 16}
		whole, err := drive(t, list, l, wire)
		if int64(len(whole)) > l.Output {
			t.Fatalf("handed out %d bytes; want at most %d", len(whole), l.Output)
		}
		at := min(int(cut), len(wire))
		parts, partsErr := drive(t, list, l, wire[:at], wire[at:])
		switch {
		case err == nil && partsErr == nil:
			if !bytes.Equal(whole, parts) {
				t.Fatalf("cut at %d: got %q; want %q", at, parts, whole)
			}
		case err == nil || partsErr == nil:
			t.Fatalf("cut at %d: got %v; want %v", at, partsErr, err)
		default:
			// What a decoder hands out before a fault is its own affair.
			if n := min(len(whole), len(parts)); !bytes.Equal(whole[:n], parts[:n]) {
				t.Fatalf("cut at %d: got %q; want it to agree with %q", at, parts, whole)
			}
			for _, err := range []error{err, partsErr} {
				_, damaged := errors.AsType[*Error](err)
				_, large := errors.AsType[*TooLargeError](err)
				if !damaged && !large {
					t.Fatalf("got an error of type %T: %v", err, err)
				}
			}
		}
	})
}
