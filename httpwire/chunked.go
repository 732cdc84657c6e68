package httpwire

import "math"

// chunkLine is a chunk-size line that is being read, byte by byte: it needs no
// buffer, and most have three or four bytes (RFC 9112 section 7.1).
type chunkLine struct {
	part   chunkPart
	size   uint64
	digits int
	length int   // bytes of the line so far
	excess int64 // bytes of earlier lines beyond their allowance
}

type chunkPart uint8

const (
	chunkDigits chunkPart = iota
	chunkSpace            // white space behind the digits
	chunkExt              // extensions: nothing of them means anything to us
	chunkCR               // CR seen, LF must follow
)

// maxChunkDigits is enough for 64 bits. More digits, be they zeros, are an
// attack or a bug.
const maxChunkDigits = 16

// readChunkLine reads on to the end of a chunk-size line.
func (p *Parser) readChunkLine() (done bool, err error) {
	c := &p.chunk
	for p.pos < len(p.in) {
		b := p.in[p.pos]
		if c.length == p.lim.ChunkLine {
			return false, p.overLimit(ErrMalformedBody, p.offset(), "ChunkLine", p.lim.ChunkLine)
		}
		switch {
		case c.part == chunkCR:
			if b != '\n' {
				return false, p.badChunkByte("bare CR before", b)
			}
			p.pos++
			return true, p.chargeChunkLine()
		case b == '\n':
			// Not even where a head may have it: whoever ends this line at the LF
			// and whoever looks for CR LF read two different bodies.
			return false, p.badChunkByte("bare LF", b)
		case b == '\r':
			if c.digits == 0 {
				return false, p.badChunkByte("no digits before", b)
			}
			c.part = chunkCR
		case c.part == chunkExt:
			if !isText(b) {
				return false, p.badChunkByte("control byte in extension", b)
			}
		case c.part == chunkDigits && hexDigit(b) >= 0:
			if c.digits++; c.digits > maxChunkDigits {
				return false, p.badChunkByte("more than 16 digits:", b)
			}
			if c.size = c.size<<4 | uint64(hexDigit(b)); c.size > math.MaxInt64 {
				return false, p.badChunkByte("size over 2^63-1:", b)
			}
		case c.digits > 0 && b == ';':
			c.part = chunkExt
		case c.digits > 0 && (b == ' ' || b == '\t'):
			// No grammar has white space before CR LF here, but real servers pad
			// their sizes with it.
			c.part = chunkSpace
		default:
			return false, p.badChunkByte("invalid byte", b)
		}
		c.length++
		p.pos++
	}
	return false, nil
}

func (p *Parser) badChunkByte(reason string, b byte) error {
	return p.fail(ErrMalformedBody, p.offset(), reason, []byte{b})
}

// chargeChunkLine ends a line: it books the line's bytes against what its
// chunk may spend, and starts the next one.
func (p *Parser) chargeChunkLine() error {
	c := &p.chunk
	const perChunk, perByte = 16, 2
	c.excess += int64(c.length) + 1 - perChunk
	if allowance := int64(min(c.size, math.MaxInt64/4)) * perByte; c.excess > 0 {
		c.excess -= min(allowance, c.excess)
	}
	c.excess = max(c.excess, 0)
	if c.excess > int64(p.lim.ChunkOverhead) {
		return p.overLimit(ErrMalformedBody, p.offset(), "ChunkOverhead", p.lim.ChunkOverhead)
	}
	p.left = int64(c.size)
	*c = chunkLine{excess: c.excess}
	return nil
}

// endChunkLine decides what follows a chunk-size line.
func (p *Parser) endChunkLine() {
	if p.left > 0 {
		p.move(ChunkData)
		return
	}
	p.begin(&p.trailer, p.offset())
	p.move(Trailer)
}

// readChunkEnd reads the CR LF behind the data of a chunk.
func (p *Parser) readChunkEnd() (done bool, err error) {
	for p.pos < len(p.in) {
		b := p.in[p.pos]
		want := byte('\r')
		if p.chunk.part == chunkCR {
			want = '\n'
		}
		if b != want {
			return false, p.badChunkByte("want CR LF behind the data, got", b)
		}
		p.pos++
		if want == '\n' {
			p.chunk.part = chunkDigits
			return true, nil
		}
		p.chunk.part = chunkCR
	}
	return false, nil
}

// dropForbidden removes from a trailer what must not be there: fields that
// frame the message or rule the connection (RFC 9110 section 6.5.1).
func (b *block) dropForbidden() {
	kept := b.spans[:0]
	for _, sp := range b.spans {
		name := b.section.name(sp)
		if !isFraming(name) && !equalFold(name, "Connection") && !equalFold(name, "Trailer") {
			kept = append(kept, sp)
		}
	}
	b.spans = kept
}

func hexDigit(b byte) int {
	switch {
	case isDigit(b):
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
