//go:build linux

package floor

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Step is told that connection i has got a response, whose body is so long,
// and returns the request to send next, or nil if there is none. The first call
// for each connection is for no response: size is negative. body is valid until
// Step returns; it is nil if it was too long to be kept.
type Step func(i, size int, body []byte) (request []byte)

// A conn is all that a request needs while it waits.
type conn struct {
	fd   int
	kept []byte // what has come of a response that is not whole
	left int    // bytes of a long body that are still to come
	size int    // of that body
}

// Run makes connections to an address, runs a chain of requests on each, and
// returns when all the chains have ended.
func Run(to *unix.SockaddrInet4, connections int, step Step) error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(epoll)
	conns := make([]conn, connections)
	running := 0
	defer func() {
		for i := range conns {
			if conns[i].fd > 0 {
				unix.Close(conns[i].fd)
			}
		}
	}()
	for i := range conns {
		request := step(i, -1, nil)
		if request == nil {
			continue
		}
		if conns[i].fd, err = dial(to); err != nil {
			return err
		}
		// The kernel hands Fd back with each event, and does not look at it.
		// So it holds what we want to know: which connection it is.
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, conns[i].fd, &event); err != nil {
			return err
		}
		if err = conns[i].write(request); err != nil {
			return err
		}
		running++
	}

	// This is the loop. One buffer serves all connections, because one goroutine
	// reads them all, one after the other.
	buffer := make([]byte, 64<<10)
	events := make([]unix.EpollEvent, 256)
	for running > 0 {
		n, err := unix.EpollWait(epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, event := range events[:max(n, 0)] {
			i := int(event.Fd)
			size, body, err := conns[i].read(buffer)
			if err != nil {
				return fmt.Errorf("connection %d: %w", i, err)
			}
			if size < 0 {
				continue // the rest will be announced as this part was
			}
			if request := step(i, size, body); request == nil {
				running--
			} else if err := conns[i].write(request); err != nil {
				return fmt.Errorf("connection %d: %w", i, err)
			}
		}
	}
	return nil
}

// dial connects, and waits for it: the one call here that blocks.
func dial(to *unix.SockaddrInet4) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	for _, err := range []error{
		unix.Connect(fd, to),
		unix.SetNonblock(fd, true),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
	} {
		if err != nil {
			unix.Close(fd)
			return 0, err
		}
	}
	return fd, nil
}

// write sends a request, which a socket that has nothing to send takes whole.
//
// RawSyscall does not tell Go's scheduler that the thread is away in the
// kernel. That is right for calls that cannot block, as those on a non-blocking
// socket, and saves a tenth of a microsecond. It would be wrong for EpollWait:
// a thread that sleeps unannounced holds up the garbage collector.
func (c *conn) write(request []byte) error {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(c.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(request))), uintptr(len(request)))
	if errno != 0 {
		return errno
	}
	if int(n) != len(request) {
		return errors.New("the request does not fit into the socket")
	}
	return nil
}

// read reads once. It returns a negative size until the response is whole.
func (c *conn) read(buffer []byte) (size int, body []byte, err error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(c.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(buffer))), uintptr(len(buffer)))
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return -1, nil, nil
	case errno != 0:
		return 0, nil, errno
	case n == 0:
		return 0, nil, errors.New("the server closed the connection")
	}
	if c.left > 0 { // in the middle of a long body: only count
		if c.left -= int(n); c.left > 0 {
			return -1, nil, nil
		}
		return c.size, nil, overrun(-c.left)
	}
	in := buffer[:n]
	if c.kept != nil {
		in = append(c.kept, in...)
	}
	head, length, err := Head(in)
	whole := head + length
	switch {
	case err != nil:
		return 0, nil, err
	case head > 0 && len(in) >= whole: // nearly always, and at the first read
		c.kept = nil
		return length, in[head:whole], overrun(len(in) - whole)
	case head > 0 && length > len(buffer):
		c.kept, c.size, c.left = nil, length, whole-len(in)
		return -1, nil, nil
	}
	c.kept = append(c.kept, buffer[:n]...) // the buffer is everybody's
	return -1, nil, nil
}

func overrun(n int) error {
	if n > 0 {
		return fmt.Errorf("%d bytes that nobody asked for", n)
	}
	return nil
}

// Head finds the head of a response, which must have the status 200. It returns
// where the body begins and how long it is; zero for begin means that the head
// is not whole.
func Head(in []byte) (begin, length int, err error) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, 0, nil
	}
	if !bytes.HasPrefix(in, []byte("HTTP/1.1 200 ")) {
		return 0, 0, fmt.Errorf("not a 200: %.40q", in)
	}
	const name = "\r\nContent-Length: "
	at := bytes.Index(in[:end], []byte(name))
	if at < 0 {
		return 0, 0, errors.New("no Content-Length")
	}
	value, _, _ := bytes.Cut(in[at+len(name):end+2], []byte("\r\n"))
	length, err = strconv.Atoi(string(value)) // a string for Atoi alone is not allocated
	return end + 4, length, err
}
