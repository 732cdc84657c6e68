package httpwire

import "bytes"

// A block is a head or a trailer that is being read, line by line.
//
// It begins as a view of the fed bytes. If it ends in the same Feed it stays
// one, and nothing was copied. If the fed bytes end first, what there is of it
// is copied to own and the rest is appended there. Either way each byte is
// looked at once: a search for the line's end goes on where the last one
// stopped, and so does the check of the line's bytes.
type block struct {
	section
	own  []byte // kept from message to message
	view bool   // base lies in Parser.in, from byte from on; else it is own
	from int

	start  int64 // of the block, from the start of the message
	lineAt int64 // of the current line, likewise
	line   int   // where the current line begins in base
	seen   int   // how much of the line was found good
	colon  int   // where its colon is, or -1
}

// begin starts a block at the next unread byte. Its start may lie before that:
// the empty lines that a head skips count against its limit.
func (p *Parser) begin(b *block, start int64) {
	b.base, b.spans = nil, b.spans[:0]
	b.view, b.from = true, p.pos
	b.start = start
	b.nextLine(p)
}

// nextLine makes the next unread byte the beginning of the current line.
func (b *block) nextLine(p *Parser) {
	if b.view {
		b.line = p.pos - b.from
	} else {
		b.line = len(b.own)
	}
	b.lineAt = p.offset()
	b.seen, b.colon = 0, -1
}

// end fixes the base when the last line has been read.
func (b *block) end(p *Parser) {
	if b.view {
		b.base = p.in[b.from:p.pos]
	} else {
		b.base = b.own
	}
}

// keep makes the block independent of the fed bytes.
func (b *block) keep(p *Parser) {
	if b.view {
		b.own = append(b.own[:0], p.in[b.from:p.pos]...)
		b.view = false
	}
}

// readLine reads on to the end of the current line, but not past room bytes
// of it. It returns the line without its LF, or as much of it as there is.
func (b *block) readLine(p *Parser, room int) (line []byte, whole bool) {
	if b.view {
		start := b.from + b.line
		end := min(len(p.in), start+room)
		if i := bytes.IndexByte(p.in[p.pos:end], '\n'); i >= 0 {
			p.pos += i + 1
			return p.in[start : p.pos-1], true
		}
		p.pos = end
		return p.in[start:end], false
	}
	more := p.in[p.pos:min(len(p.in), p.pos+room-(len(b.own)-b.line))]
	if i := bytes.IndexByte(more, '\n'); i >= 0 {
		more, whole = more[:i+1], true
	}
	b.own = append(b.own, more...)
	p.pos += len(more)
	line = b.own[b.line:]
	if whole {
		line = line[:len(line)-1]
	}
	return line, whole
}

// goodFieldLine examines a field line, or the beginning of one, from byte
// b.seen on. As with a status line, the verdict is there as soon as the byte
// that makes it is.
func (b *block) goodFieldLine(p *Parser, line []byte, whole bool) bool {
	if len(line) == 0 {
		return true
	}
	if isSpace(line[0]) {
		if !b.mayFold(p) {
			return false
		}
	} else if b.colon < 0 {
		i := b.seen
		for i < len(line) && tokenByte[line[i]] {
			i++
		}
		b.seen = i
		if i == len(line) {
			return !whole
		}
		if line[i] != ':' || i == 0 {
			return false
		}
		b.colon, b.seen = i, i+1
	}
	for {
		b.seen += textPrefix(line[b.seen:])
		if b.seen == len(line) {
			return true
		}
		c := line[b.seen]
		if !p.Lenient.ControlBytes || c == 0 || c == '\r' {
			return false
		}
		b.seen++
	}
}

// mayFold reports whether the line before may go on in this one. Line folding
// is obsolete; a user agent reads it as a space (RFC 9112 section 5.2). In a
// field that decides where the message ends we take none: another reader on
// the way may have read it otherwise.
func (b *block) mayFold(p *Parser) bool {
	if len(b.spans) == 0 {
		return false
	}
	last := b.lastName(p)
	return !isFraming(last) && !equalFold(last, "Connection")
}

// fieldLineFault says what goodFieldLine found.
func (b *block) fieldLineFault(p *Parser, line []byte) fault {
	i := b.seen
	switch {
	case isSpace(line[0]) && len(b.spans) == 0:
		return fault{0, "white space before the first field name", nil}
	case isSpace(line[0]) && !b.mayFold(p):
		return fault{0, "folded line in", b.lastName(p)}
	case b.colon >= 0 || isSpace(line[0]):
		return fault{i, notText(line[i], "field value"), line[i : i+1]}
	case i == len(line):
		return fault{0, "no colon in", line}
	case line[i] == ':':
		return fault{0, "empty field name", nil}
	case isSpace(line[i]):
		// RFC 9112 section 5.1: whoever passes over a space before the colon of
		// Content-Length does not see the length that others see.
		return fault{i, "white space in a field name or before its colon:", line[:i+1]}
	case line[i] == '\r':
		return fault{i, "bare CR in field name", line[:i+1]}
	}
	return fault{i, "invalid byte in field name", line[:i+1]}
}

// lastName returns the name of the last field while the block is being read.
func (b *block) lastName(p *Parser) []byte {
	base := b.own
	if b.view {
		base = p.in[b.from:]
	}
	last := b.spans[len(b.spans)-1]
	return base[last.name:last.colon]
}

// add takes over a whole field line without fault.
func (b *block) add(p *Parser, line []byte) {
	if isSpace(line[0]) {
		b.fold(p, line)
		return
	}
	value, end := b.colon+1, len(line)
	for value < end && isSpace(line[value]) {
		value++
	}
	for value < end && isSpace(line[end-1]) {
		end--
	}
	b.spans = append(b.spans, span{
		name:  uint32(b.line),
		colon: uint32(b.line + b.colon),
		value: uint32(b.line + value),
		end:   uint32(b.line + end),
		at:    uint32(b.lineAt - b.start),
	})
}

// fold joins a continuation line to the last value with one space. The value
// must be in one piece, so this is done in own, over the line end and the
// white space between the two.
func (b *block) fold(p *Parser, line []byte) {
	if b.view {
		b.keep(p)
		line = b.own[b.line : b.line+len(line)]
	}
	last := &b.spans[len(b.spans)-1]
	joined := b.own[:last.end]
	if more := trimSpace(line); len(more) > 0 {
		if last.end > last.value {
			joined = append(joined, ' ')
		}
		joined = append(joined, more...)
	}
	last.end = uint32(len(joined))
	b.own = joined
}
