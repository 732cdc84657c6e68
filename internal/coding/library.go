package coding

import (
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

func openBrotli(in *input) (io.Reader, error) { return brotli.NewReader(in), nil }

// maxWindow is how far back a frame may refer, and so what a decoder has to
// keep (RFC 9659 section 3).
const maxWindow = 8 << 20

func openZstd(in *input) (io.Reader, error) {
	// The last three bytes tell a skippable frame, whose first may vary.
	if m := in.peek(4); len(m) == 4 && string(m) != "\x28\xb5\x2f\xfd" && !(m[0]>>4 == 5 && string(m[1:]) == "\x2a\x4d\x18") {
		return nil, notA("zstd", in, zstd.ErrMagicMismatch)
	}
	// With a concurrency of one it starts no goroutine: it would have to share
	// our coroutine's input with them.
	z, err := zstd.NewReader(in,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecodeBuffersBelow(0))
	return frames{z}, err
}

// frames puts into words what the library says of a window that is too large,
// and of a block that is larger than its window.
type frames struct{ *zstd.Decoder }

func (f frames) Read(p []byte) (int, error) {
	n, err := f.Decoder.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = &Error{"zstd", fmt.Sprintf("the content needs more than its window, or that is of more than %d bytes", maxWindow), err}
	}
	return n, err
}
