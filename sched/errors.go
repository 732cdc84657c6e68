package sched

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Kind says what kind of failure ended an exchange. Its text is part of the
// command's contract.
type Kind string

const (
	InvalidRequest   Kind = "invalid_request" // cannot be sent as asked
	Resolve          Kind = "resolve"         // the name has no address, or the name service failed
	Connect          Kind = "connect"         // refused, unreachable, or not allowed
	Proxy            Kind = "proxy"           // it refused, or could not be understood
	TLS              Kind = "tls"             // no handshake, or no trust
	QueueFull        Kind = "queue_full"
	QueueTimeout     Kind = "queue_timeout"
	ResolveTimeout   Kind = "resolve_timeout"
	ConnectTimeout   Kind = "connect_timeout"
	TLSTimeout       Kind = "tls_timeout"
	FirstByteTimeout Kind = "first_byte_timeout"
	StallTimeout     Kind = "stall_timeout"
	TotalTimeout     Kind = "timeout"
	EmptyReply       Kind = "empty_reply"    // closed in order before any byte: BadStatusLine('')
	Reset            Kind = "reset"          // RST, EPIPE
	TruncatedHead    Kind = "truncated_head" // closed in order inside the head
	TruncatedBody    Kind = "truncated_body" // closed in order inside the body
	MalformedHead    Kind = "malformed_head"
	MalformedBody    Kind = "malformed_body"
	HeadTooLarge     Kind = "head_too_large"
	BodyTooLarge     Kind = "body_too_large"
	BadUpload        Kind = "bad_upload"     // Upload cannot be read, or is not as long as it says
	BadEncoding      Kind = "bad_encoding"   // Decode, and the content is not what it says
	Unwanted         Kind = "unwanted"       // OnBody would have no more
	Redirect         Kind = "redirect"       // cannot be followed; Response is the last one
	Cancelled        Kind = "cancelled"      // by Chain.Cancel or Stream.Close
	TooManyFiles     Kind = "too_many_files" // no descriptor within the queue's deadline
)

// Phase says how far an exchange had come.
type Phase string

const (
	PhaseQueue     Phase = "queue"
	PhaseResolve   Phase = "resolve"
	PhaseConnect   Phase = "connect"
	PhaseProxy     Phase = "proxy"
	PhaseTLS       Phase = "tls"
	PhaseWrite     Phase = "write"
	PhaseFirstByte Phase = "first_byte"
	PhaseBody      Phase = "body"
)

// ErrClosed is inside the errors of a stream that was closed, ErrCancelled
// inside those of a chain that was cancelled.
var (
	ErrClosed    = errors.New("the stream was closed")
	ErrCancelled = errors.New("the chain was cancelled")
)

// Error says how an exchange failed. It is the only type of error that a
// readback gets.
type Error struct {
	Kind   Kind
	Phase  Phase
	Method string
	URL    string // without a password
	Addr   string // the address that was talked to, or the host asked for; may be ""

	// Sent says that bytes of the request may have reached the server.
	Sent bool

	Info

	// Response holds what had arrived when it failed, or nil where no head
	// had. Its bytes live as long as those of a whole Response.
	Response *Response

	Err error // the cause
}

// Error reads like a sentence:
// "GET http://a.example/: connect 203.0.113.7:80: connection refused".
func (e *Error) Error() string {
	if e.Kind == InvalidRequest { // nothing was tried, so there is no place
		return strings.TrimPrefix(strings.TrimSpace(e.Method+" "+e.URL)+": "+e.Err.Error(), ": ")
	}
	where := string(e.Phase)
	if e.Addr != "" {
		where += " " + e.Addr
	}
	if e.Method == "" && e.URL == "" { // somebody else has said it
		return fmt.Sprintf("%s: %v", where, e.Err)
	}
	return fmt.Sprintf("%s %s: %s: %v", e.Method, e.URL, where, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed (net.Error).
func (e *Error) Timeout() bool {
	switch e.Kind {
	case QueueTimeout, ResolveTimeout, ConnectTimeout, TLSTimeout, FirstByteTimeout, StallTimeout, TotalTimeout:
		return true
	}
	return false
}

// Is says that a deadline of ours is a deadline as well as one of a context:
// errors.Is(err, context.DeadlineExceeded) holds for both.
func (e *Error) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Timeout()
}

// Temporary reports whether the same request might do better later
// (net.Error): everything but a request that cannot be sent and a peer that
// breaks the protocol.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case InvalidRequest, BadUpload, MalformedHead, MalformedBody, HeadTooLarge, BodyTooLarge, Cancelled:
		return false
	}
	return true
}

// invalid returns the error of a request that cannot be sent.
func invalid(method, url, reason string) *Error {
	return &Error{Kind: InvalidRequest, Phase: PhaseQueue, Method: method, URL: url, Err: errors.New(reason)}
}
