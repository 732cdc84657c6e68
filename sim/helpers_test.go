package sim_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var server1 = netip.MustParseAddrPort("203.0.113.7:80")

// A program is a loop in a world, for tests.
type program struct {
	t testing.TB
	w *sim.World
	l *loop.Loop
	k kernel.Kernel
}

func newProgram(t testing.TB, o sim.Options) *program {
	t.Helper()
	w := sim.New(o)
	l, err := loop.New(w.Loop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &program{t, w, l, w.Kernel()}
}

// run runs until nothing will ever happen again, and expects that the program
// has behaved.
func (p *program) run() {
	p.t.Helper()
	if err := p.l.Run(); !errors.Is(err, sim.ErrNothing) {
		p.t.Fatalf("run: got %v; want %v", err, sim.ErrNothing)
	}
	for _, v := range p.w.Violations() {
		p.t.Errorf("violation: %s", v)
	}
}

// A client is a connection of a program: it connects, sends, and reads to the
// end.
type client struct {
	p    *program
	fd   int
	up   bool
	out  []byte
	got  []byte
	end  error // io.EOF, or what the kernel said
	at   time.Duration
	log  strings.Builder // "5ms 12 bytes" for each read
	idle bool            // reads nothing
	done func()
}

func (p *program) dial(to netip.AddrPort, send string) *client {
	p.t.Helper()
	c := &client{p: p, out: []byte(send)}
	fd, err := p.k.Connect(to)
	if err != nil {
		c.end, c.at = err, p.w.Now()
		return c
	}
	c.fd = fd
	if err := p.l.AddHandler(fd, loop.Write, c.ready); err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (c *client) ready(_ int, ready loop.Events) {
	if !c.up {
		if err := c.p.k.ConnectError(c.fd); err != nil {
			c.close(err)
			return
		}
		c.up = true
	}
	c.flush()
	if ready.Has(loop.Read|loop.Error) && !c.idle && c.end == nil {
		c.read()
	}
}

func (c *client) send(s string) {
	c.out = append(c.out, s...)
	c.flush()
}

func (c *client) flush() {
	want := loop.Read
	if c.idle {
		want = loop.None
	}
	if len(c.out) > 0 {
		n, err := c.p.k.Write(c.fd, c.out)
		if err != nil && err != kernel.ErrWouldBlock {
			c.close(err)
			return
		}
		c.out = c.out[n:]
	}
	if len(c.out) > 0 {
		want |= loop.Write
	}
	if err := c.p.l.UpdateHandler(c.fd, want); err != nil {
		c.p.t.Error(err)
	}
}

func (c *client) read() {
	buf := make([]byte, 4096)
	n, err := c.p.k.Read(c.fd, buf)
	switch {
	case err == kernel.ErrWouldBlock:
		fmt.Fprintf(&c.log, "%v nothing\n", c.p.w.Now())
	case err != nil:
		c.close(err)
	default:
		fmt.Fprintf(&c.log, "%v %d bytes\n", c.p.w.Now(), n)
		c.got = append(c.got, buf[:n]...)
	}
}

func (c *client) close(err error) {
	c.end, c.at = err, c.p.w.Now()
	c.p.l.RemoveHandler(c.fd)
	if err := c.p.k.Close(c.fd); err != nil {
		c.p.t.Error(err)
	}
	if c.done != nil {
		c.done()
	}
}

// want expects what was read and how it ended, when.
func (c *client) want(got string, end error, at time.Duration) {
	c.p.t.Helper()
	if string(c.got) != got || c.end != end || c.at != at {
		c.p.t.Errorf("got %q, end %v at %v; want %q, %v at %v", c.got, c.end, c.at, got, end, at)
	}
}

// echo is a server that sends back what it gets, and closes when the program
// does.
func echo(p *sim.Peer) {
	p.OnData = p.Write
	p.OnClose = func(error) { p.Close() }
}

// reply is a server that answers anything with text, and closes.
func reply(text string) func(*sim.Peer) {
	return func(p *sim.Peer) {
		p.OnData = func([]byte) {
			p.Write([]byte(text))
			p.Close()
		}
	}
}

const ms = time.Millisecond
