package coding

import (
	"fmt"
	"io"
	"strings"
)

// AcceptEncoding is a value of Accept-Encoding that names every coding that a
// Decoder takes off.
const AcceptEncoding = "gzip, deflate, br, zstd"

// maxCodings is curl's bound. Each coding costs a decoder, and nobody honest
// applies more than two.
const maxCodings = 5

// A coding is a name and the reader that takes it off. The reader must read
// its input to the end before it says io.EOF, or what follows the content
// would go unseen.
type coding struct {
	name string
	open func(*input) (io.Reader, error)
}

// parseList returns the codings of a Content-Encoding, in the order in which
// they were applied.
func parseList(list string) ([]coding, error) {
	var codings []coding
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, " \t")
		var c coding
		switch strings.ToLower(name) {
		case "", "identity":
			continue
		case "gzip", "x-gzip":
			c = coding{"gzip", openGzip}
		case "deflate":
			c = coding{"deflate", openDeflate}
		case "br":
			c = coding{"br", openBrotli}
		case "zstd":
			c = coding{"zstd", openZstd}
		default:
			return nil, &UnsupportedError{ContentEncoding: list, Coding: name}
		}
		if len(codings) == maxCodings {
			return nil, &UnsupportedError{ContentEncoding: list}
		}
		codings = append(codings, c)
	}
	return codings, nil
}

// notA is the error for content that does not begin as its coding does. How
// much of it can be shown depends on how much of it has arrived.
func notA(name string, in *input, err error) *Error {
	return &Error{name, fmt.Sprintf("the content begins with %q, which is not %s", in.shown(), name), err}
}

// trailing is the error for what stands behind the end.
func trailing(name string, in *input) *Error {
	return &Error{name, fmt.Sprintf("something follows the end of the content: %q", in.shown()), ErrTrailing}
}
