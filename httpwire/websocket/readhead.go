package websocket

import (
	"cmp"
	"math"
)

// readHead reads on to the end of a frame's head. Each part of it is judged
// as soon as it is whole, so that a wrong frame is refused before a byte of
// its payload is kept.
func (d *Decoder) readHead() (whole bool, err error) {
	for d.part != partPayload {
		if d.pos == len(d.in) {
			return false, nil
		}
		b := d.in[d.pos]
		d.pos++
		switch d.part {
		case partFirst:
			err = d.readFirst(b)
		case partSecond:
			err = d.readSecond(b)
		case partLength:
			d.left = d.left<<8 | uint64(b)
			if d.wait--; d.wait == 0 {
				err = d.endLength()
			}
		case partKey:
			d.key |= maskKey(b) << (8 * (4 - d.wait))
			if d.wait--; d.wait == 0 {
				d.part = partPayload
			}
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// readFirst reads the byte with FIN, the reserved bits and the opcode.
func (d *Decoder) readFirst(b byte) error {
	d.fin, d.op = b&0x80 != 0, Opcode(b&0x0f)
	if rsv := b & 0x70; rsv != 0 {
		return fail(ProtocolError, "frame with reserved bits %#02x, though no extension was agreed on", rsv)
	}
	switch {
	case d.op > Pong || d.op > Binary && d.op < Close:
		return fail(ProtocolError, "frame with %v, which means nothing", d.op)
	case d.op.Control() && !d.fin:
		return fail(ProtocolError, "%v frame in fragments", d.op)
	case d.op == Continuation && d.message == Continuation:
		return fail(ProtocolError, "continuation of no message")
	case !d.op.Control() && d.op != Continuation && d.message != Continuation:
		return fail(ProtocolError, "%v frame within a message in fragments", d.op)
	}
	d.part = partSecond
	return nil
}

// readSecond reads the byte with MASK and the length, or what stands for it.
func (d *Decoder) readSecond(b byte) error {
	d.masked = b&0x80 != 0
	switch {
	case d.Role == Server && !d.masked:
		return fail(ProtocolError, "frame of a client that is not masked")
	case d.Role == Client && d.masked:
		return fail(ProtocolError, "frame of a server that is masked")
	}
	n := b & 0x7f
	if d.op.Control() && n > MaxControl {
		return fail(ProtocolError, "%v frame of more than %d bytes", d.op, MaxControl)
	}
	switch n {
	case 126:
		d.wide = 2
	case 127:
		d.wide = 8
	default:
		d.wide, d.left = 0, uint64(n)
		return d.endLength()
	}
	d.left, d.part, d.wait = 0, partLength, d.wide
	return nil
}

// endLength judges the length. One of a shorter form is refused: two forms of
// one frame are two frames to whoever stands between (section 5.2, "the
// minimal number of bytes MUST be used").
func (d *Decoder) endLength() error {
	n := d.left
	switch {
	case d.wide == 2 && n < 126, d.wide == 8 && n <= math.MaxUint16:
		return fail(ProtocolError, "length %d in %d bytes, which is not the shortest form", n, d.wide)
	case n > math.MaxInt64:
		return fail(ProtocolError, "length with the highest bit set")
	}
	if !d.op.Control() {
		longest := uint64(cmp.Or(max(d.MaxMessage, 0), 64<<20))
		if d.MaxFrame > 0 && n > uint64(d.MaxFrame) {
			return fail(MessageTooBig, "frame of %d bytes; the limit is %d", n, d.MaxFrame)
		}
		if n+uint64(len(d.buf)) > longest {
			return fail(MessageTooBig, "message of %d bytes or more; the limit is %d", n+uint64(len(d.buf)), longest)
		}
	}
	d.part = partPayload
	if d.masked {
		d.part, d.wait, d.key = partKey, 4, 0
	}
	return nil
}
