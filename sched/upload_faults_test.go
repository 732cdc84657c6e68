package sched_test

import (
	"bytes"
	"fmt"
	"io"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A connection that is cut at whatever byte of an upload ends it once, closes
// its body and leaves nothing open; on a kept connection, too, where what is
// replayable and can be read again is sent again.
func TestUploadIsCut(t *testing.T) {
	body := noise(100)
	for _, by := range []sim.End{sim.FIN, sim.Reset, sim.Silence} {
		for _, chunked := range []bool{false, true} {
			for _, window := range []int{64 << 10, 40} {
				t.Run(fmt.Sprintf("end %d, chunked %v, window %d", by, chunked, window), func(t *testing.T) {
					outcomes := map[string]int{}
					for at := int64(0); at < 230; at++ {
						playCut(t, body, by, chunked, window, at, outcomes)
						if t.Failed() {
							t.Fatalf("cut at byte %d", at)
						}
					}
					t.Logf("%v", outcomes)
					if outcomes["200"] == 0 || len(outcomes) < 2 || window < 100 && outcomes["in write"] == 0 {
						t.Errorf("got %v; want requests that were cut, while they were written, too, and some that were not", outcomes)
					}
				})
			}
		}
	}
}

func playCut(t *testing.T, body []byte, by sim.End, chunked bool, window int, at int64, outcomes map[string]int) {
	v := newLife(t, sim.Options{Window: window}, sched.Options{Timeouts: sched.Timeouts{FirstByte: time.Second, Stall: time.Second}})
	executed := 0
	l := v.http(func(x *sim.Exchange) {
		if executed++; !bytes.Equal(x.Body, body) {
			t.Errorf("%d bytes came, and not those that were sent", len(x.Body))
		}
		x.Reply(200, nil, nil)
	})
	l.Fault(1, sim.Fault{Up: sim.Cut{By: by, At: at}, ShortWrite: 7})
	s := &source{}
	u := s.upload(int64(len(body)), func() io.Reader { return iotest.HalfReader(bytes.NewReader(body)) })
	if chunked {
		u.Length = httpwire.Chunked
	}
	o := v.do(put("http://a.example/", u))
	v.untilQuiet()
	if o.calls != 1 || (o.err == nil) != (executed == 1) && by != sim.Silence {
		t.Errorf("the readback was called %d times, with %v; the server executed %d requests", o.calls, o, executed)
	}
	if o.err != nil && o.kind != sched.EmptyReply && o.kind != sched.Reset && !o.err.Timeout() {
		t.Errorf("got %v; want a connection that was lost", o)
	}
	if o.err == nil {
		outcomes["200"]++
	} else {
		outcomes["in "+string(o.phase)]++
	}
	v.wantClosed(s)
	v.close()
}

// A deaf kernel does not take the first write after the request before, as if
// the RST had come a moment ago.
type deaf struct {
	kernel.Kernel
	armed bool
	peer  *sim.Peer
}

func (k *deaf) Write(fd int, p []byte) (int, error) {
	if k.armed {
		k.armed = false
		k.peer.Reset()
		return 0, syscall.ECONNRESET
	}
	return k.Kernel.Write(fd, p)
}

// What was read of a body is not lost with a kept connection that takes nothing:
// even one that can be read only once goes to another connection.
func TestUploadBeginsOnADeadConnection(t *testing.T) {
	for _, c := range []struct {
		size int
		work time.Duration // with much of it the head goes alone
	}{{5, 0}, {5000, 0}, {100_000, 0}, {5, time.Second}} {
		t.Run(fmt.Sprint(c.size, " bytes after ", c.work), func(t *testing.T) {
			size := c.size
			v := newLife(t, sim.Options{}, sched.Options{})
			v.s.Close()
			k := &deaf{Kernel: v.w.Kernel()}
			v.s = sched.New(v.l, sched.Options{Kernel: k})
			v.w.Listen(addr, func(p *sim.Peer) {
				k.peer = p
				sim.HTTP(sendBack)(p)
			})
			first := v.get("http://a.example/")
			v.untilQuiet()
			v.wantBody(first, "")
			k.armed = true
			v.w.WorkTakes(c.work)
			s := &source{}
			u := s.of(int64(size), noise(size))
			u.Once = true
			o := v.do(put("http://a.example/", u))
			v.untilQuiet()
			v.wantBody(o, string(noise(size)))
			if s.opened != 1 || k.armed {
				t.Errorf("opened %d times, armed %v; want once, over a connection that was dead", s.opened, k.armed)
			}
			v.w.WorkTakes(0)
			v.wantClosed(s)
			v.close()
		})
	}
}
