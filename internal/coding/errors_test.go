package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// flip returns wire with one byte changed; at counts from the end if negative.
func flip(wire []byte, at int) []byte {
	wire = bytes.Clone(wire)
	if at < 0 {
		at += len(wire)
	}
	wire[at] ^= 0x55
	return wire
}

func TestFaults(t *testing.T) {
	content := prose(300)
	gz, zl, raw := forms[0].encode(content), forms[2].encode(content), forms[3].encode(content)
	br, zs := forms[5].encode(content), forms[6].encode(content)
	with := func(wire []byte, more string) []byte { return append(bytes.Clone(wire), more...) }
	for _, tt := range []struct {
		name, coding string
		wire         []byte
		is           error
		text         string
	}{
		{"gzip: plain text", "gzip", []byte("<!DOCTYPE html><html>"), gzip.ErrHeader, `content coding gzip: the content begins with "<!DOCTYPE html><", which is not gzip`},
		{"gzip: one wrong byte", "x-gzip", []byte("{"), gzip.ErrHeader, `content coding gzip: the content begins with "{", which is not gzip`},
		{"gzip: method 7", "gzip", flip(gz, 2), gzip.ErrHeader, "content coding gzip: the content is damaged: invalid header"},
		{"gzip: checksum", "gzip", flip(gz, -6), gzip.ErrChecksum, "content coding gzip: the content is damaged: invalid checksum"},
		{"gzip: length", "gzip", flip(gz, -1), gzip.ErrChecksum, "content coding gzip: the content is damaged: invalid checksum"},
		{"gzip: a newline behind", "gzip", with(gz, "\n"), ErrTrailing, `content coding gzip: something follows the end of the content: "\n"`},
		{"gzip: zeros behind", "gzip", with(gz, strings.Repeat("\x00", 20)), ErrTrailing, `content coding gzip: something follows the end of the content: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`},
		{"deflate: checksum of zlib", "deflate", flip(zl, -1), zlib.ErrChecksum, "content coding deflate: the content is damaged: invalid checksum"},
		{"deflate: a dictionary", "deflate", []byte{0x78, 0xbb, 1, 2, 3, 4, 0}, zlib.ErrDictionary, "content coding deflate: the content is damaged: invalid dictionary"},
		{"deflate: behind zlib", "deflate", with(zl, "x"), ErrTrailing, `content coding deflate: something follows the end of the content: "x"`},
		{"deflate: behind the bare one", "deflate", with(raw, "12345"), ErrTrailing, `content coding deflate: something follows the end of the content: "12345"`},
		{"br: plain text", "br", []byte("<!DOCTYPE html><html>"), nil, "content coding br: the content is damaged: RESERVED"},
		{"br: behind", "br", with(br, "x"), nil, "content coding br: the content is damaged: excessive input"},
		{"zstd: plain text", "zstd", []byte("<!DOCTYPE html><html>"), zstd.ErrMagicMismatch, `content coding zstd: the content begins with "<!DOCTYPE html><", which is not zstd`},
		{"zstd: checksum", "zstd", flip(zs, -1), zstd.ErrCRCMismatch, "content coding zstd: the content is damaged: CRC check failed"},
		{"zstd: behind", "zstd", with(zs, "four"), zstd.ErrMagicMismatch, "content coding zstd: the content is damaged: magic number mismatch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := drive(t, tt.coding, Limits{}, tt.wire)
			if e, ok := errors.AsType[*Error](err); !ok || e.Err == nil {
				t.Fatalf("got %v; want an *Error with a cause", err)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v; want one with %v", err, tt.is)
			}
			if err.Error() != tt.text {
				t.Errorf("got  %s\nwant %s", err, tt.text)
			}
			if _, err := drive(t, tt.coding, Limits{}, bytewise(tt.wire)...); err == nil {
				t.Error("byte by byte: got no error")
			}
		})
	}
}

// The fault is told with the byte that makes it, and not with those behind.
func TestFaultsDoNotWait(t *testing.T) {
	for _, f := range forms {
		wire := append(f.encode(prose(300)), "excess"...)
		d, err := New(f.coding, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(wire, false, func([]byte) bool { return true }); err == nil {
			t.Errorf("%s: got no error before the end", f.name)
		}
		d.Close()
	}
}

func TestCorruptDeflateIsReached(t *testing.T) {
	_, err := drive(t, "deflate", Limits{}, []byte{0xff, 0xff, 0xff})
	if _, ok := errors.AsType[flate.CorruptInputError](err); !ok {
		t.Errorf("got %v; want a flate.CorruptInputError inside", err)
	}
}

// A damaged bit is noticed wherever there is a checksum; elsewhere it may pass
// for other content, but must not crash.
func TestEveryBitDamaged(t *testing.T) {
	content := prose(120)
	for _, f := range forms {
		wire := f.encode(content)
		summed := f.name == "gzip" || f.name == "deflate as zlib" || f.name == "zstd"
		for i := range len(wire) * 8 {
			bad := bytes.Clone(wire)
			bad[i/8] ^= 1 << (i % 8)
			got, err := drive(t, f.coding, Limits{}, bad)
			if err == nil && summed && !bytes.Equal(got, content) {
				t.Errorf("%s, bit %d: got other content and no error", f.name, i)
			}
		}
	}
}

func TestMembers(t *testing.T) {
	for _, coding := range []string{"gzip", "zstd"} {
		f := formOf(coding)
		wire := bytes.Join([][]byte{f.encode([]byte("one ")), f.encode(nil), f.encode([]byte("two"))}, nil)
		for _, pieces := range [][][]byte{{wire}, bytewise(wire)} {
			if got, err := drive(t, coding, Limits{}, pieces...); err != nil || string(got) != "one two" {
				t.Errorf("%s: got %q, %v; want %q", coding, got, err, "one two")
			}
		}
	}
	skippable := append([]byte("\x53\x2a\x4d\x18\x03\x00\x00\x00abc"), formOf("zstd").encode([]byte("text"))...)
	if got, err := drive(t, "zstd", Limits{}, bytewise(skippable)...); err != nil || string(got) != "text" {
		t.Errorf("a skippable frame: got %q, %v; want %q", got, err, "text")
	}
}

// As curl does: servers that leave the header of zlib away may leave its
// checksum where it is.
func TestBareDeflateMayKeepItsChecksum(t *testing.T) {
	zl := forms[2].encode([]byte("hello, hello"))
	for _, pieces := range [][][]byte{{zl[2:]}, bytewise(zl[2:])} {
		if got, err := drive(t, "deflate", Limits{}, pieces...); err != nil || string(got) != "hello, hello" {
			t.Errorf("got %q, %v; want %q", got, err, "hello, hello")
		}
	}
}

func TestWindowsAreBounded(t *testing.T) {
	content := prose(9 << 20)
	for _, single := range []bool{false, true} {
		var b bytes.Buffer
		w := must(zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(16<<20), zstd.WithSingleSegment(single)))
		if single {
			b.Write(w.(*zstd.Encoder).EncodeAll(content, nil))
		} else {
			w.Write(content)
		}
		w.Close()
		got, err := drive(t, "zstd", Limits{Output: -1}, b.Bytes())
		if e, ok := errors.AsType[*Error](err); !ok || len(got) > 0 || !strings.Contains(err.Error(), "window") {
			t.Errorf("single segment %v: got %d bytes, %v (%v); want an error about the window", single, len(got), err, e)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for list, want := range map[string]string{
		"compress":                      `content coding "compress" is not known: want gzip, deflate, br, zstd or identity`,
		"gzip, exi":                     `content coding "exi" is not known: want gzip, deflate, br, zstd or identity`,
		"gzip;q=1":                      `content coding "gzip;q=1" is not known: want gzip, deflate, br, zstd or identity`,
		"gzip,gzip,gzip,gzip,gzip,gzip": `content codings "gzip,gzip,gzip,gzip,gzip,gzip" are too many: want at most 5`,
	} {
		d, err := New(list, Limits{})
		e, ok := errors.AsType[*UnsupportedError](err)
		if !ok || d != nil || e.ContentEncoding != list {
			t.Errorf("%s: got %v, %v; want an *UnsupportedError", list, d, err)
			continue
		}
		if err.Error() != want {
			t.Errorf("%s: got  %s\nwant %s", list, err, want)
		}
	}
}

func TestAcceptEncodingIsAccepted(t *testing.T) {
	if _, err := New(AcceptEncoding, Limits{}); err != nil {
		t.Error(err)
	}
}
