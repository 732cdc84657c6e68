package sim

import (
	"net/netip"
	"syscall"
	"time"
)

// A conn is what lies between a socket and a Peer: two directions in which
// packets travel. It decides when they arrive, and the faults sit here.
type conn struct {
	w     *World
	sock  *socket
	peer  *Peer // nil until accepted
	l     *Listener
	local bool // of the Unix domain: nothing travels
	fault Fault
	up    direction // to the peer
	down  direction // to the socket
	taken int64     // bytes that the program has read
}

// A direction keeps its packets in order and counts their bytes.
type direction struct {
	cut  Cut
	sent int64         // bytes so far
	last time.Duration // when the latest packet arrives
	dead bool          // cut: what is sent vanishes
	pipe pipe          // of this connection alone: Fault.Bandwidth
}

// send makes arrive happen at the other end, after everything sent before.
func (c *conn) send(d *direction, arrive func()) { c.carry(d, 0, arrive) }

// carry is send for n bytes.
func (c *conn) carry(d *direction, n int, arrive func()) {
	if d.dead {
		return
	}
	at := c.w.now
	if !c.local {
		var ok bool
		if at, ok = c.leave(d, n); !ok {
			c.giveUp(d)
			return
		}
		at += c.fault.latency(c.w)
		if c.w.o.Jitter > 0 {
			at += time.Duration(c.w.luck.Int64N(int64(c.w.o.Jitter) + 1))
		}
	}
	d.last = max(d.last, at)
	c.w.at(d.last, arrive)
}

// pass counts b and returns how much of it gets past the direction's cut, and
// whether the cut falls now.
func (d *direction) pass(b []byte) ([]byte, bool) {
	if room := d.cut.At - d.sent; d.cut.By != Uncut && int64(len(b)) > room {
		b = b[:max(room, 0)]
		d.sent += int64(len(b))
		return b, true
	}
	d.sent += int64(len(b))
	return b, false
}

// dial sends the SYN.
func (w *World) dial(s *socket, to netip.AddrPort) {
	c := &conn{w: w, sock: s, l: w.listeners[to]}
	s.conn = c
	started := w.now
	from := w.localAddr(to)
	c.send(&c.up, func() { c.syn(from, to, started) })
}

// localAddr returns the program's end of a new connection. The addresses are
// those of the documentation (RFC 5737, RFC 3849).
func (w *World) localAddr(to netip.AddrPort) netip.AddrPort {
	host := netip.AddrFrom4([4]byte{192, 0, 2, 1})
	if to.Addr().Is6() {
		host = netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1})
	}
	const first, many = 49152, 65536 - 49152 // RFC 6335 section 6
	port := first + w.ports%many
	w.ports++
	return netip.AddrPortFrom(host, port)
}

// syn is the arrival of the SYN at the server.
func (c *conn) syn(from, to netip.AddrPort, started time.Duration) {
	l := c.w.listeners[to]
	if l == nil {
		c.w.tracef("%v refuses", to)
		c.send(&c.down, c.rst)
		return
	}
	c.l = l
	l.count++
	c.fault = l.draw()
	c.up.cut, c.down.cut = c.fault.Up, c.fault.Down
	switch {
	case l.silent || c.fault.Silent:
		c.w.at(started+connectTimeout, func() {
			if c.sock.state == connecting {
				c.sock.fail(syscall.ETIMEDOUT)
			}
		})
	case c.fault.Refuse != 0:
		c.send(&c.down, func() {
			if c.sock.state == connecting {
				c.sock.fail(c.fault.Refuse)
			}
		})
	default:
		c.send(&c.down, func() { c.synAck(from, to) })
	}
}

// synAck is the arrival of the server's answer.
func (c *conn) synAck(from, to netip.AddrPort) {
	if c.sock.state != connecting {
		return // closed meanwhile: the server never hears that there was anyone
	}
	c.sock.connected()
	c.send(&c.up, func() { c.l.open(c, from, to) })
}

// rst is the arrival of the server's RST.
func (c *conn) rst() { c.sock.reset() }

// sendUp carries b, which is copied, to the peer.
func (c *conn) sendUp(b []byte) {
	b, cut := c.up.pass(b)
	if len(b) > 0 {
		b = append([]byte(nil), b...)
		c.carry(&c.up, len(b), func() { c.peer.arrived(b) })
	}
	switch {
	case !cut:
	case c.up.cut.By == Silence:
		c.up.dead = true
	default:
		by := c.up.cut.By
		c.up.cut = Cut{}
		c.send(&c.up, func() { c.peer.die(by) })
	}
}

// ackUp tells the socket that the peer has read n bytes.
func (c *conn) ackUp(n int) {
	c.send(&c.down, func() {
		c.sock.out -= n
		c.sock.lie = c.fault.Spurious
		c.sock.changed()
	})
}

// sendDown carries b to the socket; the caller gives b away.
func (c *conn) sendDown(b []byte) {
	b, cut := c.down.pass(b)
	if len(b) > 0 {
		c.carry(&c.down, len(b), func() { c.arrived(b) })
	}
	switch {
	case !cut:
	case c.down.cut.By == Silence:
		c.down.dead = true
	default:
		c.peer.die(c.down.cut.By)
	}
}

// arrived is the arrival of bytes at the program's machine. If the socket is
// closed a kernel answers with an RST, but then the peer has heard already.
func (c *conn) arrived(b []byte) {
	s := c.sock
	if s.state != established {
		return
	}
	s.in = append(s.in, b...)
	c.w.tracef("fd %d received %d bytes", s.fd, len(b))
	s.changed()
}

// ackDown tells the peer that the program has read n bytes.
func (c *conn) ackDown(n int) {
	c.send(&c.up, func() {
		c.peer.flying -= n
		c.peer.pump()
	})
}

// fin is the arrival of the server's FIN.
func (c *conn) fin() {
	if c.sock.state == established {
		c.sock.fin = true
		c.sock.hung = c.local && c.peer.noRead
		c.w.tracef("fd %d received FIN", c.sock.fd)
		c.sock.changed()
	}
}
