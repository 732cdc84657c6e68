package webqq

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that stand for themselves. Those of the network arrive as
// *sched.Error inside another error.
var (
	ErrCaptcha        = errors.New("webqq: the service asks for a captcha, and Options.Captcha is nil")
	ErrQRCode         = errors.New("webqq: a QR code has to be scanned, and Options.QRCode is nil")
	ErrKicked         = errors.New("webqq: the account logged in elsewhere")
	ErrStopped        = errors.New("webqq: the client was stopped")
	ErrNotLoggedIn    = errors.New("webqq: not logged in")
	ErrBusy           = errors.New("webqq: the client is already running")
	ErrQueueFull      = errors.New("webqq: too many messages wait to be sent")
	ErrEmptyMessage   = errors.New("webqq: nothing to send: the text is empty")
	ErrUnknownChat    = errors.New("webqq: nobody knows this chat since the last login")
	ErrOutcomeUnknown = errors.New("webqq: the message may have been sent")
	ErrNoNumber       = errors.New("webqq: the service does not tell this person's QQ number")
)

// An APIError is an answer that arrived whole and says no:
// "webqq: poll2: code 103: the login is not valid".
type APIError struct {
	Call    string // "poll2", "login2", "ptqrlogin", ...
	Code    int    // retcode, or the first argument of ptuiCB
	Message string // what the code means, then the service's own words if it had any
}

func (e *APIError) Error() string {
	return fmt.Sprintf("webqq: %s: code %d: %s", e.Call, e.Code, e.Message)
}

// A StatusError is an answer of HTTP instead of the service: a gateway's 502,
// or the 403 of a host that has moved.
type StatusError struct {
	Call   string
	Status int
}

func (e *StatusError) Error() string { return fmt.Sprintf("webqq: %s: HTTP %d", e.Call, e.Status) }

// A FormatError is a reply that is not what the protocol says.
type FormatError struct {
	Call   string // "" where a decoder was called by itself
	Reason string
	Bytes  []byte // the beginning of the reply, at most 80 bytes, copied
}

func (e *FormatError) Error() string {
	where := ""
	if e.Call != "" {
		where = e.Call + ": "
	}
	return fmt.Sprintf("webqq: %s%s: %q", where, e.Reason, e.Bytes)
}

// badFormat returns a FormatError about body, whose beginning it copies.
func badFormat(reason string, body []byte) *FormatError {
	return &FormatError{Reason: reason, Bytes: append([]byte(nil), body[:min(len(body), 80)]...)}
}

// A SendError says that a message was not accepted, or, when it wraps
// ErrOutcomeUnknown, that nobody knows: the request went out and no answer
// came. Such a message is never sent again by the client. Of a text that was
// split, the first Accepted pieces have gone out.
type SendError struct {
	Chat     Chat
	Accepted int
	Pieces   int
	Err      error
}

func (e *SendError) Error() string {
	part := ""
	if e.Pieces > 1 {
		part = fmt.Sprintf(" (%d of %d pieces were accepted)", e.Accepted, e.Pieces)
	}
	cause := strings.ReplaceAll(e.Err.Error(), "webqq: ", "") // once is enough
	return fmt.Sprintf("webqq: send to %v%s: %s", e.Chat, part, cause)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
