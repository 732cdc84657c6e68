package websocket

import "fmt"

// An Error is what a peer did wrong. Code is what a close frame should tell it:
// ProtocolError, InvalidPayload or MessageTooBig.
type Error struct {
	Code   Code
	Reason string
}

// Error reads like "websocket: frame with reserved bits 0x40 (close code
// 1002)".
func (e *Error) Error() string {
	return fmt.Sprintf("websocket: %s (close code %d)", e.Reason, e.Code)
}

func fail(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}
