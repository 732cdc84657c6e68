package sched_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// nowhere is a kernel and a poller with one socket, whose server has answered
// whatever is written before anybody looks. It costs next to nothing, so that
// what is measured on it is the engine: all but the system calls.
type nowhere struct {
	kernel.Kernel
	answer bool // there is one to read
	now    time.Duration
}

func (*nowhere) Connect(netip.AddrPort) (int, error) { return 3, nil }
func (*nowhere) ConnectError(int) error              { return nil }
func (*nowhere) Close(int) error                     { return nil }
func (*nowhere) Descriptors() (limit, open int)      { return 1000, 0 }
func (*nowhere) Computers() int                      { return 1 }
func (*nowhere) Shutdown()                           {}

func (n *nowhere) Write(_ int, p []byte) (int, error) {
	n.answer = true
	return len(p), nil
}

func (n *nowhere) Read(_ int, p []byte) (int, error) {
	if !n.answer {
		return 0, kernel.ErrWouldBlock
	}
	n.answer = false
	return copy(p, echoed), nil
}

func (n *nowhere) Monotonic() time.Duration {
	n.now += 5 * time.Microsecond
	return n.now
}

func (*nowhere) Wall() time.Time { return time.Time{} }

// nowherePoller says that the socket is ready for whatever it is asked about.
type nowherePoller struct {
	gen  uint32
	want loop.Events
}

func (p *nowherePoller) Add(_ int, gen uint32, want loop.Events) error {
	p.gen, p.want = gen, want
	return nil
}

func (p *nowherePoller) Modify(_ int, _ uint32, want loop.Events) error {
	p.want = want
	return nil
}

func (p *nowherePoller) Wait(dst []loop.Event, _ time.Duration) (int, error) {
	if p.want == loop.None {
		return 0, nil
	}
	dst[0] = loop.Event{FD: 3, Gen: p.gen, Ready: p.want}
	return 1, nil
}

func (p *nowherePoller) Remove(int) error {
	p.want = loop.None
	return nil
}

func (*nowherePoller) Wake() error  { return nil }
func (*nowherePoller) Close() error { return nil }

// One op is one warm request of a chain, without any system call.
func BenchmarkEngine(b *testing.B) {
	n := &nowhere{}
	l, err := loop.New(loop.Options{Poller: &nowherePoller{}, Clock: n})
	if err != nil {
		b.Fatal(err)
	}
	s := sched.New(l, sched.Options{Kernel: n})
	req := sched.Get("http://127.0.0.1/")
	left := b.N
	var read sched.Readback
	read = func(_ *sched.Response, err error) sched.Next {
		if err != nil {
			b.Fatal(err)
		}
		if left--; left <= 0 {
			l.Stop()
			return sched.Next{}
		}
		return sched.Next{Request: req, Readback: read}
	}
	s.Add(req, read)
	b.ReportAllocs()
	if err := l.Run(); err != nil {
		b.Fatal(err)
	}
	s.Close()
	l.Close()
}
