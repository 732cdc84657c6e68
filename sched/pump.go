package sched

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// A pump reads an Upload, on a worker, for the loop. It has two slots: one is
// filled while the other is sent. A slot is the worker's from the call of fill
// to that of filled, and else the loop's.
type pump struct {
	upload *Upload
	loop   *loop.Loop
	worker kernel.Worker
	slots  [2]piece
	fill   func() // p.read, bound once
	filled func() // p.arrived, likewise

	// The worker's.
	in      int   // the slot to fill next
	size    int   // of the next piece
	done    int64 // bytes that were read
	over    bool  // nothing more will be read
	surplus error

	// The loop's.
	sending *sending // nil: nobody wants the rest
	out     int      // the slot to send next
	ready   int      // slots that are filled
	sure    bool     // the last piece is known to be that, or is taken for it

	// source is the worker's until opened is set. Then whoever sets closed, the
	// worker at its end or the loop that is tired of it, closes it.
	source  io.ReadCloser
	opened  atomic.Bool
	stopped atomic.Bool
	closed  atomic.Bool
}

// A piece is a part of a body as it goes on the wire.
type piece struct {
	memory  []byte
	wire    []byte // framed, in memory
	content int    // bytes of the body in it
	end     bool   // it is the last one
	unsure  bool   // by its length: there may be more behind it
	err     error  // there is none: why
}

// pieceSize is how much is read at once, and longPiece how much of a body of
// which longBody has been read: each piece is two crossings between the loop and
// the worker, and of small ones these would cost more than all the rest. A
// chunk has its head before it and its end behind it, so that it is read to
// where it is sent from.
const (
	pieceSize = 32 << 10
	longPiece = 256 << 10
	longBody  = 512 << 10
	chunkRoom = len("40000\r\n")
	chunkTail = len("\r\n0\r\n\r\n")
)

// newPump starts to read. What comes of it is for b.
func newPump(b *sending, u *Upload, s *Stream) *pump {
	p := &pump{
		upload:  u,
		loop:    s.loop,
		worker:  s.kernel.Worker(),
		sending: b,
		size:    pieceSize,
	}
	if u.Length != httpwire.Chunked && u.Length < pieceSize {
		p.size = int(u.Length) + 1 // to see that it ends there
	}
	p.fill, p.filled = p.read, p.arrived
	for range p.slots {
		p.want()
	}
	return p
}

// want has a slot filled.
func (p *pump) want() {
	p.worker.Do(p.fill)
}

// read fills a slot. It runs on the worker, as all does from here to shut.
func (p *pump) read() {
	if p.over || p.stopped.Load() {
		return
	}
	s := &p.slots[p.in]
	p.in = (p.in + 1) % len(p.slots)
	s.wire, s.content, s.end, s.unsure = nil, 0, false, false
	if p.done >= longBody {
		p.size = longPiece
	}
	if s.err = p.open(); s.err == nil {
		if p.upload.Length == httpwire.Chunked {
			p.readChunk(s)
		} else {
			p.readPart(s)
		}
	}
	p.done += int64(s.content)
	p.over = s.end || s.err != nil
	if s.err != nil {
		p.shut()
	}
	unsure := s.unsure
	if s.end && !unsure {
		p.shut()
	}
	p.loop.AddCallback(p.filled)
	if unsure {
		p.readEnd()
	}
}

// open opens the body before the first Read.
func (p *pump) open() error {
	if p.source != nil {
		return nil
	}
	source, err := p.upload.Open()
	if err != nil {
		return err
	}
	p.source = source
	p.opened.Store(true)
	if p.stopped.Load() {
		p.shut()
		return io.ErrClosedPipe // nobody hears of it
	}
	return nil
}

// readPart reads a part of a body whose length is known. It asks for a byte more
// than there may be: that costs no read of its own to see that there is none.
func (p *pump) readPart(s *piece) {
	length := p.upload.Length
	left := length - p.done
	if left == 0 {
		s.end, s.unsure = true, true
		return
	}
	if len(s.memory) < p.size {
		s.memory = make([]byte, p.size)
	}
	room := s.memory
	if left < int64(len(room)) {
		room = room[:left+1]
	}
	n, err := readSome(p.source, room)
	switch sofar := p.done + int64(n); {
	case sofar > length:
		s.err = tooLong(sofar, length)
	case err == io.EOF && sofar < length:
		s.err = fmt.Errorf("the body ended after %d bytes; its Length is %d", sofar, length)
	case err != nil && err != io.EOF:
		s.err = err
	default:
		s.wire, s.content, s.end = room[:n], n, sofar == length
		s.unsure = s.end && err == nil
	}
}

func tooLong(sofar, length int64) error {
	return fmt.Errorf("the body goes on after %d bytes; its Length is %d", sofar, length)
}

// readChunk reads a chunk of a body whose length nobody knows, or its end.
func (p *pump) readChunk(s *piece) {
	if len(s.memory) < chunkRoom+p.size+chunkTail {
		s.memory = make([]byte, chunkRoom+p.size+chunkTail)
	}
	n, err := readSome(p.source, s.memory[chunkRoom:][:p.size])
	if err != nil && err != io.EOF {
		s.err = err
		return
	}
	s.content = n
	s.wire = s.memory[:0]
	if n > 0 {
		var room [chunkRoom]byte
		head := httpwire.AppendChunkHead(room[:0], int64(n))
		from := chunkRoom - len(head)
		copy(s.memory[from:], head)
		s.wire = append(s.memory[from:chunkRoom+n], "\r\n"...)
	}
	if err == io.EOF {
		var trailer httpwire.Header
		if p.upload.Trailer != nil {
			trailer = p.upload.Trailer()
		}
		s.wire, s.err = httpwire.AppendLastChunk(s.wire, trailer)
		s.end = true
	}
}

// readEnd sees whether the body ends behind its last byte. The loop has the last
// piece already, and waits for this, but not for long.
func (p *pump) readEnd() {
	var one [1]byte
	if n, _ := readSome(p.source, one[:]); n > 0 {
		p.surplus = tooLong(p.upload.Length+1, p.upload.Length)
	}
	p.shut()
	p.loop.AddCallback(p.ended)
}

// shut closes the body, if it is open: who calls it knows that.
func (p *pump) shut() {
	if p.opened.Load() && p.closed.CompareAndSwap(false, true) {
		p.source.Close()
	}
}

// readSome reads at least one byte, or an error.
func readSome(r io.Reader, room []byte) (int, error) {
	for range 100 {
		if n, err := r.Read(room); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// arrived takes a slot that has been filled. It runs on the loop, as all does
// from here on.
func (p *pump) arrived() {
	if p.sending == nil {
		return
	}
	p.ready++
	if err := p.slots[(p.out+p.ready-1)%len(p.slots)].err; err != nil {
		p.sending.exchange.fail(BadUpload, err)
		return
	}
	p.sending.goOn()
}

// ended hears whether the body ends with its last piece.
func (p *pump) ended() {
	switch {
	case p.sending == nil:
	case p.surplus != nil:
		p.sending.exchange.fail(BadUpload, p.surplus)
	default:
		p.sure = true
		p.sending.goOn()
	}
}

// holds reports whether there is a piece that is not sent yet, because there
// may be more behind it than there must be.
func (p *pump) holds() bool { return p.ready > 0 && p.slots[p.out].unsure && !p.sure }

// take returns the next piece, or nil if there is none yet. It is the loop's
// until it asks for another.
func (p *pump) take() *piece {
	if p.ready == 0 || p.holds() {
		return nil
	}
	s := &p.slots[p.out]
	p.out = (p.out + 1) % len(p.slots)
	p.ready--
	return s
}

// stop ends the reading. A Read may be under way, and may be one that never
// returns: so another worker closes the body, which wakes most readers.
func (p *pump) stop() {
	k := p.sending.exchange.stream.kernel
	p.sending = nil
	p.stopped.Store(true)
	p.worker.End()
	if p.opened.Load() && !p.closed.Load() {
		w := k.Worker()
		w.Do(p.shut)
		w.End()
	}
}
