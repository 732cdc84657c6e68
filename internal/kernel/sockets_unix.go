//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package kernel

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// sockets is the system's Sockets. Its errors are syscall.Errno, bare: the
// caller knows better than any wrapping here what it was doing, and to whom.
//
// Nothing here minds SIGPIPE: the Go runtime lets it kill only for descriptors
// 1 and 2, and a write to a broken connection is EPIPE.
type sockets struct{}

// Connect opens a TCP socket and begins to connect it.
func (sockets) Connect(to netip.AddrPort) (int, error) {
	family, sa, err := sockaddr(to)
	if err != nil {
		return -1, err
	}
	fd, err := open(family, unix.SOCK_STREAM)
	if err != nil {
		return -1, err
	}
	// A request is written in one piece and waits for its answer: Nagle's
	// algorithm could only hold back the end of a long one.
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return connect(fd, sa)
}

// ConnectUnix opens a socket of the Unix domain and connects it.
func (sockets) ConnectUnix(path string) (int, error) {
	const most = len(unix.RawSockaddrUnix{}.Path) - 1 // the last byte is a NUL
	if len(path) > most {
		return -1, fmt.Errorf("the path has %d bytes, and the address of a socket at most %d: %w", len(path), most, unix.ENAMETOOLONG)
	}
	fd, err := open(unix.AF_UNIX, unix.SOCK_STREAM)
	if err != nil {
		return -1, err
	}
	fd, err = connect(fd, &unix.SockaddrUnix{Name: path})
	if err == unix.EAGAIN { // the server's backlog is full: connect(2)
		err = ErrWouldBlock
	}
	return fd, err
}

// connect begins to connect fd, or closes it.
func connect(fd int, to unix.Sockaddr) (int, error) {
	switch err := unix.Connect(fd, to); err {
	case nil, unix.EINPROGRESS:
		return fd, nil
	case unix.EINTR: // unlike other calls it goes on all the same: connect(2)
		return fd, nil
	default:
		unix.Close(fd)
		return -1, err
	}
}

// ConnectError takes the socket's pending error (SO_ERROR).
func (sockets) ConnectError(fd int) error {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return err
	case errno != 0:
		return syscall.Errno(errno)
	}
	return nil
}

// Read reads what is there, at most len(p) bytes.
func (sockets) Read(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // read(2) would return 0 too, and here that means EOF
	}
	for {
		n, err := read(fd, p)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			return 0, ErrWouldBlock
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// Write writes as much of p as there is room for.
func (sockets) Write(fd int, p []byte) (int, error) {
	for {
		n, err := write(fd, p)
		switch {
		case err == nil:
			return n, nil
		case err == unix.EAGAIN:
			return 0, ErrWouldBlock
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// CloseWrite shuts the writing half down.
func (sockets) CloseWrite(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }

// Close closes fd. EINTR is success: Linux and the BSDs have freed the number
// by then, and a second try could close what another has opened meanwhile.
func (sockets) Close(fd int) error {
	if err := unix.Close(fd); err != nil && err != unix.EINTR {
		return err
	}
	return nil
}

// Descriptors returns the soft limit, and the count where the system keeps it.
func (sockets) Descriptors() (limit, open int) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return math.MaxInt32, openCount()
	}
	// The type is signed on some systems, and RLIM_INFINITY is everywhere
	// larger than any number of descriptors.
	return int(min(uint64(r.Cur), math.MaxInt32)), openCount()
}

// shortage returns EMFILE or ENFILE if no descriptor can be had now, else nil.
func shortage() error {
	fd, err := open(unix.AF_INET, unix.SOCK_DGRAM)
	if err == nil {
		unix.Close(fd)
		return nil
	}
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return err
	}
	return nil
}

func sockaddr(to netip.AddrPort) (family int, sa unix.Sockaddr, err error) {
	switch addr := to.Addr().Unmap(); {
	case addr.Is4():
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: addr.As4()}, nil
	case addr.Is6():
		zone, err := zoneID(addr.Zone())
		if err != nil {
			return 0, nil, err
		}
		return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), ZoneId: zone, Addr: addr.As16()}, nil
	default:
		return 0, nil, fmt.Errorf("connect to the zero address: %w", unix.EAFNOSUPPORT)
	}
}

// zoneID returns the number of the interface that a zone names (RFC 4007
// section 11.2), 0 for none.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if id, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(id), nil
	}
	iface, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, fmt.Errorf("zone %q is no network interface: %w", zone, unix.ENXIO)
	}
	return uint32(iface.Index), nil
}
