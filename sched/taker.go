package sched

// A taker takes a response while it arrives: its head, and then its body piece
// by piece. It is what Transport uses in the place of OnBody, which hears of no
// head and has no say in how much is read.
//
// All calls are on the loop's goroutine, and none may call into the stream. A
// taker that has enough sets exchange.paused; whoever resumes asks the socket.
type taker interface {
	// takeHead is called once the head is complete, of which x.reader holds all
	// there is to know.
	takeHead(x *exchange)

	// takePiece takes a piece of the body, which is valid until it returns.
	takePiece(x *exchange, piece []byte)

	// appetite is how many bytes are to be read at once: at least one.
	appetite() int
}

// addTaken is Add of a request whose response is taken. The detour is the caller's
// memory, and holds the taker.
func (s *Stream) addTaken(req *Request, rb Readback, d *detour) Chain {
	x := s.newExchange()
	c := Chain{x, x.generation}
	x.prepare(req, rb, d)
	x.begin()
	return c
}

// left is how much of the body is still to come, where the head has said that.
func (x *exchange) left() (n int64, known bool) {
	if x.reader == nil {
		return 0, false
	}
	n, known = x.reader.parser.ContentLength()
	return n - x.reader.body.size, known
}

// buffer is what the next read for c may fill.
func (c *conn) buffer() []byte {
	s := c.stream
	if t := c.exchange.taker; t != nil {
		return s.scratch[:min(t.appetite(), len(s.scratch))]
	}
	return s.scratch
}
