package coding

import (
	"errors"
	"fmt"
)

// ErrClosed is what Decode returns after Close.
var ErrClosed = errors.New("the decoder was closed")

// ErrTrailing is inside the Error for bytes behind the end of the content.
var ErrTrailing = errors.New("bytes behind the end of the content")

// UnsupportedError says that a Content-Encoding cannot be taken off.
type UnsupportedError struct {
	ContentEncoding string // the whole list
	Coding          string // the one that is not known; "" where there are too many
}

// Error reads like `content coding "compress" is not known: want gzip,
// deflate, br, zstd or identity`.
func (e *UnsupportedError) Error() string {
	if e.Coding == "" {
		return fmt.Sprintf("content codings %.80q are too many: want at most %d", e.ContentEncoding, maxCodings)
	}
	return fmt.Sprintf("content coding %.40q is not known: want gzip, deflate, br, zstd or identity", e.Coding)
}

// Error says that the content is not what its coding says.
type Error struct {
	Coding string // "gzip", "deflate", "br" or "zstd"
	Reason string

	// Err is what the decoder said: gzip.ErrHeader, gzip.ErrChecksum, a
	// flate.CorruptInputError and so on, io.ErrUnexpectedEOF where the content
	// ends too early, ErrTrailing where it does not end.
	Err error
}

// Error reads like `content coding gzip: the content begins with "<html>",
// which is not gzip`.
func (e *Error) Error() string { return "content coding " + e.Coding + ": " + e.Reason }

// Unwrap returns the decoder's error.
func (e *Error) Unwrap() error { return e.Err }

// TooLargeError says that the content grew beyond a bound: of a stage in
// between, too, where codings are chained.
type TooLargeError struct {
	Coding string // the one that was being taken off; "identity" if there is none
	Bound  string // "Output" or "Ratio", the field of Limits
	Limit  int64  // the value of that field
	In     int64  // bytes of the coded content that had been used
}

// Error reads like "content coding gzip: the content is longer than 8388608
// bytes when decoded".
func (e *TooLargeError) Error() string {
	if e.Bound == "Ratio" {
		return fmt.Sprintf("content coding %s: the content grows to more than %d times its length when decoded", e.Coding, e.Limit)
	}
	return fmt.Sprintf("content coding %s: the content is longer than %d bytes when decoded", e.Coding, e.Limit)
}
