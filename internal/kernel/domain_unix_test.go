//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package kernel

import (
	"errors"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// listenUnix listens at path with that backlog, and accepts nobody.
func listenUnix(t *testing.T, path string, backlog int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		t.Fatal(err)
	}
}

func TestConnectUnixFlags(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listenUnix(t, path, 1)
	s := New(Options{})
	fd, err := s.ConnectUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(fd)
	wait(t, fd, unix.POLLOUT)
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("got flags %#x, %v; want O_NONBLOCK", flags, err)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("got flags %#x, %v; want FD_CLOEXEC", flags, err)
	}
}

// Nobody tells when there is room again in a backlog, so it must not look like
// a connect that is under way.
func TestConnectUnixBusy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a full backlog from a refusal")
	}
	path := filepath.Join(t.TempDir(), "s")
	listenUnix(t, path, 0)
	s := New(Options{})
	_, before := s.Descriptors()
	open := 0
	for ; open < 100; open++ {
		fd, err := s.ConnectUnix(path)
		if err == ErrWouldBlock && fd == -1 {
			break
		}
		if err != nil {
			t.Fatalf("connection %d: got %v; want none or %v", open, err, ErrWouldBlock)
		}
		defer s.Close(fd)
	}
	if open == 0 || open == 100 {
		t.Errorf("%d connections were made; want some, and then %v", open, ErrWouldBlock)
	}
	if _, after := s.Descriptors(); before >= 0 && after != before+open {
		t.Errorf("%d descriptors for %d connections", after-before, open)
	}
}

func TestConnectUnixFails(t *testing.T) {
	s := New(Options{})
	long := "/" + strings.Repeat("x", 200)
	for _, tt := range []struct {
		path string
		want error
		text string
	}{
		{"/there/is/no/such.sock", syscall.ENOENT, "no such file or directory"},
		{filepath.Join(t.TempDir()), syscall.ECONNREFUSED, "connection refused"},
		{long, syscall.ENAMETOOLONG, "the path has 201 bytes, and the address of a socket at most "},
	} {
		_, before := s.Descriptors()
		fd, err := s.ConnectUnix(tt.path)
		if fd != -1 || !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), tt.text) {
			t.Errorf("%.30s: got fd %d, %v; want %s", tt.path, fd, err, tt.text)
		}
		if _, after := s.Descriptors(); after != before {
			t.Errorf("%.30s: %d descriptors are left open", tt.path, after-before)
		}
	}
}

// Names in the abstract namespace, and paths of every length that fits.
func TestConnectUnixNames(t *testing.T) {
	s := New(Options{})
	dir := t.TempDir()
	longest := filepath.Join(dir, strings.Repeat("x", len(unix.RawSockaddrUnix{}.Path)-2-len(dir)))
	paths := []string{filepath.Join(dir, "s"), filepath.Join(dir, "@"), longest}
	if runtime.GOOS == "linux" {
		paths = append(paths, "@qqloop-kernel-test", "@qqloop/"+strings.Repeat("y", len(longest)-8))
	}
	for _, path := range paths {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		fd, err := s.ConnectUnix(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else {
			s.Close(fd)
		}
		l.Close()
	}
}
