//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package kernel

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The exact conditions and errors of every ending are in the contract test of
// package sim, which holds this side against the simulated one.

func listen(t *testing.T, network, host string) (*net.TCPListener, netip.AddrPort) {
	t.Helper()
	l, err := net.Listen(network, net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skipf("this machine has no %s: %v", host, err)
	}
	t.Cleanup(func() { l.Close() })
	tcp := l.(*net.TCPListener)
	tcp.SetDeadline(time.Now().Add(10 * time.Second))
	return tcp, tcp.Addr().(*net.TCPAddr).AddrPort()
}

// wait waits until fd is ready for events.
func wait(t *testing.T, fd int, events int16) {
	t.Helper()
	p := []unix.PollFd{{Fd: int32(fd), Events: events}}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if n, err := unix.Poll(p, 1000); n == 1 {
			return
		} else if err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
	}
	t.Fatalf("fd %d: not ready within 10 s", fd)
}

func dial(t *testing.T, s *System, to netip.AddrPort) int {
	t.Helper()
	fd, err := s.Connect(to)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, fd, unix.POLLOUT)
	return fd
}

func TestConversation(t *testing.T) {
	for _, tt := range []struct{ name, network, host string }{
		{"IPv4", "tcp4", "127.0.0.1"},
		{"IPv6", "tcp6", "::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, to := listen(t, tt.network, tt.host)
			s := New(Options{})
			fd := dial(t, s, to)
			if err := s.ConnectError(fd); err != nil {
				t.Fatal(err)
			}
			peer, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 64)
			if n, err := s.Read(fd, buf); n != 0 || err != ErrWouldBlock {
				t.Errorf("nothing there: got %d, %v; want %v", n, err, ErrWouldBlock)
			}
			if n, err := s.Write(fd, []byte("ping")); n != 4 || err != nil {
				t.Errorf("write: got %d, %v; want 4", n, err)
			}
			if _, err := io.ReadFull(peer, buf[:4]); string(buf[:4]) != "ping" {
				t.Errorf("the peer read %q, %v; want %q", buf[:4], err, "ping")
			}
			io.WriteString(peer, "pong")
			wait(t, fd, unix.POLLIN)
			if n, err := s.Read(fd, buf); string(buf[:n]) != "pong" || err != nil {
				t.Errorf("got %q, %v; want %q", buf[:n], err, "pong")
			}
			peer.Close()
			wait(t, fd, unix.POLLIN)
			if n, err := s.Read(fd, buf); n != 0 || err != io.EOF {
				t.Errorf("after FIN: got %d, %v; want %v", n, err, io.EOF)
			}
			if err := s.Close(fd); err != nil {
				t.Error(err)
			}
			if _, err := s.Read(fd, buf); !errors.Is(err, syscall.EBADF) {
				t.Errorf("after Close: got %v; want %v", err, syscall.EBADF)
			}
		})
	}
}

// Every flag that Connect promises, asked of the kernel.
func TestConnectFlags(t *testing.T) {
	_, to := listen(t, "tcp4", "127.0.0.1")
	s := New(Options{})
	fd := dial(t, s, netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())) // ::ffff:127.0.0.1
	defer s.Close(fd)
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("got flags %#x, %v; want O_NONBLOCK", flags, err)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("got flags %#x, %v; want FD_CLOEXEC", flags, err)
	}
	if v, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); err != nil || v == 0 {
		t.Errorf("got TCP_NODELAY %d, %v; want it set", v, err)
	}
	sa, err := unix.Getpeername(fd)
	if v4, ok := sa.(*unix.SockaddrInet4); err != nil || !ok || v4.Port != int(to.Port()) {
		t.Errorf("got peer %#v, %v; want %v over IPv4", sa, err, to)
	}
}

func TestConnectRefused(t *testing.T) {
	l, to := listen(t, "tcp4", "127.0.0.1")
	l.Close()
	s := New(Options{})
	fd, err := s.Connect(to)
	if err == nil { // Linux tells later, some BSDs at once
		wait(t, fd, unix.POLLOUT)
		err = s.ConnectError(fd)
		s.Close(fd)
	}
	if err != syscall.ECONNREFUSED {
		t.Errorf("got %v; want %v", err, syscall.ECONNREFUSED)
	}
}

func TestConnectUnusableAddress(t *testing.T) {
	s := New(Options{})
	for _, tt := range []struct {
		to   netip.AddrPort
		want error
		text string
	}{
		{netip.AddrPort{}, syscall.EAFNOSUPPORT, "connect to the zero address: "},
		{netip.MustParseAddrPort("[fe80::1%nosuch0]:80"), syscall.ENXIO, `zone "nosuch0" is no network interface: `},
	} {
		fd, err := s.Connect(tt.to)
		if fd != -1 || !errors.Is(err, tt.want) || err.Error() != tt.text+tt.want.Error() {
			t.Errorf("%v: got fd %d, %v; want %s%v", tt.to, fd, err, tt.text, tt.want)
		}
	}
}

func TestZoneID(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil || len(interfaces) == 0 {
		t.Skipf("this machine has no interface to name: %v", err)
	}
	for _, tt := range []struct {
		zone string
		want uint32
	}{{"", 0}, {"17", 17}, {interfaces[0].Name, uint32(interfaces[0].Index)}} {
		if got, err := zoneID(tt.zone); got != tt.want || err != nil {
			t.Errorf("zone %q: got %d, %v; want %d", tt.zone, got, err, tt.want)
		}
	}
}

// A reader that is slower than the writer makes writes short; nothing is lost
// and nothing comes twice.
func TestWriteToSlowReader(t *testing.T) {
	l, to := listen(t, "tcp4", "127.0.0.1")
	s := New(Options{})
	fd := dial(t, s, to)
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()

	sent := make([]byte, 8<<20)
	rand.NewChaCha8([32]byte{}).Read(sent)
	var got bytes.Buffer
	read := make(chan struct{})
	start := make(chan struct{})
	go func() {
		defer close(read)
		<-start
		io.Copy(&got, peer)
	}()
	var begin sync.Once
	short := 0
	for p := sent; len(p) > 0; {
		n, err := s.Write(fd, p)
		switch {
		case err == ErrWouldBlock:
			begin.Do(func() { close(start) })
			wait(t, fd, unix.POLLOUT)
		case err != nil:
			t.Fatal(err)
		case n < len(p):
			short++
		}
		p = p[n:]
	}
	s.Close(fd)
	<-read
	if !bytes.Equal(got.Bytes(), sent) {
		t.Errorf("got %d bytes, not those that were sent; want %d", got.Len(), len(sent))
	}
	if short == 0 {
		t.Error("got no short write; the test has tested nothing")
	}
}

// lowerLimit leaves the process without a free descriptor.
func lowerLimit(t *testing.T) (restore func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Skipf("this system does not let the limit be lowered: %v", err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
}

// The article's bug: with no descriptor left, the name service said that the
// name did not exist.
func TestNoDescriptorLeft(t *testing.T) {
	_, to := listen(t, "tcp4", "127.0.0.1")
	s := New(Options{})
	defer s.Shutdown()
	ask := func() error {
		done := make(chan error)
		s.Lookup(t.Context(), "no-such-host.invalid", func(_ []netip.Addr, err error) { done <- err })
		return <-done
	}
	restore := lowerLimit(t)
	_, connectErr := s.Connect(to)
	lookupErr := ask()
	limit, _ := s.Descriptors()
	restore()

	if connectErr != syscall.EMFILE {
		t.Errorf("connect: got %v; want %v", connectErr, syscall.EMFILE)
	}
	var dns *net.DNSError
	if !errors.Is(lookupErr, syscall.EMFILE) || errors.As(lookupErr, &dns) {
		t.Errorf("look-up: got %v; want %v and no name error", lookupErr, syscall.EMFILE)
	}
	if limit != 3 {
		t.Errorf("got limit %d; want 3", limit)
	}
}

// A resolver may blame the name although descriptors are short: getaddrinfo(3)
// does. The second look finds out.
func TestNoDescriptorLeftInDisguise(t *testing.T) {
	disguise := &net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}
	if got := notAName("a", disguise); got != error(disguise) {
		t.Errorf("with descriptors: got %v; want %v", got, disguise)
	}
	restore := lowerLimit(t)
	got := notAName("a", disguise)
	restore()
	if !errors.Is(got, syscall.EMFILE) {
		t.Errorf("without: got %v; want %v", got, syscall.EMFILE)
	}
}

func TestNoDescriptorLeaks(t *testing.T) {
	_, before := New(Options{}).Descriptors()
	if before < 0 {
		t.Skip("this system does not count descriptors cheaply")
	}
	l, to := listen(t, "tcp4", "127.0.0.1")
	s := New(Options{})
	for range 20 {
		fd := dial(t, s, to)
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		peer.Close()
		s.Close(fd)
	}
	restore := lowerLimit(t)
	for range 20 {
		s.Connect(to)
	}
	restore()
	l.Close()
	for range 20 {
		s.Connect(netip.MustParseAddrPort("[fe80::1%nosuch0]:80"))
		fd := dial(t, s, to)
		s.ConnectError(fd)
		s.Close(fd)
	}
	if _, after := s.Descriptors(); after != before {
		t.Errorf("got %d descriptors at the end; want %d", after, before)
	}
}

func TestUint64(t *testing.T) {
	r := rand.New(New(Options{}))
	if a, b := r.Uint64(), r.Uint64(); a == b {
		t.Errorf("got %d twice", a)
	}
}
