//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// onEachPoller runs a test on all that this system has.
func onEachPoller(t *testing.T, test func(t *testing.T, l *loop.Loop)) {
	for _, name := range loop.Pollers() {
		t.Run(name, func(t *testing.T) {
			test(t, openLoop(t, loop.Options{Poller: openPoller(t, name)}))
		})
	}
}

// firstEvent runs the loop until fd is ready, and returns for what.
func firstEvent(t *testing.T, l *loop.Loop, fd int, want loop.Events) (got loop.Events) {
	t.Helper()
	must(t, l.AddHandler(fd, want, func(_ int, ready loop.Events) {
		got = ready
		l.Stop()
	}))
	must(t, l.Run())
	must(t, l.RemoveHandler(fd))
	return got
}

// turns runs the loop for n turns that do not wait.
func turns(t *testing.T, l *loop.Loop, n int) {
	t.Helper()
	var again func()
	again = func() {
		if n--; n < 0 {
			l.Stop()
		} else {
			l.AddCallback(again)
		}
	}
	l.AddCallback(again)
	must(t, l.Run())
}

func wantBits(t *testing.T, got, want loop.Events) {
	t.Helper()
	if got != want {
		t.Errorf("got %#03x (%v); want %#03x (%v)", uint32(got), got, uint32(want), want)
	}
}

// skipNone skips what kqueue cannot do: see "Systems" in the package comment.
func skipNone(t *testing.T) {
	t.Helper()
	if loop.Pollers()[0] == "kqueue" {
		t.Skip("kqueue reports nothing, not even errors, if nothing is asked for")
	}
}

func TestTrace12_NonePeerOfSocketpairCloses(t *testing.T) {
	skipNone(t)
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		a, b := openPair(t)
		closeNow(t, b)
		wantBits(t, firstEvent(t, l, a, loop.None), 0x10)
	})
}

func TestTrace13_WriteConnectRefused(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		listener := listenTCP(t)
		addr, err := unix.Getsockname(listener)
		must(t, err)
		closeNow(t, listener)
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, err)
		owned(t, fd)
		if err := unix.Connect(fd, addr); err != unix.EINPROGRESS && err != unix.ECONNREFUSED {
			t.Fatalf("connect: got %v; want EINPROGRESS", err)
		}
		wantBits(t, firstEvent(t, l, fd, loop.Write), 0x1c)
		if soError, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || unix.Errno(soError) != unix.ECONNREFUSED {
			t.Errorf("SO_ERROR: got %v, %v; want ECONNREFUSED", unix.Errno(soError), err)
		}
	})
}

func TestTrace14_ReadPeerSendsFIN(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		a, b := openTCP(t)
		must(t, unix.Shutdown(b, unix.SHUT_WR))
		wantBits(t, firstEvent(t, l, a, loop.Read), 0x01)
	})
}

func TestTrace15_NonePeerSendsFIN(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		a, b := openTCP(t)
		must(t, unix.Shutdown(b, unix.SHUT_WR))
		must(t, l.AddHandler(a, loop.None, func(_ int, ready loop.Events) {
			t.Errorf("got %v; want nothing", ready)
		}))
		turns(t, l, 100)
	})
}

func TestTrace16_ReadPeerResets(t *testing.T) {
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		a, b := openTCP(t)
		reset(t, b)
		wantBits(t, firstEvent(t, l, a, loop.Read), 0x19)
	})
}

func TestTrace17_NonePeerResets(t *testing.T) {
	skipNone(t)
	onEachPoller(t, func(t *testing.T, l *loop.Loop) {
		a, b := openTCP(t)
		reset(t, b)
		wantBits(t, firstEvent(t, l, a, loop.None), 0x18)
	})
}
