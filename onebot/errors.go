package onebot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
)

// Errors that stand for themselves. Those of the network arrive as
// *sched.Error inside another error.
var (
	ErrStopped        = errors.New("onebot: the client was stopped")
	ErrBusy           = errors.New("onebot: the client is already running")
	ErrNotConnected   = errors.New("onebot: there is no connection")
	ErrOffline        = errors.New("onebot: the account is offline")
	ErrEmptyMessage   = errors.New("onebot: nothing to send: the message is empty")
	ErrQueueFull      = errors.New("onebot: too many messages wait to be sent")
	ErrOutcomeUnknown = errors.New("onebot: the message may have been sent")
	ErrNoAnswer       = errors.New("onebot: no answer came in time")
)

// An ActionError is a reply that says no: "onebot: send_group_msg: retcode
// 1200: muted".
type ActionError struct {
	Action  string
	Retcode int
	Message string // the implementation's words: message, or msg, and wording
}

func (e *ActionError) Error() string {
	text := fmt.Sprintf("onebot: %s: retcode %d", e.Action, e.Retcode)
	if what := e.Message; what != "" {
		return text + ": " + what
	}
	return text + meaning(e.Retcode)
}

// meaning words the codes of the standard, and those of the field.
func meaning(retcode int) string {
	switch retcode {
	case 1400, 400:
		return ": bad parameters"
	case 1404, 404:
		return ": no such action"
	case 1401, 1403:
		return ": the access token is refused"
	case 100, 200, 1200:
		return ": the action failed"
	}
	return ""
}

// Unsupported reports whether err is that the implementation has no such
// action: a 404, a retcode 404 or 1404, or NapCat's 200 with words of its own
// for it.
func Unsupported(err error) bool {
	var a *ActionError
	var s *StatusError
	switch {
	case errors.As(err, &a):
		return a.Retcode == 404 || a.Retcode == 1404 || a.Retcode == 200 &&
			(strings.Contains(a.Message, "不支持") || strings.Contains(strings.ToLower(a.Message), "unsupported"))
	case errors.As(err, &s):
		return s.Status == 404
	}
	return false
}

// A StatusError is an answer of HTTP in the place of the action's.
type StatusError struct {
	Action string
	Status int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("onebot: %s: HTTP %d%s", e.Action, e.Status, statusMeaning(e.Status))
}

func statusMeaning(status int) string {
	switch status {
	case 400:
		return ": the server cannot read the request"
	case 404:
		return ": the server has no such action; is this the OneBot address?"
	case 406:
		return ": the server wants another content type"
	case 426:
		return ": the server speaks only WebSocket here: use a ws:// address"
	}
	return ""
}

// An AuthError is that the access token is missing or wrong. Trying again
// would not help, so it ends the client.
type AuthError struct {
	URL    string // without a token
	Status int    // 401 or 403 of HTTP; 1401, 1403 or 1008 of a WebSocket
	Given  bool   // a token was sent
}

func (e *AuthError) Error() string {
	what := "asks for an access token, and none is configured"
	if e.Given {
		what = "refuses the access token"
	}
	return fmt.Sprintf("onebot: %s %s (%d): it must be the one of the implementation's network settings", e.URL, what, e.Status)
}

// A FormatError is something that arrived and is not what OneBot says.
type FormatError struct {
	What   string // "the reply of get_status", "an event"
	Reason string
	Bytes  []byte // the beginning of it, at most 80 bytes, copied
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("onebot: %s: %s: %q", e.What, e.Reason, e.Bytes)
}

func badFormat(what, reason string, b []byte) *FormatError {
	return &FormatError{what, reason, append([]byte(nil), b[:min(len(b), 80)]...)}
}

// A SilenceError is that nothing came for longer than a living connection is
// silent.
type SilenceError struct{ For time.Duration }

func (e *SilenceError) Error() string {
	return fmt.Sprintf("onebot: nothing was heard for %v: the connection is taken for dead", e.For)
}

// A CloseError is that the server closed the WebSocket.
type CloseError struct {
	Code   websocket.Code
	Reason string
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("onebot: the server closed the WebSocket with code %d", e.Code)
	}
	return fmt.Sprintf("onebot: the server closed the WebSocket with code %d: %s", e.Code, e.Reason)
}

// A NoEventsError is that the server takes actions and has no way to tell of
// events.
type NoEventsError struct {
	URL   string
	Tried []error // what each way said
}

func (e *NoEventsError) Error() string {
	why := make([]string, len(e.Tried))
	for i, err := range e.Tried {
		why[i] = strings.ReplaceAll(err.Error(), "onebot: ", "")
	}
	return fmt.Sprintf("onebot: %s offers no events: %s; enable its SSE or WebSocket server", e.URL, strings.Join(why, "; "))
}

// Unwrap returns what each way said.
func (e *NoEventsError) Unwrap() []error { return e.Tried }

// An OfflineError is that the account is not logged in, though the server can
// be reached.
type OfflineError struct {
	Kicked bool   // the service has put it out: a bot_offline notice
	Reason string // the service's words for it
}

func (e *OfflineError) Error() string {
	text := "onebot: the account is offline"
	if e.Kicked {
		text = "onebot: the account was put off line"
	}
	if e.Reason != "" {
		return text + ": " + e.Reason
	}
	return text
}

// Is makes an OfflineError an ErrOffline.
func (e *OfflineError) Is(target error) bool { return target == ErrOffline }

// A SendError says that a message was not accepted, or, when it wraps
// ErrOutcomeUnknown, that nobody knows. The client never sends a message
// twice.
type SendError struct {
	Chat Chat
	Err  error
}

func (e *SendError) Error() string {
	return fmt.Sprintf("onebot: send to %v: %s", e.Chat, strings.ReplaceAll(e.Err.Error(), "onebot: ", ""))
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// A CallError is that an action got no answer.
type CallError struct {
	Action string
	Sent   bool // the action may have reached the server
	Err    error
}

func (e *CallError) Error() string {
	return fmt.Sprintf("onebot: %s: %s", e.Action, strings.ReplaceAll(e.Err.Error(), "onebot: ", ""))
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }
