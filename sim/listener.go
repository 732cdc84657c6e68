package sim

import (
	"fmt"
	"net/netip"
	"slices"
)

// A Listener is a server that accepts connections.
type Listener struct {
	w      *World
	at     netip.AddrPort
	accept func(*Peer)
	line   line
	silent bool
	full   bool // of the Unix domain: it accepts nobody for now
	closed bool
	count  int           // SYNs so far
	script map[int]Fault // by number; 0 is for all others
	peers  []*Peer       // that are not closed, in the order of their coming
}

// Listen makes accept hear of connections to that address; it sets the Peer's
// functions. An address where nobody listens refuses. To listen twice at one
// address panics.
func (w *World) Listen(at netip.AddrPort, accept func(*Peer)) *Listener {
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	if w.listeners[at] != nil {
		panic(fmt.Sprintf("sim: somebody listens on %v already", at))
	}
	l := &Listener{w: w, at: at, accept: accept, script: make(map[int]Fault)}
	w.listeners[at] = l
	return l
}

// Addr returns the address.
func (l *Listener) Addr() netip.AddrPort { return l.at }

// Accepted returns how many connections have been asked for, faults included.
func (l *Listener) Accepted() int { return l.count }

// Close stops listening: from now on the address refuses. Connections live on.
// Another Listen makes the server come back.
func (l *Listener) Close() {
	if !l.closed {
		l.closed = true
		delete(l.w.listeners, l.at)
	}
}

// Silent makes SYNs vanish, as a firewall does: connects time out.
func (l *Listener) Silent(on bool) { l.silent = on }

// Cut ends every connection with a FIN or an RST, as a server does that is
// stopped or killed; with Silence, as a cable does. Peers are told at once, and
// in the last case not at all.
func (l *Listener) Cut(by End) {
	for _, p := range slices.Clone(l.peers) {
		switch by {
		case Uncut:
		case Silence:
			p.conn.up.dead, p.conn.down.dead = true, true
		default:
			p.die(by)
		}
	}
}

// Open returns how many connections are open at the server's end.
func (l *Listener) Open() int { return len(l.peers) }

// Fault sets what befalls connection number n, counted from 1 in the order in
// which their SYNs arrive. Number 0 stands for every connection that has no
// fault of its own.
func (l *Listener) Fault(n int, f Fault) { l.script[n] = f }

// draw returns the fault of the connection that comes now.
func (l *Listener) draw() Fault {
	if f, ok := l.script[l.count]; ok {
		return f
	}
	if f, ok := l.script[0]; ok {
		return f
	}
	return l.w.profile.draw(l.w)
}

// open is the end of the handshake: the server has a connection, or an RST for
// it if the listener was closed meanwhile.
func (l *Listener) open(c *conn, from, to netip.AddrPort) {
	p := &Peer{w: l.w, conn: c, local: to, remote: from}
	c.peer = p
	if l.closed {
		p.Reset()
		return
	}
	l.peers = append(l.peers, p)
	if l.accept != nil {
		l.accept(p)
	}
}

func (l *Listener) forget(p *Peer) {
	if i := slices.Index(l.peers, p); i >= 0 {
		l.peers = slices.Delete(l.peers, i, i+1)
	}
}
