//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

func openPoller(t testing.TB, name string) loop.Poller {
	t.Helper()
	p, err := loop.NewPoller(name)
	must(t, err)
	return p
}

// openPipe returns a non-blocking pipe that is closed with the test.
func openPipe(t testing.TB) (r, w int) {
	t.Helper()
	var fds [2]int
	must(t, unix.Pipe(fds[:]))
	return owned(t, fds[0]), owned(t, fds[1])
}

// openPair returns two ends of a stream socket that are closed with the test.
func openPair(t testing.TB) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	return owned(t, fds[0]), owned(t, fds[1])
}

// openTCP returns two ends of a connection over loopback that are closed with
// the test.
func openTCP(t testing.TB) (client, server int) {
	t.Helper()
	listener := listenTCP(t)
	addr, err := unix.Getsockname(listener)
	must(t, err)
	client, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	must(t, unix.Connect(client, addr))
	server, _, err = unix.Accept(listener)
	must(t, err)
	return owned(t, client), owned(t, server)
}

func listenTCP(t testing.TB) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, unix.Listen(fd, 1))
	return fd
}

// reset makes close(fd) send a reset.
func reset(t testing.TB, fd int) {
	t.Helper()
	must(t, unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	closeNow(t, fd)
}

// owned makes fd non-blocking and closes it with the test. If the test has done
// so itself, the second close fails or hits another descriptor of the same test
// that is being closed as well: these tests run one after the other.
func owned(t testing.TB, fd int) int {
	t.Helper()
	must(t, unix.SetNonblock(fd, true))
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func closeNow(t testing.TB, fd int) {
	t.Helper()
	must(t, unix.Close(fd))
}

func write(t testing.TB, fd int, text string) {
	t.Helper()
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// read returns what is there now.
func read(t testing.TB, fd int) string {
	t.Helper()
	buf := make([]byte, 64)
	n, err := unix.Read(fd, buf)
	if err != nil && err != unix.EAGAIN {
		t.Fatal(err)
	}
	return string(buf[:max(n, 0)])
}
