package websocket

import (
	"encoding/binary"
	"unicode/utf8"
)

// A Message is a whole message, or a control frame.
type Message struct {
	Op Opcode // Text, Binary, Close, Ping or Pong

	// Data is the payload, unmasked; of a Close, the reason. It is valid until
	// the next call of Next or Feed.
	Data []byte

	Code Code // of a Close: NoStatus where the frame says nothing; else 0
}

// A Decoder turns bytes into messages, incrementally. The zero value reads
// what a server sends. It must not be used by two goroutines at once.
type Decoder struct {
	Role Role // our side: a Server demands masked frames, a Client refuses them

	// MaxMessage is the longest message, all fragments together, and MaxFrame the
	// longest frame of one. Zero or less means 64 MiB, and no limit but that of
	// the message.
	MaxMessage, MaxFrame int64

	in  []byte // the last Feed
	pos int    // in[pos:] is unread

	// Of the frame that is being read.
	part   part
	wait   int // bytes that part still lacks
	op     Opcode
	fin    bool
	masked bool
	wide   int    // bytes of its extended length: 0, 2 or 8
	left   uint64 // bytes of its payload that have not come
	key    maskKey

	message Opcode // that is being read in fragments; Continuation: none
	buf     []byte // of it, or of a frame that came in pieces
	checked int    // buf[:checked] is UTF-8, whole characters
	given   bool   // buf was given away by the last Next

	control [MaxControl]byte
	filled  int // bytes of it that have come

	closed bool
	err    error
}

// A part is what of a frame comes next.
type part uint8

const (
	partFirst  part = iota // FIN, reserved bits, opcode
	partSecond             // MASK, length
	partLength             // extended length, if any
	partKey                // masking key, if any
	partPayload
)

// keptBuffer is the largest buffer that a Decoder keeps between two messages.
const keptBuffer = 4 << 10

// Feed hands d the next bytes. They are used in place and must not change
// until Next has returned false or an error. To feed while fed bytes are
// still unread is a bug of the caller, and panics. After a close frame, or an
// error, Feed does nothing: what comes behind either is not to be read
// (section 5.5.1).
func (d *Decoder) Feed(p []byte) {
	if d.closed || d.err != nil {
		return
	}
	if d.pos < len(d.in) {
		panic("websocket: Feed before Next returned false")
	}
	d.in, d.pos = p, 0
}

// Between reports whether the bytes so far ended between two messages: where a
// connection may end without cutting one short.
func (d *Decoder) Between() bool {
	return d.part == partFirst && d.message == Continuation && d.pos == len(d.in)
}

// Next returns the next message, or false when all fed bytes are used up. An
// error is an *Error; it is final and returned again and again.
func (d *Decoder) Next() (m Message, ok bool, err error) {
	d.giveUp()
	for d.err == nil && !d.closed {
		var whole bool
		if whole, d.err = d.readHead(); d.err != nil || !whole {
			break
		}
		if d.op.Control() {
			m, whole, d.err = d.readControl()
			ok = whole
		} else {
			m, whole, ok, d.err = d.readData()
		}
		if d.err != nil || !whole {
			break
		}
		d.part = partFirst
		if ok {
			return m, true, nil
		}
	}
	d.in, d.pos = nil, 0
	return Message{}, false, d.err
}

// giveUp forgets the message that the last Next returned.
func (d *Decoder) giveUp() {
	if !d.given {
		return
	}
	d.given, d.checked = false, 0
	if cap(d.buf) > keptBuffer {
		d.buf = nil
	}
	d.buf = d.buf[:0]
}

// readControl reads on to the end of a control frame.
func (d *Decoder) readControl() (m Message, whole bool, err error) {
	n := d.unmask(d.control[d.filled:], d.piece())
	d.filled += n
	if d.left > 0 {
		return Message{}, false, nil
	}
	data := d.control[:d.filled]
	d.filled = 0
	if d.op != Close {
		return Message{Op: d.op, Data: data}, true, nil
	}
	d.closed = true
	m, err = closing(data)
	return m, err == nil, err
}

// closing reads the payload of a close frame (section 5.5.1).
func closing(data []byte) (Message, error) {
	if len(data) == 0 {
		return Message{Op: Close, Code: NoStatus}, nil
	}
	if len(data) == 1 {
		return Message{}, fail(ProtocolError, "close frame of one byte, which is half a code")
	}
	code, reason := Code(binary.BigEndian.Uint16(data)), data[2:]
	if !code.Sendable() {
		return Message{}, fail(ProtocolError, "close frame with code %d, which must not be sent", code)
	}
	if !utf8.Valid(reason) {
		return Message{}, fail(InvalidPayload, "close frame whose reason is not UTF-8")
	}
	return Message{Op: Close, Code: code, Data: reason}, nil
}

// readData reads on to the end of a frame of a message; ok reports whether it
// is the last one.
func (d *Decoder) readData() (m Message, whole, ok bool, err error) {
	p := d.piece()
	if d.fin && !d.masked && d.message == Continuation && len(d.buf) == 0 && uint64(len(p)) == d.left {
		d.pos, d.left = d.pos+len(p), 0
		if d.op == Text && !utf8.Valid(p) {
			return Message{}, false, false, errNotUTF8
		}
		return Message{Op: d.op, Data: p}, true, true, nil
	}
	at := len(d.buf)
	d.buf = append(d.buf, p...)
	d.unmask(d.buf[at:], p)
	op := d.op
	if op == Continuation {
		op = d.message
	}
	last := d.left == 0 && d.fin
	if op == Text && !d.check(last) {
		return Message{}, false, false, errNotUTF8
	}
	if d.left > 0 {
		return Message{}, false, false, nil
	}
	if !last {
		d.message = op
		return Message{}, true, false, nil
	}
	d.message, d.given = Continuation, true
	return Message{Op: op, Data: d.buf}, true, true, nil
}

var errNotUTF8 = &Error{InvalidPayload, "text that is not UTF-8"}

// check looks at the bytes of buf that are new. One that cannot be part of
// UTF-8 is an error at once (section 8.1); a character whose end has not come
// may yet be one, unless this is the end of the message.
func (d *Decoder) check(last bool) bool {
	p := d.buf[d.checked:]
	n := len(p)
	for i := 1; !last && i < utf8.UTFMax && i <= len(p); i++ {
		if at := len(p) - i; utf8.RuneStart(p[at]) {
			if !utf8.FullRune(p[at:]) {
				n = at
			}
			break
		}
	}
	d.checked += n
	return utf8.Valid(p[:n])
}

// piece returns what has come of the payload.
func (d *Decoder) piece() []byte {
	p := d.in[d.pos:]
	if uint64(len(p)) > d.left {
		p = p[:d.left]
	}
	return p
}

// unmask takes p, which piece has returned, into dst.
func (d *Decoder) unmask(dst, p []byte) int {
	d.pos += len(p)
	d.left -= uint64(len(p))
	if !d.masked {
		return copy(dst, p)
	}
	d.key = d.key.xor(dst[:len(p)], p)
	return len(p)
}
