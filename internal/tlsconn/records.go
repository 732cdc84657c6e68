package tlsconn

import (
	"bytes"
	"encoding/binary"
)

const (
	headerSize    = 5       // of a record: type, version, length (RFC 8446, 5.1)
	maxFragment   = 1 << 14 // of plaintext in a record
	handshakeType = 22      // ContentType handshake
)

// records passes records on in such portions that crypto/tls comes to hold
// little memory: its two buffers are bytes.Buffers, which never shrink, and an
// idle connection has them still. What the records say remains the same.
//
// A portion ends where a record does, so that each record finds the buffer
// empty. Where the head of the next one lies behind the last, the buffer is
// doubled rather than moved: 48 KB after a large body, and not 18 to 32.
//
// And while records come in the clear, large ones are divided, as the server
// might have done itself (RFC 8446, 5.1: a handshake message may be fragmented
// across several records). For the largest record of a connection that waits
// for its first answer was a ServerHello with a post-quantum key, or, in TLS
// 1.2, a chain of certificates.
type records struct {
	header [headerSize]byte
	known  uint8  // bytes of header that have come
	sealed bool   // records may be encrypted from here on
	left   uint16 // bytes to come of the record, or of a piece of it,
	rest   uint16 // and of the pieces after that one,
	piece  uint16 // each of this size, or less
}

// pass copies a portion from in to p. It returns how much it wrote and how
// much it read: headers that it makes up were not read. There must be something
// in in, and room for a header in p: crypto/tls leaves bytes.MinRead at least.
func (r *records) pass(p, in []byte) (wrote, read int) {
	switch {
	case r.left > 0:
	case r.rest > 0:
		r.cut()
		wrote = copy(p, r.header[:])
	default:
		at := r.known
		read = copy(r.header[at:], in)
		if r.known += uint8(read); r.known == headerSize {
			r.known = 0
			r.begin(read == headerSize)
		}
		wrote = copy(p, r.header[at:int(at)+read])
	}
	n := copy(p[wrote:], in[read:min(read+int(r.left), len(in))])
	r.left -= uint16(n)
	return wrote + n, read + n
}

// begin is called at the end of a header. One of which a part has been passed
// on must stay as it is.
func (r *records) begin(whole bool) {
	r.left = binary.BigEndian.Uint16(r.header[3:])
	if r.header[0] != handshakeType {
		r.sealed = true
	}
	if r.sealed || !whole || r.left > maxFragment {
		return
	}
	// As crypto/tls's buffer for messages doubles, halves of halves make it no
	// larger than the message. The one for records has room for bytes.MinRead
	// and a header from the beginning.
	r.piece, r.rest = r.left, r.left
	for r.piece > bytes.MinRead {
		r.piece = (r.piece + 1) / 2
	}
	r.cut()
}

// cut begins a piece.
func (r *records) cut() {
	r.left = min(r.piece, r.rest)
	r.rest -= r.left
	binary.BigEndian.PutUint16(r.header[3:], r.left)
}
