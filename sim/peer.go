package sim

import (
	"net/netip"
	"syscall"
	"time"
)

// A Peer is the server's end of a connection. Its functions are called inside
// Poller.Wait; they may call all methods of the world.
type Peer struct {
	// OnData hears of bytes from the program. They are valid until it
	// returns. Nil means that they are read and forgotten.
	OnData func(b []byte)

	// OnEOF, if not nil, hears that the program will write no more, though it
	// still reads: its CloseWrite. OnClose is still to come.
	OnEOF func()

	// OnClose hears once that the program has gone: io.EOF after its FIN,
	// syscall.ECONNRESET after its RST, or when a fault ended the
	// connection. After the Peer's own Close or Reset it hears nothing.
	OnClose func(err error)

	w             *World
	conn          *conn
	local, remote netip.AddrPort

	queue    []chunk // not sent yet
	wrote    int64   // bytes given to Write so far
	flying   int     // bytes sent and not known to be read
	dripping bool    // the next byte of a slow chunk waits for its time

	unread  []byte // arrived while paused
	eof     bool   // the program's FIN has arrived, and OnEOF has not heard of it
	gone    error  // the program's end, when it has come
	told    bool   // OnClose has been called
	paused  bool
	noWrite bool // after CloseWrite
	noRead  bool // after Close: what arrives is answered with an RST
	reset   bool // which has been sent
}

// A chunk is something to send: bytes, all at once or one by one, or a FIN.
type chunk struct {
	b    []byte
	each time.Duration
	fin  bool
}

// Local returns the address that was listened on.
func (p *Peer) Local() netip.AddrPort { return p.local }

// Remote returns the program's address.
func (p *Peer) Remote() netip.AddrPort { return p.remote }

// Fault returns what befalls the connection.
func (p *Peer) Fault() Fault { return p.conn.fault }

// Closed reports whether nothing written now can reach the program: it is
// gone, or CloseWrite, Close or Reset was called.
func (p *Peer) Closed() bool { return p.gone != nil || p.noWrite }

// Write sends b, which is copied, after what was written before. It never
// blocks: what finds no room in the window waits here.
func (p *Peer) Write(b []byte) { p.Drip(b, 0) }

// Drip sends b byte by byte, one each so often, the first at once.
func (p *Peer) Drip(b []byte, each time.Duration) {
	if p.Closed() || len(b) == 0 {
		return
	}
	p.wrote += int64(len(b))
	p.queue = append(p.queue, chunk{b: append([]byte(nil), b...), each: each})
	p.pump()
}

// CloseWrite sends a FIN after what was written. Bytes from the program still
// arrive.
func (p *Peer) CloseWrite() {
	if p.Closed() {
		return
	}
	p.noWrite = true
	p.queue = append(p.queue, chunk{fin: true})
	p.pump()
}

// Close sends a FIN after what was written and reads no more: what still comes
// is answered with an RST. If Pause has left bytes unread, the program gets
// the RST at once. So does close(2).
func (p *Peer) Close() {
	if len(p.unread) > 0 {
		p.Reset()
		return
	}
	p.noRead = true
	p.told = true
	p.CloseWrite()
}

// Reset sends an RST; what was not sent yet is dropped.
func (p *Peer) Reset() {
	p.told = true
	p.end(Reset)
}

// Pause stops reading, and then the program's writes fill the window. Resumed,
// the peer reads what has come meanwhile.
func (p *Peer) Pause(on bool) {
	if p.paused == on {
		return
	}
	p.paused = on
	if !on {
		p.w.After(0, p.resume)
	}
}

func (p *Peer) resume() {
	if p.paused || p.noRead {
		return
	}
	if b := p.unread; len(b) > 0 {
		p.unread = nil
		p.read(b)
	}
	p.tellEOF()
	p.tell()
}

// pump sends what there is room for.
func (p *Peer) pump() {
	for len(p.queue) > 0 && !p.dripping {
		next := &p.queue[0]
		if next.fin {
			p.queue = nil
			p.conn.send(&p.conn.down, p.conn.fin)
			if p.noRead {
				p.leave()
			}
			return
		}
		n := min(len(next.b), p.w.o.Window-p.flying)
		if n <= 0 {
			return
		}
		b := next.b[:n:n]
		if next.each > 0 {
			b = next.b[:1:1]
			p.dripping = true
			p.w.After(next.each, func() { p.dripping = false; p.pump() })
		}
		next.b = next.b[len(b):]
		if len(next.b) == 0 {
			p.queue = p.queue[1:]
		}
		p.flying += len(b)
		p.conn.sendDown(b) // may end the peer, and empty the queue
	}
}

// arrived is the arrival of bytes from the program.
func (p *Peer) arrived(b []byte) {
	switch {
	case p.noRead:
		p.end(Reset)
	case p.paused || len(p.unread) > 0:
		p.unread = append(p.unread, b...)
	default:
		p.read(b)
	}
}

func (p *Peer) read(b []byte) {
	p.conn.ackUp(len(b))
	if p.OnData != nil {
		p.OnData(b)
	}
}

// finished is the arrival of the program's FIN after CloseWrite.
func (p *Peer) finished() {
	p.eof = true
	p.tellEOF()
}

// tellEOF calls OnEOF when all that came before has been read.
func (p *Peer) tellEOF() {
	if !p.eof || p.paused || len(p.unread) > 0 || p.told {
		return
	}
	p.eof = false
	if p.OnEOF != nil {
		p.OnEOF()
	}
}

// hungUp is the arrival of the program's FIN or RST.
func (p *Peer) hungUp(err error) {
	if p.gone != nil {
		return
	}
	p.gone = err
	p.queue = nil
	p.leave()
	if len(p.unread) == 0 || err == syscall.ECONNRESET {
		p.tell()
	}
}

// tell calls OnClose, once.
func (p *Peer) tell() {
	if p.gone == nil || p.told {
		return
	}
	p.told = true
	if p.OnClose != nil {
		p.OnClose(p.gone)
	}
}

// die is a fault: the server's machine ends the connection under the peer.
func (p *Peer) die(by End) {
	p.end(by)
	p.w.After(0, p.tell) // later: it may be in the middle of a Write
}

// end ends the connection from the server's side by a FIN or an RST; or, when
// it has ended, answers what still comes.
func (p *Peer) end(by End) {
	alive := p.gone == nil
	if alive {
		p.gone = syscall.ECONNRESET
		p.queue = nil
		p.noRead, p.noWrite = true, true
		p.leave()
	}
	switch {
	case by == FIN && alive:
		p.conn.send(&p.conn.down, p.conn.fin)
	case by == Reset && !p.reset:
		p.reset = true
		p.conn.send(&p.conn.down, p.conn.rst)
	}
}

func (p *Peer) leave() { p.conn.l.forget(p) }
