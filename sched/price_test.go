package sched_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// The benchmarks of this file have no kernel and no server: what they measure
// is what the engine itself adds to a request. The tour quotes them.

// instant is both sides of the seam. A connect has ended as soon as it has
// begun, and a request is answered as soon as it is written.
type instant struct {
	kernel.Kernel // nil: nothing else is asked for
	socks         []sock
	ready         []int // sockets with something to report, perhaps
}

type sock struct {
	gen      uint32
	want     loop.Events
	answered bool
}

func (k *instant) Connect(netip.AddrPort) (int, error) {
	k.socks = append(k.socks, sock{})
	k.ready = append(k.ready, len(k.socks)-1)
	return len(k.socks) - 1, nil
}
func (k *instant) ConnectError(int) error  { return nil }
func (k *instant) Close(int) error         { return nil }
func (k *instant) Computers() int          { return 1 }
func (k *instant) Shutdown()               {}
func (k *instant) Uint64() uint64          { return 0 }
func (k *instant) Descriptors() (int, int) { return 1 << 20, 0 }

func (k *instant) Write(fd int, p []byte) (int, error) {
	k.socks[fd].answered = true
	k.ready = append(k.ready, fd)
	return len(p), nil
}

func (k *instant) Read(fd int, p []byte) (int, error) {
	if !k.socks[fd].answered {
		return 0, kernel.ErrWouldBlock
	}
	k.socks[fd].answered = false
	return copy(p, echoed), nil
}

// events is instant as a Poller: the two interfaces have a Close each.
type events struct{ *instant }

func (k events) Add(fd int, gen uint32, want loop.Events) error {
	k.socks[fd].gen, k.socks[fd].want = gen, want
	return nil
}

func (k events) Modify(fd int, gen uint32, want loop.Events) error { return k.Add(fd, gen, want) }
func (k events) Remove(int) error                                  { return nil }
func (k events) Wake() error                                       { return nil }
func (k events) Close() error                                      { return nil }

func (k events) Wait(dst []loop.Event, _ time.Duration) (n int, err error) {
	for _, fd := range k.ready[:min(len(k.ready), len(dst))] {
		s := &k.socks[fd]
		ready := loop.Write
		if s.answered {
			ready |= loop.Read
		}
		dst[n] = loop.Event{FD: fd, Gen: s.gen, Ready: ready & s.want}
		n++
	}
	k.ready = k.ready[:copy(k.ready, k.ready[n:])]
	return n, nil
}

// One op is a warm request: from one readback to the next, the turn, the pool,
// the encoding, the deadlines and the parsing included.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct {
		name   string
		chains int
	}{{"chains=1", 1}, {"chains=64", 64}, {"chains=10000", 10000}} {
		b.Run(c.name, func(b *testing.B) {
			k := &instant{}
			l, err := loop.New(loop.Options{Poller: events{k}})
			if err != nil {
				b.Fatal(err)
			}
			s := sched.New(l, sched.Options{Kernel: k})
			req := sched.Get("http://127.0.0.1/")
			left, more := 10*c.chains, true // the first ones connect
			var read sched.Readback
			read = func(resp *sched.Response, err error) sched.Next {
				if err != nil {
					if !errors.Is(err, sched.ErrClosed) {
						b.Error(err)
						l.Stop()
					}
					return sched.Next{}
				}
				if left--; left < 0 && more {
					if more = b.Loop(); !more {
						l.Stop()
					}
				}
				return sched.Next{Request: req, Readback: read}
			}
			b.ReportAllocs()
			for range c.chains {
				s.Add(req, read)
			}
			if err := l.Run(); err != nil {
				b.Fatal(err)
			}
			s.Close()
			l.Close()
		})
	}
}

// The baseline: net/http over a connection that answers in the same way, which
// for a client that blocks means that another goroutine reads.
func BenchmarkExchangeNetHTTP(b *testing.B) {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			theirs.Close()
			return &memory{Conn: ours, answers: make(chan []byte, 1)}, nil
		},
	}}
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Get("http://127.0.0.1/")
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != 5 || err != nil {
			b.Fatal(n, err)
		}
		resp.Body.Close()
	}
	client.CloseIdleConnections()
}

// memory is a net.Conn that answers each write.
type memory struct {
	net.Conn
	answers chan []byte
	rest    []byte
}

func (m *memory) Write(p []byte) (int, error) {
	m.answers <- echoed
	return len(p), nil
}

func (m *memory) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		answer, ok := <-m.answers
		if !ok {
			return 0, io.EOF
		}
		m.rest = answer
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func (m *memory) Close() error {
	close(m.answers)
	return m.Conn.Close()
}
