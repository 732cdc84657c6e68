package websocket

import "fmt"

// A Role is a side of the connection. The client masks what it sends, the
// server does not, and each fails a peer that does otherwise (section 5.1).
type Role uint8

// The two sides.
const (
	Client Role = iota
	Server
)

// String returns "client" or "server".
func (r Role) String() string {
	if r == Server {
		return "server"
	}
	return "client"
}

// An Opcode says what a frame is (section 5.2). A Message is never a
// Continuation.
type Opcode uint8

// The opcodes there are. Those from 8 up are control frames.
const (
	Continuation Opcode = 0
	Text         Opcode = 1
	Binary       Opcode = 2
	Close        Opcode = 8
	Ping         Opcode = 9
	Pong         Opcode = 10
)

// Control reports whether o is of a control frame: at most MaxControl bytes,
// never in fragments, and allowed between the fragments of a message.
func (o Opcode) Control() bool { return o >= 8 }

// String returns the name in lower case: "text".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return fmt.Sprintf("opcode %d", uint8(o))
}

// MaxControl is the most bytes that a control frame may carry (section 5.5).
const MaxControl = 125

// A Code says why a connection is closed (section 7.4.1).
type Code uint16

// Codes of the standard and of its registry. NoStatus is never on the wire: it
// stands for a close frame that says nothing.
const (
	NormalClosure    Code = 1000
	GoingAway        Code = 1001
	ProtocolError    Code = 1002
	UnsupportedData  Code = 1003
	NoStatus         Code = 1005
	InvalidPayload   Code = 1007 // text that is not UTF-8
	PolicyViolation  Code = 1008
	MessageTooBig    Code = 1009
	MandatoryMissing Code = 1010 // an extension that the client cannot do without
	InternalError    Code = 1011
	ServiceRestart   Code = 1012
	TryAgainLater    Code = 1013
	BadGateway       Code = 1014
	firstPrivate     Code = 3000
	lastPrivate      Code = 4999
	abnormal         Code = 1006 // never on the wire: no close frame came
	tlsHandshake     Code = 1015 // likewise
	reserved         Code = 1004
	firstRegistered       = NormalClosure
	lastRegistered        = BadGateway
)

// Sendable reports whether c may stand in a close frame: 1000 to 1014 but 1004,
// 1005 and 1006, and 3000 to 4999.
func (c Code) Sendable() bool {
	switch c {
	case reserved, NoStatus, abnormal, tlsHandshake:
		return false
	}
	return firstRegistered <= c && c <= lastRegistered || firstPrivate <= c && c <= lastPrivate
}
