package sim_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// A side is one side of the seam: the program's kernel and poller, and a
// server to talk to.
type side interface {
	kernel() kernel.Kernel
	poller() loop.Poller
	address() netip.AddrPort // where the server listens
	nobody() netip.AddrPort  // where nobody listens
	path() string            // the server's Unix socket
	left() string            // that of a server that has gone
	accept() server          // of the one that was dialled last
}

// A server is the server's end of a connection. It reads only in expect.
type server interface {
	write(b []byte)
	closeWrite()
	close()
	reset()
	expect(n int, then error) // reads n bytes, and then the end, if not nil
}

// A harness is a program with one socket, of which it asks and expects.
type harness struct {
	*testing.T
	side side
	fd   int
	gen  uint32
}

func (h *harness) dial(to netip.AddrPort) {
	h.Helper()
	fd, err := h.side.kernel().Connect(to)
	if err != nil {
		h.Fatalf("connect %v: %v", to, err)
	}
	h.fd = fd
	h.gen = 7
	if err := h.side.poller().Add(fd, h.gen, loop.None); err != nil {
		h.Fatal(err)
	}
}

func (h *harness) dialUnix(path string) {
	h.Helper()
	fd, err := h.side.kernel().ConnectUnix(path)
	if err != nil {
		h.Fatalf("connect %s: %v", path, err)
	}
	h.fd, h.gen = fd, 7
	if err := h.side.poller().Add(fd, h.gen, loop.None); err != nil {
		h.Fatal(err)
	}
}

func (h *harness) openUnix() server {
	h.Helper()
	h.dialUnix(h.side.path())
	h.ready(loop.Write, 0x4)
	h.connectError(nil)
	return h.side.accept()
}

// noUnix expects that a connect to path fails at once.
func (h *harness) noUnix(path string, want error) {
	h.Helper()
	if fd, err := h.side.kernel().ConnectUnix(path); fd != -1 || !errors.Is(err, want) {
		h.Errorf("connect %s: got fd %d, %v; want -1, %v", path, fd, err, want)
	}
}

func (h *harness) open() server {
	h.Helper()
	h.dial(h.side.address())
	h.ready(loop.Write, 0x4)
	h.connectError(nil)
	return h.side.accept()
}

// ready asks for want and waits for what is reported.
func (h *harness) ready(want, ready loop.Events) {
	h.Helper()
	if got := h.wait(want, 10*time.Second); got != ready {
		h.Fatalf("asked %v: got %#x; want %#x", want, uint32(got), uint32(ready))
	}
}

// quiet asks for want and expects that nothing is reported.
func (h *harness) quiet(want loop.Events) {
	h.Helper()
	if got := h.wait(want, 10*time.Millisecond); got != 0 {
		h.Fatalf("asked %v: got %#x; want nothing", want, uint32(got))
	}
}

func (h *harness) wait(want loop.Events, timeout time.Duration) loop.Events {
	h.Helper()
	p := h.side.poller()
	h.gen++
	if err := p.Modify(h.fd, h.gen, want); err != nil {
		h.Fatal(err)
	}
	var dst [4]loop.Event
	for end := time.Now().Add(timeout); ; {
		n, err := p.Wait(dst[:], timeout)
		if err != nil {
			h.Fatal(err)
		}
		if n > 0 {
			if dst[0].FD != h.fd || dst[0].Gen != h.gen || n > 1 {
				h.Fatalf("got %d events, first %+v; want one for fd %d, generation %d", n, dst[0], h.fd, h.gen)
			}
			return dst[0].Ready
		}
		if _, virtual := h.side.(*simSide); virtual || time.Now().After(end) {
			return 0 // a real wait may end early, for a signal
		}
	}
}

// settle waits until what was sent has arrived.
func (h *harness) settle() {
	h.Helper()
	h.quiet(loop.None)
}

func (h *harness) connectError(want error) {
	h.Helper()
	if got := h.side.kernel().ConnectError(h.fd); got != want {
		h.Fatalf("connect error: got %v; want %v", got, want)
	}
}

func (h *harness) read(want string, wantErr error) {
	h.Helper()
	buf := make([]byte, 100)
	n, err := h.side.kernel().Read(h.fd, buf)
	if string(buf[:n]) != want || err != wantErr {
		h.Fatalf("read: got %q, %v; want %q, %v", buf[:n], err, want, wantErr)
	}
}

// write writes n bytes and expects that all are taken, or wantErr.
func (h *harness) write(n int, wantErr error) {
	h.Helper()
	got, err := h.side.kernel().Write(h.fd, make([]byte, n))
	if wantErr == nil && got != n || err != wantErr {
		h.Fatalf("write: got %d, %v; want %d, %v", got, err, n, wantErr)
	}
}

func (h *harness) closeWrite(want error) {
	h.Helper()
	if got := h.side.kernel().CloseWrite(h.fd); got != want {
		h.Fatalf("shutdown: got %v; want %v", got, want)
	}
}

// fill writes until nothing more is taken.
func (h *harness) fill() (n int) {
	h.Helper()
	chunk := make([]byte, 32<<10)
	for {
		m, err := h.side.kernel().Write(h.fd, chunk)
		n += m
		if err == kernel.ErrWouldBlock {
			// The kernel moves bytes on meanwhile; it is full when it stays so.
			if h.wait(loop.Write, 20*time.Millisecond) == 0 {
				return n
			}
			continue
		}
		if err != nil {
			h.Fatal(err)
		}
	}
}

// close removes, then closes.
func (h *harness) close() {
	h.Helper()
	if h.fd < 0 {
		return
	}
	if err := h.side.poller().Remove(h.fd); err != nil {
		h.Error(err)
	}
	if err := h.side.kernel().Close(h.fd); err != nil {
		h.Error(err)
	}
	h.fd = -1
}

// simSide is a world with a server that records.
type simSide struct {
	t    *testing.T
	w    *sim.World
	k    kernel.Kernel
	p    loop.Poller
	peer *sim.Peer
	got  strings.Builder
	end  error
}

func newSimSide(t *testing.T) *simSide {
	w := sim.New(sim.Options{Seed: 1})
	s := &simSide{t: t, w: w, k: w.Kernel(), p: w.Loop().Poller}
	accept := func(p *sim.Peer) {
		s.peer = p
		p.Pause(true)
		p.OnData = func(b []byte) { s.got.Write(b) }
		p.OnEOF = func() { s.end = io.EOF }
		p.OnClose = func(err error) { s.end = err }
	}
	w.Listen(s.address(), accept)
	w.ListenUnix(s.path(), accept)
	w.ListenUnix(s.left(), accept).Close()
	return s
}

func (s *simSide) kernel() kernel.Kernel { return s.k }
func (s *simSide) poller() loop.Poller   { return s.p }

func (s *simSide) address() netip.AddrPort { return netip.MustParseAddrPort("203.0.113.7:80") }
func (s *simSide) nobody() netip.AddrPort  { return netip.MustParseAddrPort("203.0.113.7:81") }

func (s *simSide) path() string { return "/run/server.sock" }
func (s *simSide) left() string { return "/run/gone.sock" }

// pass lets the world go on.
func (s *simSide) pass() {
	if _, err := s.p.Wait(make([]loop.Event, 4), 10*time.Millisecond); err != nil {
		s.t.Fatal(err)
	}
}

func (s *simSide) accept() server {
	for range 10 {
		if s.peer != nil {
			return s
		}
		// The socket is writable all the time, so that Wait returns at once:
		// the world must be given time by hand.
		s.w.Spend(time.Millisecond)
		s.pass()
	}
	s.t.Fatal("the server has accepted nothing")
	return nil
}

func (s *simSide) write(b []byte) { s.peer.Write(b) }
func (s *simSide) closeWrite()    { s.peer.CloseWrite() }
func (s *simSide) close()         { s.peer.Close() }
func (s *simSide) reset()         { s.peer.Reset() }

func (s *simSide) expect(n int, then error) {
	s.t.Helper()
	s.peer.Pause(false)
	for range 100 {
		s.w.Spend(time.Millisecond)
		s.pass()
	}
	s.peer.Pause(true)
	if got := s.got.Len(); got != n {
		s.t.Fatalf("server: got %d bytes; want %d", got, n)
	}
	s.got.Reset()
	if s.end != then {
		s.t.Fatalf("server: got end %v; want %v", s.end, then)
	}
}

// realSide is this machine's kernel and its loopback.
type realSide struct {
	t *testing.T
	k *kernel.System
	p loop.Poller
	l *net.TCPListener
	u *net.UnixListener // nil until it is asked for
}

func newRealSide(t *testing.T) *realSide {
	p, err := loop.NewPoller("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return &realSide{t: t, k: kernel.New(kernel.Options{}), p: p, l: listen(t)}
}

func listen(t *testing.T) *net.TCPListener {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.SetDeadline(time.Now().Add(10 * time.Second))
	return l
}

func (s *realSide) kernel() kernel.Kernel   { return s.k }
func (s *realSide) poller() loop.Poller     { return s.p }
func (s *realSide) address() netip.AddrPort { return s.l.Addr().(*net.TCPAddr).AddrPort() }

func (s *realSide) nobody() netip.AddrPort {
	l := listen(s.t)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func (s *realSide) path() string {
	s.u = s.listenUnix("server")
	return s.u.Addr().String()
}

func (s *realSide) left() string {
	l := s.listenUnix("gone")
	l.SetUnlinkOnClose(false)
	l.Close()
	return l.Addr().String()
}

func (s *realSide) listenUnix(name string) *net.UnixListener {
	at := filepath.Join(s.t.TempDir(), name)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	l.SetDeadline(time.Now().Add(10 * time.Second))
	return l
}

func (s *realSide) accept() server {
	var c interface {
		net.Conn
		CloseWrite() error
	}
	var err error
	if s.u != nil {
		c, err = s.u.AcceptUnix()
	} else {
		c, err = s.l.AcceptTCP()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return &realServer{s.t, c}
}

type realServer struct {
	t *testing.T
	c interface {
		net.Conn
		CloseWrite() error
	}
}

func (s *realServer) write(b []byte) { s.c.Write(b) }
func (s *realServer) closeWrite()    { s.c.CloseWrite() }
func (s *realServer) close()         { s.c.Close() }
func (s *realServer) reset()         { s.c.(*net.TCPConn).SetLinger(0); s.c.Close() }

func (s *realServer) expect(n int, then error) {
	s.t.Helper()
	if got, err := io.ReadFull(s.c, make([]byte, n)); err != nil {
		s.t.Fatalf("server: got %d bytes, %v; want %d", got, err, n)
	}
	if then != nil {
		if n, err := s.c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, then) {
			s.t.Fatalf("server: got %d bytes, end %v; want %v", n, err, then)
		}
	}
}
