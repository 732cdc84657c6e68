package httpwire

import (
	"errors"
	"fmt"
	"slices"
)

// The classes of a ProtocolError: exactly one of them is inside each, for
// errors.Is.
var (
	// ErrEmptyReply: the peer closed in order before any byte, or after CR and
	// LF only.
	ErrEmptyReply = errors.New("empty reply")
	// ErrTruncatedHead: the peer closed in order inside the head. Interim
	// responses before it count as bytes of it.
	ErrTruncatedHead = errors.New("truncated head")
	// ErrTruncatedBody: the peer closed in order inside the body or trailer.
	ErrTruncatedBody = errors.New("truncated body")
	// ErrMalformedHead: anything wrong up to the blank line; an unusable
	// Content-Length or Transfer-Encoding and an unasked 101 included.
	ErrMalformedHead = errors.New("malformed head")
	// ErrMalformedBody: chunk framing or a trailer is wrong or over its limit.
	ErrMalformedBody = errors.New("malformed body")
	// ErrHeadTooLarge: the head is over a limit; ProtocolError.Limit says which.
	ErrHeadTooLarge = errors.New("head too large")
)

// ErrBadRequest is inside every RequestError, for errors.Is.
var ErrBadRequest = errors.New("bad request")

// ProtocolError is the peer's fault. It is the only type of error that
// Parser.NextEvent returns.
type ProtocolError struct {
	// Err is the class: ErrEmptyReply, ErrTruncatedHead, ErrTruncatedBody,
	// ErrMalformedHead, ErrMalformedBody or ErrHeadTooLarge.
	Err error

	State  State  // what was being read
	Offset int64  // of the fault, from the first byte after Expect
	Reason string // what is wrong

	// Bytes is the offending part, copied, at most 40 bytes; nil where nothing
	// can be shown.
	Bytes []byte

	// Limit names the field of Limits that was passed, or is "".
	Limit string

	// Hint guesses the mistake behind a reply that is not HTTP/1 at all, or is
	// "". It may depend on how much of the reply had arrived; nothing else in
	// a ProtocolError but the length of Bytes does.
	Hint string
}

// Error reads like
// `httpwire: status line: invalid status code "2x0" at offset 9`.
func (e *ProtocolError) Error() string {
	text := fmt.Sprintf("httpwire: %v: %s", e.State, e.Reason)
	if e.Bytes != nil {
		text += fmt.Sprintf(" %q", e.Bytes)
	}
	text += fmt.Sprintf(" at offset %d", e.Offset)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Unwrap returns the class.
func (e *ProtocolError) Unwrap() error { return e.Err }

// RequestError says why a Request, or the trailer of one, cannot be encoded:
// our caller's fault. errors.Is(err, ErrBadRequest) holds for it.
type RequestError struct {
	Part   string // "method", "target", "host", "field name", "trailer field", "body", "length", or a field's name
	Value  string // the offending value; of a field that may be a secret, the offending byte
	Reason string // what is wrong with it, or what would be right
}

// Error reads like
// `httpwire: request: target "/a b": a space would end it: write %20`.
func (e *RequestError) Error() string {
	return fmt.Sprintf("httpwire: request: %s %.80q: %s", e.Part, e.Value, e.Reason)
}

// Unwrap returns ErrBadRequest.
func (e *RequestError) Unwrap() error { return ErrBadRequest }

// EventTooLargeError says that an event of an event stream is over the limit.
type EventTooLargeError struct {
	Limit int // bytes, the EventStream.Limit that was passed
}

// Error reads like
// `httpwire: event stream: an event is over EventStream.Limit of 1048576`.
func (e *EventTooLargeError) Error() string {
	return fmt.Sprintf("httpwire: event stream: an event is over EventStream.Limit of %d", e.Limit)
}

// shown is the longest quotation in an error.
const shown = 40

func quotable(b []byte) []byte { return slices.Clone(b[:min(len(b), shown)]) }
