package sim

import (
	"io"
	"net/netip"
	"syscall"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// system is the world as a kernel.Kernel.
type system struct{ w *World }

var _ kernel.Kernel = system{}

// Uint64 returns the next number of the seed.
func (k system) Uint64() uint64 { return k.w.dice.Uint64() }

// Compute runs work and done at once, as soon as the loop waits: computing
// takes no virtual time.
func (k system) Compute(work, done func()) bool {
	k.w.After(0, func() { work(); done() })
	return true
}

// Computers is one, on every machine: a seed must replay.
func (k system) Computers() int { return 1 }

// Shutdown does nothing: there is nothing in the background.
func (k system) Shutdown() {}

// A socket is the program's end of a connection, and behaves as Linux's does.
type socket struct {
	w     *World
	fd    int
	conn  *conn
	reg   *registration
	state state
	in    []byte        // arrived and not read
	fin   bool          // the peer's FIN has arrived
	shut  bool          // ours was sent, by CloseWrite
	hung  bool          // of the Unix domain: the peer's end is closed
	err   syscall.Errno // SO_ERROR
	out   int           // bytes written and not known to be read
	lie   bool          // report what is asked for once, true or not
}

type state uint8

const (
	connecting  state = iota // SYN sent
	established              // or half closed by the peer
	over                     // reset or refused: TCP_CLOSE
	closed                   // by Close; the number is somebody else's
)

// changed puts s on its poller's list. It is called whenever s may have become
// ready; to call it once too often does no harm.
func (s *socket) changed() {
	if s.reg != nil {
		s.reg.list()
	}
}

// readiness is tcp_poll of Linux.
func (s *socket) readiness() loop.Events {
	const err, hup = 0x008, 0x010
	var e loop.Events
	switch s.state {
	case established:
		if len(s.in) > 0 || s.fin {
			e |= loop.Read
		}
		if s.out < s.w.o.Window || s.shut {
			e |= loop.Write
		}
		if s.fin && s.shut || s.hung {
			e |= hup
		}
	case over:
		e |= loop.Read | loop.Write | hup
	}
	if s.err != 0 {
		e |= err
	}
	if s.lie {
		s.lie = false
		e |= loop.Read | loop.Write
	}
	return e
}

// takeError returns the pending error and clears it, as SO_ERROR does.
func (s *socket) takeError() error {
	if s.err == 0 {
		return nil
	}
	err := s.err
	s.err = 0
	return err
}

// socket returns the open socket of that number, or nil.
func (w *World) socket(fd int) *socket {
	if fd < 0 || fd >= len(w.fds) {
		return nil
	}
	return w.fds[fd]
}

// used returns the socket of fd for the system call named, or EBADF.
func (k system) used(fd int, call string) (*socket, error) {
	s := k.w.socket(fd)
	if s == nil {
		k.w.violationf("%s on fd %d, which is not open", call, fd)
		return nil, syscall.EBADF
	}
	return s, nil
}

// Connect sends a SYN. The socket gets the lowest free number, as in every
// Unix, so that a program which confuses two owners of a number is found out.
func (k system) Connect(to netip.AddrPort) (int, error) {
	w := k.w
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	err := w.refusal()
	if err == nil && !to.Addr().IsValid() {
		err = syscall.EAFNOSUPPORT
	}
	if err != nil {
		w.tracef("connect %v: %v", to, err)
		return -1, err
	}
	s := w.newSocket()
	w.tracef("fd %d connect %v", s.fd, to)
	w.dial(s, to)
	return s.fd, nil
}

// ConnectUnix finds the listener of that path, or says why there is none.
func (k system) ConnectUnix(path string) (int, error) {
	w := k.w
	err := w.refusal()
	if err == nil {
		err = w.refusalAt(path)
	}
	if err != nil {
		w.tracef("connect %s: %v", path, err)
		return -1, err
	}
	s := w.newSocket()
	w.tracef("fd %d connect %s", s.fd, path)
	w.dialUnix(s, w.unix[path])
	return s.fd, nil
}

// newSocket opens a socket.
func (w *World) newSocket() *socket {
	fd := w.free()
	if fd == len(w.fds) {
		w.fds = append(w.fds, nil)
	}
	s := &socket{w: w, fd: fd}
	w.fds[fd] = s
	w.open++
	w.still = 0
	w.stats.Connects++
	w.stats.MaxOpen = max(w.stats.MaxOpen, w.open)
	return s
}

// refusal returns the error that a socket gets at once, wherever it shall go.
func (w *World) refusal() error {
	if len(w.failing) > 0 {
		err := w.failing[0]
		w.failing = w.failing[1:]
		return err
	}
	switch p := &w.profile; {
	case w.free() >= w.limit || w.chance(p.NoDescriptor):
		return syscall.EMFILE
	case w.chance(p.NoFile):
		return syscall.ENFILE
	case w.chance(p.NoBuffers):
		return syscall.ENOBUFS
	}
	return nil
}

// free returns the lowest free number.
func (w *World) free() int {
	for w.lowest < len(w.fds) && w.fds[w.lowest] != nil {
		w.lowest++
	}
	return w.lowest
}

// ConnectError takes the pending error of the socket.
func (k system) ConnectError(fd int) error {
	s, err := k.used(fd, "getsockopt")
	if err != nil {
		return err
	}
	if s.state == connecting {
		k.w.violationf("SO_ERROR of fd %d asked for, but it was not reported ready: it still connects", fd)
	}
	return s.takeError()
}

// Read does as tcp_recvmsg of Linux: what came before a reset can still be
// read, then comes the error, once, and then the end.
func (k system) Read(fd int, p []byte) (int, error) {
	s, err := k.used(fd, "read")
	switch {
	case err != nil:
		return 0, err
	case len(p) == 0:
		return 0, nil
	case len(s.in) > 0:
		return s.take(p), nil
	case s.fin:
		k.w.tracef("fd %d read: EOF", fd)
		k.w.still = 0
		return 0, io.EOF
	case s.err != 0:
		k.w.tracef("fd %d read: %v", fd, s.err)
		return 0, s.takeError()
	case s.state == over:
		return 0, io.EOF
	}
	return 0, kernel.ErrWouldBlock
}

// take copies what has arrived to p, and lets the peer know that there is room.
func (s *socket) take(p []byte) int {
	if most := s.conn.fault.ShortRead; most > 0 {
		p = p[:min(len(p), most)]
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	if len(s.in) == 0 {
		s.in = nil // an idle connection holds no buffer here either
	}
	s.w.still = 0
	s.w.stats.Received += uint64(n)
	s.conn.taken += int64(n)
	s.w.tracef("fd %d read %d bytes", s.fd, n)
	s.conn.ackDown(n)
	return n
}

// Write does as tcp_sendmsg of Linux: after a reset it returns the pending
// error once, then EPIPE.
func (k system) Write(fd int, p []byte) (int, error) {
	s, err := k.used(fd, "write")
	if err != nil {
		return 0, err
	}
	if err := s.takeError(); err != nil {
		k.w.tracef("fd %d write: %v", fd, err)
		return 0, err
	}
	if s.state == over || s.shut || s.hung {
		k.w.tracef("fd %d write: %v", fd, syscall.EPIPE)
		return 0, syscall.EPIPE
	}
	room := k.w.o.Window - s.out
	if s.state == connecting || room <= 0 {
		return 0, kernel.ErrWouldBlock
	}
	n := min(len(p), room)
	if most := s.conn.fault.ShortWrite; most > 0 {
		n = min(n, most)
	}
	if n == 0 {
		return 0, nil
	}
	s.out += n
	k.w.still = 0
	k.w.stats.Sent += uint64(n)
	k.w.tracef("fd %d wrote %d bytes", fd, n)
	s.conn.sendUp(p[:n])
	return n, nil
}

// CloseWrite sends a FIN.
func (k system) CloseWrite(fd int) error {
	s, err := k.used(fd, "shutdown")
	switch {
	case err != nil:
		return err
	case s.state != established:
		return syscall.ENOTCONN
	case s.shut:
		return nil
	}
	s.shut = true
	k.w.still = 0
	k.w.tracef("fd %d shutdown WR", fd)
	s.conn.send(&s.conn.up, func() { s.conn.peer.finished() })
	s.changed()
	return nil
}

// Close frees the number at once. Bytes that arrived and were not read turn
// the FIN into an RST, as they do in Linux.
func (k system) Close(fd int) error {
	s, err := k.used(fd, "close")
	if err != nil {
		return err
	}
	w := k.w
	if s.reg != nil {
		w.violationf("fd %d closed while registered", fd)
		s.reg = nil
	}
	w.tracef("fd %d close", fd)
	w.fds[fd] = nil
	w.lowest = min(w.lowest, fd)
	w.open--
	w.still = 0
	was := s.state
	s.state = closed
	if was == established {
		s.conn.hangUp(len(s.in) > 0)
	}
	s.in = nil
	return nil
}

// Descriptors returns the limit, and the sockets that are open with the three
// descriptors every process has.
func (k system) Descriptors() (limit, open int) { return k.w.limit, k.w.open + firstFD }

// connected is the arrival of the SYN with its ACK.
func (s *socket) connected() {
	s.state = established
	s.w.stats.Established++
	s.w.tracef("fd %d established", s.fd)
	s.changed()
}

// fail ends the socket with err: refused, reset, timed out.
func (s *socket) fail(err syscall.Errno) {
	s.state = over
	s.err = err
	s.w.tracef("fd %d: %v", s.fd, err)
	s.changed()
}

// reset is the arrival of an RST (tcp_reset of Linux).
func (s *socket) reset() {
	switch {
	case s.state == connecting:
		s.fail(syscall.ECONNREFUSED)
	case s.state != established:
	case s.fin:
		s.fail(syscall.EPIPE)
	default:
		s.fail(syscall.ECONNRESET)
	}
}

// connectTimeout is how long Linux waits for an answer to its SYNs: seven of
// them, 1 s to 64 s apart (tcp_syn_retries).
const connectTimeout = 127 * time.Second
