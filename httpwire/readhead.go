package httpwire

// readStatusLine reads the empty lines before a status line, and the line.
func (p *Parser) readStatusLine() (done bool, err error) {
	b := &p.block
	if !p.begun {
		if done, err = p.holdEmptyLines(); !done {
			return false, err
		}
		p.begin(b, p.offset()-int64(p.held))
		p.begun = true
	}
	line, done, err := p.readLine(b)
	if !done {
		return false, err
	}
	p.head.setStatusLine(line)
	p.reasonTo = len(line)
	b.nextLine(p)
	p.move(FieldLine)
	return true, nil
}

// holdEmptyLines reads CR and LF before a status line. They are no fault by
// themselves: if nothing else comes the reply was empty.
func (p *Parser) holdEmptyLines() (done bool, err error) {
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		if c != '\r' && c != '\n' {
			lead := string(p.lead[:min(p.held, len(p.lead))])
			oneLine := p.held == 1 && lead == "\n" || p.held == 2 && lead == "\r\n"
			if p.held > 0 && !(oneLine && p.Lenient.LeadingEmptyLine) {
				return false, p.fail(ErrMalformedHead, p.offset()-int64(p.held), "empty line before the status line", nil)
			}
			return true, nil
		}
		if p.held == p.lim.Head {
			return false, p.overLimit(ErrHeadTooLarge, p.offset(), "Head", p.lim.Head)
		}
		if p.held < len(p.lead) {
			p.lead[p.held] = c
		}
		p.held++
		p.pos++
	}
	return false, nil
}

// readFields reads the fields of b, up to and including the blank line.
func (p *Parser) readFields(b *block) (done bool, err error) {
	for {
		line, done, err := p.readLine(b)
		if !done {
			return false, err
		}
		if len(line) == 0 {
			return true, nil
		}
		if len(b.spans) == p.lim.Fields && !isSpace(line[0]) {
			class := ErrHeadTooLarge
			if p.state == Trailer {
				class = ErrMalformedBody
			}
			return false, p.overLimit(class, b.lineAt, "Fields", p.lim.Fields)
		}
		b.add(p, line)
		b.nextLine(p)
	}
}

// readLine reads on to the end of the current line of b and examines what
// there is of it. It returns the line without its end.
func (p *Parser) readLine(b *block) (line []byte, done bool, err error) {
	malformed, tooLarge := ErrMalformedHead, ErrHeadTooLarge
	name, limit := "Head", p.lim.Head
	if p.state == Trailer {
		malformed, tooLarge = ErrMalformedBody, ErrMalformedBody
		name, limit = "Trailer", p.lim.Trailer
	}
	room := limit - int(b.lineAt-b.start)
	if p.state != Trailer && p.lim.Line < room {
		name, limit, room = "Line", p.lim.Line, p.lim.Line
	}

	line, done = b.readLine(p, room)
	crlf := len(line) > 0 && line[len(line)-1] == '\r'
	if crlf {
		line = line[:len(line)-1]
	}
	var f fault
	switch {
	case p.state == StatusLine:
		f = statusLineFault(line, done, b.seen)
		b.seen = len(line)
	case !b.goodFieldLine(p, line, done):
		f = b.fieldLineFault(p, line)
	}
	if f.reason == "" && done && !crlf && (p.state == Trailer || p.Strict.BareLF) {
		f = fault{len(line), "bare LF", nil}
	}
	switch {
	case f.reason != "":
		err := p.fail(malformed, b.lineAt+int64(f.at), f.reason, f.show)
		if err.State == StatusLine && f.at < minorAt {
			err.Hint = hint(line)
		}
		return nil, false, err
	case !done && p.pos < len(p.in):
		return nil, false, p.overLimit(tooLarge, b.lineAt+int64(room), name, limit)
	}
	return line, done, nil
}

// endHead is called behind the blank line of a head and decides what follows.
func (p *Parser) endHead() (Event, error) {
	b := &p.block
	b.end(p)
	p.showHead()
	h := &p.head
	if h.Status == 101 && !p.upgrade {
		return Event{}, p.fail(ErrMalformedHead, b.start+int64(p.held+statusAt), "switches protocols unasked:", []byte("101"))
	}
	f, bad := bodyFraming(p.method, h, p.Strict.LengthAndCoding)
	if bad.reason != "" {
		return Event{}, p.fail(ErrMalformedHead, b.start+int64(bad.at), bad.reason, bad.show)
	}
	p.framing = f
	if f.kind == bodyInterim {
		return p.endInterim()
	}
	switch f.kind {
	case bodyNone, bodyTunnel:
		p.move(Done)
	case bodyLength:
		p.left = f.length
		p.move(BodyLength)
	case bodyChunked:
		p.move(ChunkSize)
	case bodyClose:
		p.move(BodyUntilClose)
	}
	return Event{Kind: GotHead, Head: h}, nil
}

// endInterim counts a 1xx head and makes ready for the next head.
func (p *Parser) endInterim() (Event, error) {
	at := p.block.start
	if p.interims++; p.interims > p.lim.Interim {
		return Event{}, p.overLimit(ErrHeadTooLarge, at, "Interim", p.lim.Interim)
	}
	if p.interimBytes += int(p.offset() - at); p.interimBytes > p.lim.Head {
		return Event{}, p.overLimit(ErrHeadTooLarge, at, "Head", p.lim.Head)
	}
	p.begun, p.held = false, 0
	p.move(StatusLine)
	return Event{Kind: GotInterim, Head: &p.head}, nil
}

// showHead points the Head at where its bytes lie now.
func (p *Parser) showHead() {
	b := &p.block
	p.head.Reason = b.base[min(reasonAt, p.reasonTo):p.reasonTo:p.reasonTo]
	p.head.Fields = Fields{&b.section}
}
