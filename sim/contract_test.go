package sim_test

import (
	"errors"
	"io"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
)

// contract is what both sides must do to the letter. The masks are epoll's:
// rows 12 to 17 of the traces that were measured on Tornado, and more.
var contract = []struct {
	name string
	run  func(h *harness)
}{
	{"connect", func(h *harness) {
		h.dial(h.side.address())
		h.ready(loop.Write, 0x4)
		h.connectError(nil)
	}},
	{"connect refused", func(h *harness) {
		h.dial(h.side.nobody())
		h.ready(loop.Write, 0x1c)
		h.ready(loop.Read|loop.Write, 0x1d)
		h.ready(loop.None, 0x18)
		h.connectError(syscall.ECONNREFUSED)
		h.connectError(nil)
		h.ready(loop.Write, 0x14)
		h.read("", io.EOF)
		h.write(1, syscall.EPIPE)
	}},
	{"refused, and read", func(h *harness) {
		h.dial(h.side.nobody())
		h.ready(loop.Write, 0x1c)
		h.read("", syscall.ECONNREFUSED)
		h.read("", io.EOF)
	}},
	{"nothing to read", func(h *harness) {
		h.open()
		h.read("", kernel.ErrWouldBlock)
		h.quiet(loop.Read)
		h.ready(loop.Read|loop.Write, 0x4)
	}},
	{"bytes", func(h *harness) {
		s := h.open()
		s.write([]byte("hello"))
		h.ready(loop.Read, 0x1)
		h.ready(loop.Read|loop.Write, 0x5)
		h.ready(loop.Read, 0x1) // level-triggered
		h.quiet(loop.None)
		h.read("hello", nil)
		h.read("", kernel.ErrWouldBlock)
		h.quiet(loop.Read)
	}},
	{"echo", func(h *harness) {
		s := h.open()
		h.write(4, nil)
		s.expect(4, nil)
		s.write([]byte("pong"))
		h.ready(loop.Read, 0x1)
		h.read("pong", nil)
	}},
	{"FIN", func(h *harness) {
		s := h.open()
		s.closeWrite()
		h.ready(loop.Read, 0x1)
		h.quiet(loop.None)
		h.ready(loop.Write, 0x4)
		h.read("", io.EOF)
		h.read("", io.EOF)
		h.ready(loop.Read, 0x1)
	}},
	{"bytes, then FIN", func(h *harness) {
		s := h.open()
		s.write([]byte("bye"))
		s.closeWrite()
		h.ready(loop.Read, 0x1)
		h.read("bye", nil)
		h.ready(loop.Read, 0x1)
		h.read("", io.EOF)
	}},
	{"half close", func(h *harness) {
		s := h.open()
		s.closeWrite()
		h.ready(loop.Read, 0x1)
		h.read("", io.EOF)
		h.write(6, nil)
		s.expect(6, nil)
		h.close()
		s.expect(0, io.EOF)
	}},
	{"shutdown, and the peer goes on", func(h *harness) {
		s := h.open()
		h.write(4, nil)
		h.closeWrite(nil)
		h.closeWrite(nil)
		s.expect(4, io.EOF)
		h.ready(loop.Write, 0x4)
		h.write(1, syscall.EPIPE)
		s.write([]byte("bye"))
		h.ready(loop.Read, 0x1)
		h.quiet(loop.None)
		h.read("bye", nil)
		s.closeWrite()
		h.ready(loop.Read, 0x11)
		h.ready(loop.None, 0x10)
		h.read("", io.EOF)
		h.ready(loop.None, 0x10)
	}},
	{"FIN, then shutdown", func(h *harness) {
		s := h.open()
		s.closeWrite()
		h.ready(loop.Read, 0x1)
		h.closeWrite(nil)
		h.ready(loop.None, 0x10)
		s.expect(0, io.EOF)
		h.read("", io.EOF)
	}},
	{"RST, then shutdown", func(h *harness) {
		s := h.open()
		s.reset()
		h.ready(loop.None, 0x18)
		h.closeWrite(syscall.ENOTCONN)
		h.read("", syscall.ECONNRESET)
	}},
	{"RST, read asked", func(h *harness) {
		s := h.open()
		s.reset()
		h.ready(loop.Read, 0x19)
		h.ready(loop.Read|loop.Write, 0x1d)
		h.read("", syscall.ECONNRESET)
		h.ready(loop.Read, 0x11)
		h.ready(loop.None, 0x10)
		h.read("", io.EOF)
		h.write(1, syscall.EPIPE)
	}},
	{"RST, nothing asked", func(h *harness) {
		s := h.open()
		h.quiet(loop.None)
		s.reset()
		h.ready(loop.None, 0x18)
		h.connectError(syscall.ECONNRESET)
		h.ready(loop.None, 0x10)
	}},
	{"RST, then write", func(h *harness) {
		s := h.open()
		s.reset()
		h.ready(loop.None, 0x18)
		h.write(1, syscall.ECONNRESET)
		h.write(1, syscall.EPIPE)
		h.read("", io.EOF)
	}},
	{"bytes, then RST", func(h *harness) {
		s := h.open()
		s.write([]byte("last words"))
		h.ready(loop.Read, 0x1)
		s.reset()
		h.ready(loop.None, 0x18)
		h.read("last words", nil)
		h.read("", syscall.ECONNRESET)
	}},
	{"write to a closed peer", func(h *harness) {
		s := h.open()
		s.close()
		h.ready(loop.Read, 0x1)
		h.write(3, nil) // answered with an RST
		h.ready(loop.None, 0x18)
		h.ready(loop.Read, 0x19)
		h.read("", io.EOF) // the FIN came first
		h.write(1, syscall.EPIPE)
		h.write(1, syscall.EPIPE)
	}},
	{"peer closes with bytes unread", func(h *harness) {
		s := h.open()
		h.write(3, nil)
		h.settle()
		s.close()
		h.ready(loop.Read, 0x19)
		h.read("", syscall.ECONNRESET)
	}},
	{"window", func(h *harness) {
		s := h.open()
		n := h.fill()
		h.quiet(loop.Write)
		s.expect(n, nil)
		h.ready(loop.Write, 0x4)
		h.write(1, nil)
		s.expect(1, nil)
	}},
	{"close", func(h *harness) {
		s := h.open()
		h.close()
		s.expect(0, io.EOF)
	}},
	{"close with bytes unread", func(h *harness) {
		s := h.open()
		s.write([]byte("unread"))
		h.ready(loop.Read, 0x1)
		h.close()
		s.expect(0, syscall.ECONNRESET)
	}},
	{"empty calls", func(h *harness) {
		h.open()
		if n, err := h.side.kernel().Read(h.fd, nil); n != 0 || err != nil {
			h.Errorf("read into nothing: got %d, %v; want 0, nil", n, err)
		}
		if n, err := h.side.kernel().Write(h.fd, nil); n != 0 || err != nil {
			h.Errorf("write of nothing: got %d, %v; want 0, nil", n, err)
		}
	}},
	{"not open", func(h *harness) {
		const never = 1 << 20
		k := h.side.kernel()
		_, readErr := k.Read(never, make([]byte, 1))
		_, writeErr := k.Write(never, make([]byte, 1))
		for op, err := range map[string]error{
			"read": readErr, "write": writeErr,
			"close": k.Close(never), "getsockopt": k.ConnectError(never), "shutdown": k.CloseWrite(never),
			"add":    h.side.poller().Add(never, 1, loop.Read),
			"modify": h.side.poller().Modify(never, 1, loop.Read),
			"remove": h.side.poller().Remove(never),
		} {
			if !errors.Is(err, syscall.EBADF) {
				h.Errorf("%s: got %v; want %v", op, err, syscall.EBADF)
			}
		}
	}},
	{"registrations", func(h *harness) {
		h.open()
		p := h.side.poller()
		if err := p.Add(h.fd, 2, loop.Read); !errors.Is(err, syscall.EEXIST) {
			h.Errorf("second add: got %v; want %v", err, syscall.EEXIST)
		}
		if err := p.Remove(h.fd); err != nil {
			h.Error(err)
		}
		if err := p.Remove(h.fd); !errors.Is(err, syscall.ENOENT) {
			h.Errorf("second remove: got %v; want %v", err, syscall.ENOENT)
		}
		if err := p.Modify(h.fd, 1, loop.Read); !errors.Is(err, syscall.ENOENT) {
			h.Errorf("modify: got %v; want %v", err, syscall.ENOENT)
		}
		if err := p.Add(h.fd, h.gen, loop.None); err != nil {
			h.Error(err)
		}
		h.ready(loop.Write, 0x4)
	}},
	{"wake", func(h *harness) {
		p := h.side.poller()
		for range 3 {
			p.Wake()
		}
		if n, err := p.Wait(make([]loop.Event, 1), -1); n != 0 || err != nil {
			h.Errorf("got %d, %v; want 0, nil", n, err)
		}
	}},
	{"Unix, nobody there", func(h *harness) {
		h.noUnix("/there/is/no/such.sock", syscall.ENOENT)
		h.noUnix("@there is no such name", syscall.ECONNREFUSED)
		h.noUnix(h.side.left(), syscall.ECONNREFUSED)
	}},
	{"Unix, bytes", func(h *harness) {
		s := h.openUnix()
		h.write(4, nil)
		s.expect(4, nil)
		s.write([]byte("pong"))
		h.ready(loop.Read, 0x1)
		h.read("pong", nil)
		h.read("", kernel.ErrWouldBlock)
		h.close()
		s.expect(0, io.EOF)
	}},
	{"Unix, half closed", func(h *harness) {
		s := h.openUnix()
		s.closeWrite()
		h.ready(loop.Read, 0x1)
		h.quiet(loop.None)
		h.read("", io.EOF)
		h.write(6, nil)
		s.expect(6, nil)
	}},
	{"Unix, closed", func(h *harness) {
		s := h.openUnix()
		s.write([]byte("bye"))
		s.close()
		h.ready(loop.Read, 0x11)
		h.ready(loop.None, 0x10)
		h.read("bye", nil)
		h.read("", io.EOF)
		h.write(1, syscall.EPIPE)
	}},
	{"Unix, closed with bytes unread", func(h *harness) {
		s := h.openUnix()
		h.write(3, nil)
		h.settle()
		s.close()
		h.ready(loop.Read, 0x19)
		h.read("", syscall.ECONNRESET)
		h.read("", io.EOF)
	}},
	{"the zero address", func(h *harness) {
		if fd, err := h.side.kernel().Connect(netip.AddrPort{}); !errors.Is(err, syscall.EAFNOSUPPORT) {
			h.Errorf("got fd %d, %v; want %v", fd, err, syscall.EAFNOSUPPORT)
		}
	}},
}

func TestContract(t *testing.T) {
	for _, tt := range contract {
		t.Run("sim/"+tt.name, func(t *testing.T) {
			s := newSimSide(t)
			h := &harness{T: t, side: s, fd: -1}
			tt.run(h)
			h.close()
			if got := s.w.Open(); got != 0 {
				t.Errorf("got %d sockets open at the end; want 0", got)
			}
		})
		t.Run("real/"+tt.name, func(t *testing.T) {
			if runtime.GOOS != "linux" {
				t.Skip("the masks are those of Linux; kqueue reports less")
			}
			h := &harness{T: t, side: newRealSide(t), fd: -1}
			tt.run(h)
			h.close()
		})
	}
}
