package httpwire

import "fmt"

// A Parser turns the bytes of a response into events. It does no I/O, starts
// no goroutine, knows no time, and must not be used by two goroutines at once.
// A warm parser, one that has read a message of the same size before,
// allocates nothing.
//
// The zero value parses the response to a GET under the default limits. After
// that, Expect starts each new message.
type Parser struct {
	Limits  Limits  // read when a message begins
	Lenient Lenient // likewise
	Strict  Strict  // likewise

	lim     Limits // Limits with its defaults; zero before the first NextEvent
	method  string
	upgrade bool

	in  []byte // the last Feed
	pos int    // in[pos:] is unread
	off int64  // of in[0], from the start of the message
	eof bool

	state State
	err   *ProtocolError

	begun        bool    // a byte of the current head's status line is there
	held         int     // CRs and LFs before it
	lead         [2]byte // the first two of them
	interims     int     // 1xx heads so far
	interimBytes int

	head     Head
	reasonTo int   // where Reason ends in the block
	block    block // the head
	framing  framing
	left     int64 // bytes of the body, or of the chunk, still to come
	chunk    chunkLine
	trailer  block
}

// Expect starts the next message: the response to a request with this method,
// "" meaning GET. It must be told, for the responses to HEAD and CONNECT are
// framed differently. All that was fed and not read is forgotten: bytes that
// came before a request are never the answer to it.
//
// Buffers are kept. Everything that the parser handed out before is void.
func (p *Parser) Expect(method string) {
	*p = Parser{
		Limits:  p.Limits,
		Lenient: p.Lenient,
		Strict:  p.Strict,
		method:  method,
		block:   block{section: section{spans: p.block.spans[:0]}, own: p.block.own},
		trailer: block{section: section{spans: p.trailer.spans[:0]}, own: p.trailer.own},
	}
}

// ExpectUpgrade, called after Expect, says that the request asked for an
// upgrade. A 101 is then GotHead and GotEnd, and Unread begins the other
// protocol. Without it a 101 is an error.
func (p *Parser) ExpectUpgrade() { p.upgrade = true }

// What Release lets a resting parser keep.
const (
	keepBytes = 16 << 10
	keepSpans = 256
)

// Release makes p ready to wait in a free list: it forgets the message and the
// fed bytes, as Expect does, and gives up buffers that an unusual message has
// grown beyond 16 KiB or 256 fields.
func (p *Parser) Release() {
	p.Expect("")
	for _, b := range []*block{&p.block, &p.trailer} {
		if cap(b.own) > keepBytes {
			b.own = nil
		}
		if cap(b.spans) > keepSpans {
			b.spans = nil
		}
	}
}

// Feed hands p the next bytes of the connection. They are used in place and
// must not change until NextEvent returns NeedData; or, where GotEnd or an
// error comes first, until Expect or Release.
//
// To feed while fed bytes are still unread is a bug of the caller, and panics;
// after an error, Feed does nothing.
func (p *Parser) Feed(data []byte) {
	if p.state == Failed {
		return
	}
	if p.pos < len(p.in) {
		panic("httpwire: Feed before NextEvent returned NeedData")
	}
	p.off += int64(len(p.in))
	p.in, p.pos = data, 0
}

// FeedEOF says that the peer closed the connection in order: no byte follows
// those fed before. A connection that broke is not for the parser to know.
func (p *Parser) FeedEOF() { p.eof = true }

// State returns what p is reading.
func (p *Parser) State() State { return p.state }

// Started reports whether a byte was fed since Expect, be it an empty line. A
// request whose response has started must not be sent again unasked.
func (p *Parser) Started() bool { return p.off+int64(len(p.in)) > 0 }

// Unread returns the fed bytes beyond the end of the message, a view. After a
// 101 or the answer to a CONNECT they begin the other protocol; after anything
// else nobody asked for them.
func (p *Parser) Unread() []byte { return p.in[p.pos:len(p.in):len(p.in)] }

// Reusable reports whether, by all that stood on the wire, another request may
// follow on this connection: the message is complete and said in exactly one
// way where it ends, nothing follows it, the peer has not closed, and version
// and Connection fields allow it (RFC 9112 section 9.3). Whether the request
// was fully written and asked for no close is for the caller to know.
func (p *Parser) Reusable() bool {
	if p.state != Done || p.eof || p.pos < len(p.in) || p.framing.suspect {
		return false
	}
	switch p.framing.kind {
	case bodyClose, bodyTunnel:
		return false
	}
	return p.head.KeepAlive()
}

// ContentLength returns how many bytes of content come behind GotHead, by the
// framing: 0 for the response to a HEAD, whatever its Content-Length says. It
// is not known before GotHead and after an error, nor of content that is
// chunked or ends with the connection.
func (p *Parser) ContentLength() (n int64, known bool) {
	switch p.state {
	case StatusLine, FieldLine, Failed:
		return 0, false
	}
	switch p.framing.kind {
	case bodyNone, bodyLength, bodyTunnel:
		return p.framing.length, true
	}
	return 0, false
}

// offset returns the place of the next unread byte in the message.
func (p *Parser) offset() int64 { return p.off + int64(p.pos) }

// NextEvent returns what the fed bytes tell next. An error is a
// *ProtocolError and final: it is returned again and again, as GotEnd is,
// until Expect. Content that arrived before a fault has been returned before
// it.
func (p *Parser) NextEvent() (Event, error) {
	if p.lim.Head == 0 {
		p.lim = p.Limits.orDefaults()
	}
	for {
		var done bool
		var err error
		switch p.state {
		case StatusLine:
			done, err = p.readStatusLine()
		case FieldLine:
			if done, err = p.readFields(&p.block); done {
				return p.endHead()
			}
		case BodyLength, BodyUntilClose, ChunkData:
			if data := p.readContent(); len(data) > 0 {
				return Event{Kind: GotData, Data: data}, nil
			}
		case ChunkSize:
			if done, err = p.readChunkLine(); done && err == nil {
				p.endChunkLine()
			}
		case ChunkEnd:
			if done, err = p.readChunkEnd(); done {
				p.move(ChunkSize)
			}
		case Trailer:
			if done, err = p.readFields(&p.trailer); done {
				p.trailer.end(p)
				p.trailer.dropForbidden()
				p.move(Done)
			}
		case Done:
			return Event{Kind: GotEnd, Trailer: Fields{&p.trailer.section}}, nil
		case Failed:
			return Event{}, p.err
		}
		switch {
		case err != nil:
			return Event{}, err
		case done:
		case !p.eof:
			p.release()
			return Event{}, nil
		case p.state == BodyUntilClose:
			p.move(Done)
		default:
			return Event{}, p.truncated()
		}
	}
}

// readContent takes what there is of the content, or of a chunk of it.
func (p *Parser) readContent() []byte {
	data := p.Unread()
	if p.state == BodyUntilClose {
		p.pos = len(p.in)
		return data
	}
	if int64(len(data)) > p.left {
		data = data[:p.left:p.left]
	}
	p.pos += len(data)
	p.left -= int64(len(data))
	switch {
	case p.left > 0:
	case p.state == BodyLength:
		p.move(Done)
	case p.state == ChunkData:
		p.move(ChunkEnd)
	}
	return data
}

// release lets go of the fed bytes, all of which are read: what is still
// wanted of them is copied.
func (p *Parser) release() {
	switch p.state {
	case StatusLine:
		if p.begun {
			p.block.keep(p)
		}
	case FieldLine:
		p.block.keep(p)
	default:
		if p.state == Trailer {
			p.trailer.keep(p)
		}
		if b := &p.block; b.view {
			b.own = append(b.own[:0], b.base...)
			b.base, b.view = b.own, false
			p.showHead()
		}
	}
	p.off += int64(len(p.in))
	p.in, p.pos = nil, 0
}

// fail ends the message with an error.
func (p *Parser) fail(class error, offset int64, reason string, show []byte) *ProtocolError {
	p.err = &ProtocolError{Err: class, State: p.state, Offset: offset, Reason: reason, Bytes: quotable(show)}
	p.move(Failed)
	return p.err
}

// overLimit fails because of the limit called name.
func (p *Parser) overLimit(class error, offset int64, name string, limit int) *ProtocolError {
	err := p.fail(class, offset, fmt.Sprintf("over Limits.%s of %d", name, limit), nil)
	err.Limit = name
	return err
}

// truncated fails because the peer closed too early.
func (p *Parser) truncated() *ProtocolError {
	class, reason := ErrTruncatedBody, "the peer closed before the end of the chunked body"
	switch p.state {
	case StatusLine, FieldLine:
		class, reason = ErrTruncatedHead, "the peer closed before the end of the head"
		if p.interims == 0 && !p.begun {
			class, reason = ErrEmptyReply, "the peer closed without a response"
		}
	case BodyLength:
		reason = fmt.Sprintf("the peer closed when %d of %d bytes were still to come", p.left, p.framing.length)
	}
	return p.fail(class, p.offset(), reason, nil)
}
