package sim

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"github.com/qqloop/qqloop/internal/kernel"
)

// This file is the Unix domain: sockets that have a path and no address, and
// between which nothing takes any time.

// ListenUnix is Listen at a path, or at a name that begins with "@". A path
// where nobody has ever listened does not exist; one whose listener was closed
// refuses. A Peer there has no addresses, and its Reset is a close with bytes
// unread.
func (w *World) ListenUnix(path string, accept func(*Peer)) *Listener {
	if l := w.unix[path]; l != nil && !l.closed {
		panic(fmt.Sprintf("sim: somebody listens on %s already", path))
	}
	l := &Listener{w: w, accept: accept, script: make(map[int]Fault)}
	w.unix[path] = l
	return l
}

// Full makes a ListenUnix accept nobody until further notice, with a backlog
// that is full: a connect gets kernel.ErrWouldBlock.
func (l *Listener) Full(on bool) { l.full = on }

// refusalAt returns the error that a connect to path gets.
func (w *World) refusalAt(path string) error {
	switch l := w.unix[path]; {
	case l == nil && !strings.HasPrefix(path, "@"):
		return syscall.ENOENT
	case l == nil:
		return syscall.ECONNREFUSED
	case l.closed:
		return syscall.ECONNREFUSED
	case l.full:
		return kernel.ErrWouldBlock
	}
	return nil
}

// dialUnix connects s to l.
func (w *World) dialUnix(s *socket, l *Listener) {
	c := &conn{w: w, sock: s, l: l, local: true}
	s.conn = c
	l.count++
	c.fault = l.draw()
	c.up.cut, c.down.cut = c.fault.Up, c.fault.Down
	s.connected()
	c.send(&c.up, func() { c.l.open(c, netip.AddrPort{}, netip.AddrPort{}) })
}
