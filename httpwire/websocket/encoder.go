package websocket

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"unicode/utf8"
)

// An Encoder writes frames of one side. The zero value is a client's.
type Encoder struct {
	Role Role

	// Key draws the key with which a client masks a frame. Nobody who can make
	// the client send what they like may be able to guess it (section 10.3). Nil
	// means math/rand/v2, whose generator the system seeds; a simulation gives
	// its own.
	Key func() uint32
}

// Append appends a whole message, or a control frame, as one frame. It panics
// if op is Continuation, or of a control frame and data is longer than
// MaxControl; the text of a Text must be UTF-8, which is the caller's to see
// to.
func (e *Encoder) Append(dst []byte, op Opcode, data []byte) []byte {
	if op == Continuation {
		panic("websocket: a message does not begin with a continuation")
	}
	return e.AppendFrame(dst, op, true, data)
}

// AppendFrame appends one frame. A message in fragments is a frame of its
// opcode with fin false, Continuations, and a last one with fin true; control
// frames may stand between them.
func (e *Encoder) AppendFrame(dst []byte, op Opcode, fin bool, data []byte) []byte {
	if op.Control() && (len(data) > MaxControl || !fin) {
		panic(fmt.Sprintf("websocket: %v of %d bytes, fin %t: a control frame is whole and has at most %d bytes", op, len(data), fin, MaxControl))
	}
	first, masked := byte(op), byte(0)
	if fin {
		first |= 0x80
	}
	if e.Role == Client {
		masked = 0x80
	}
	switch n := len(data); {
	case n <= 125:
		dst = append(dst, first, masked|byte(n))
	case n <= 0xffff:
		dst = append(dst, first, masked|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, first, masked|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	if e.Role != Client {
		return append(dst, data...)
	}
	key := maskKey(e.key())
	dst = binary.LittleEndian.AppendUint32(dst, uint32(key))
	at := len(dst)
	dst = append(dst, data...)
	key.xor(dst[at:], dst[at:])
	return dst
}

func (e *Encoder) key() uint32 {
	if e.Key != nil {
		return e.Key()
	}
	return rand.Uint32()
}

// AppendClose appends a close frame. NoStatus says nothing, and no reason
// with it; a reason too long for the frame is cut between two characters. It
// panics if code is one that must not be sent: see Code.Sendable.
func (e *Encoder) AppendClose(dst []byte, code Code, reason string) []byte {
	if code == NoStatus {
		return e.Append(dst, Close, nil)
	}
	if !code.Sendable() {
		panic(fmt.Sprintf("websocket: close code %d must not be sent", code))
	}
	end := min(len(reason), MaxControl-2)
	for end < len(reason) && end > 0 && !utf8.RuneStart(reason[end]) {
		end--
	}
	var data [MaxControl]byte
	binary.BigEndian.PutUint16(data[:], uint16(code))
	n := 2 + copy(data[2:], reason[:end])
	return e.Append(dst, Close, data[:n])
}
