package sim_test

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

func TestEcho(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, echo)
	c := p.dial(server1, "hello")
	p.w.After(10*ms, func() { c.send(", world") })
	p.run()
	c.want("hello, world", nil, 0)
	if got, want := c.log.String(), "4ms 5 bytes\n12ms 7 bytes\n"; got != want {
		t.Errorf("got reads %q; want %q", got, want)
	}
	if l.Open() != 1 || p.w.Open() != 1 {
		t.Errorf("got %d open at the server, %d at the program; want 1 and 1", l.Open(), p.w.Open())
	}
	c.close(nil)
	p.run()
	if l.Open() != 0 || p.w.Open() != 0 {
		t.Errorf("got %d open at the server, %d at the program; want none", l.Open(), p.w.Open())
	}
	want := sim.Stats{Connects: 1, Established: 1, Sent: 12, Received: 12, MaxOpen: 1}
	got := p.w.Stats()
	got.Waits, got.Ready, got.Events = 0, 0, 0
	if got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

// Jitter mixes connections, never the bytes of one.
func TestJitterKeepsOrder(t *testing.T) {
	p := newProgram(t, sim.Options{Jitter: 20 * ms})
	p.w.Listen(server1, echo)
	c := p.dial(server1, "")
	var want strings.Builder
	for i := range 100 {
		fmt.Fprintf(&want, "%d ", i)
		p.w.After(50*ms+time.Duration(i)*ms, func() { c.send(fmt.Sprintf("%d ", i)) })
	}
	p.run()
	c.want(want.String(), nil, 0)
}

func TestDrip(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, func(peer *sim.Peer) {
		b := []byte("abc")
		peer.Drip(b, 10*ms)
		copy(b, "its") // the peer has copied it
		peer.Write([]byte("rest"))
		peer.Close()
	})
	for at, want := range map[time.Duration]int{20 * ms: 1, 34 * ms: 0} {
		p.w.After(at, func() {
			if got := l.Open(); got != want {
				t.Errorf("at %v: got %d open; want %d: it is open until the FIN goes", at, got, want)
			}
		})
	}
	c := p.dial(server1, "")
	p.run()
	c.want("abcrest", io.EOF, 34*ms)
	if got, want := c.log.String(), "4ms 1 bytes\n14ms 1 bytes\n24ms 1 bytes\n34ms 4 bytes\n"; got != want {
		t.Errorf("got reads %q; want %q", got, want)
	}
}

// A program that does not read stops the server, and the other way about.
func TestWindow(t *testing.T) {
	const window = 1000
	sent := bytes.Repeat([]byte("0123456789"), window) // ten windows
	t.Run("down", func(t *testing.T) {
		p := newProgram(t, sim.Options{Window: window})
		p.w.Listen(server1, func(peer *sim.Peer) { peer.Write(sent); peer.Close() })
		c := p.dial(server1, "")
		c.idle = true
		p.w.After(time.Second, func() {
			c.idle = false
			c.flush() // asks for READ
		})
		p.run()
		c.want(string(sent), io.EOF, time.Second+9*2*ms)
		if got, want := strings.Count(c.log.String(), " 1000 bytes\n"), 10; got != want {
			t.Errorf("got %d reads of a window; want %d", got, want)
		}
	})
	t.Run("up", func(t *testing.T) {
		p := newProgram(t, sim.Options{Window: window})
		var got []byte
		p.w.Listen(server1, func(peer *sim.Peer) {
			peer.Pause(true)
			peer.OnData = func(b []byte) { got = append(got, b...) }
			p.w.After(time.Second, func() { peer.Pause(false) })
		})
		c := p.dial(server1, string(sent))
		p.w.After(500*ms, func() {
			if left := len(c.out); left != 9*window || len(got) != 0 {
				t.Errorf("paused: got %d bytes unwritten, %d read; want %d, 0", left, len(got), 9*window)
			}
		})
		p.run()
		if !bytes.Equal(got, sent) {
			t.Errorf("got %d bytes; want the %d that were sent", len(got), len(sent))
		}
	})
}

// A paused peer hears of the end only when it has read what came before.
func TestPauseHoldsTheEndBack(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var heard []string
	p.w.Listen(server1, func(peer *sim.Peer) {
		peer.Pause(true)
		peer.OnData = func(b []byte) { heard = append(heard, fmt.Sprintf("%v %s", p.w.Now(), b)) }
		peer.OnClose = func(err error) { heard = append(heard, fmt.Sprintf("%v %v", p.w.Now(), err)) }
		p.w.After(time.Second, func() { peer.Pause(false) })
	})
	c := p.dial(server1, "last words")
	p.w.After(10*ms, func() { c.close(nil) })
	p.run()
	if want := []string{"1.003s last words", "1.003s EOF"}; !slices.Equal(heard, want) {
		t.Errorf("got %q; want %q", heard, want)
	}
}

func TestHalfClose(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var heard []string
	p.w.Listen(server1, func(peer *sim.Peer) {
		peer.Write([]byte("bye"))
		peer.CloseWrite()
		peer.Write([]byte("lost: after the FIN"))
		peer.OnData = func(b []byte) { heard = append(heard, string(b)) }
		peer.OnClose = func(err error) { heard = append(heard, err.Error()) }
	})
	fd, _ := p.k.Connect(server1)
	p.w.After(10*ms, func() {
		buf := make([]byte, 10)
		n, _ := p.k.Read(fd, buf)
		if _, err := p.k.Read(fd, buf); string(buf[:n]) != "bye" || err != io.EOF {
			t.Errorf("got %q, %v; want %q, %v", buf[:n], err, "bye", io.EOF)
		}
		p.k.Write(fd, []byte("still here"))
		p.k.Close(fd)
	})
	p.run()
	if want := []string{"still here", "EOF"}; !slices.Equal(heard, want) {
		t.Errorf("got %q; want %q", heard, want)
	}
}

func TestCloseWhileConnecting(t *testing.T) {
	p := newProgram(t, sim.Options{})
	accepted := 0
	p.w.Listen(server1, func(*sim.Peer) { accepted++ })
	for _, after := range []time.Duration{0, ms} { // before the SYN arrives, and after
		fd, _ := p.k.Connect(server1)
		p.w.After(after, func() { p.k.Close(fd) })
		p.run()
	}
	if accepted != 0 || p.w.Open() != 0 {
		t.Errorf("got %d accepted, %d open; want none", accepted, p.w.Open())
	}
}

// A program that goes in the middle of a reply stops it, and the peer hears.
func TestCloseWhileReceiving(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var heard []string
	p.w.Listen(server1, func(peer *sim.Peer) {
		peer.Drip(make([]byte, 1000), 10*ms)
		peer.OnClose = func(err error) { heard = append(heard, fmt.Sprint(p.w.Now(), " ", err, " ", peer.Closed())) }
	})
	c := p.dial(server1, "")
	p.w.After(103*ms+ms/2, func() { c.close(nil) }) // a byte is on its way
	p.run()
	if want := []string{"104.5ms EOF true"}; !slices.Equal(heard, want) {
		t.Errorf("got %q; want %q", heard, want)
	}
	if p.w.Now() > time.Second {
		t.Errorf("got the last event at %v; want no dripping into the void", p.w.Now())
	}
}

// What is on its way to a socket that is closed finds nobody.
func TestPacketsAfterClose(t *testing.T) {
	for name, send := range map[string]func(*sim.Peer){
		"bytes": func(peer *sim.Peer) { peer.Write([]byte("late")) },
		"FIN":   (*sim.Peer).Close,
		"RST":   (*sim.Peer).Reset,
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, sim.Options{})
			var trace strings.Builder
			p.w.Trace(func(at time.Duration, line string) { fmt.Fprintln(&trace, at, line) })
			p.w.Listen(server1, func(peer *sim.Peer) { p.w.After(10*ms, func() { send(peer) }) })
			c := p.dial(server1, "")
			p.w.After(13*ms+ms/2, func() { c.close(nil) }) // sent at 13 ms
			p.run()
			wantNothingAfterClose(t, trace.String())
		})
	}
}

// A listener that closes within a handshake resets the connection.
func TestCloseInHandshake(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, func(*sim.Peer) { t.Error("accepted") })
	c := p.dial(server1, "hello")
	p.w.After(2*ms, l.Close)
	p.run()
	c.want("", syscall.ECONNRESET, 4*ms)
	if l.Open() != 0 {
		t.Errorf("got %d open; want none", l.Open())
	}
}

// What is written to a server that a FIN has cut gets an RST, as from one that
// has closed.
func TestWriteAfterCut(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, nil)
	fd, _ := p.k.Connect(server1)
	write := func(want error) func() {
		return func() {
			if _, err := p.k.Write(fd, []byte("x")); err != want {
				t.Errorf("at %v: got %v; want %v", p.w.Now(), err, want)
			}
		}
	}
	p.w.After(10*ms, func() { l.Cut(sim.FIN) })
	p.w.After(20*ms, write(nil))
	p.w.After(20*ms, write(nil)) // before the RST has come
	p.w.After(30*ms, write(syscall.EPIPE))
	p.run()
}

// A paused peer that closes leaves bytes unread, and resumes in vain.
func TestPauseThenClose(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Listen(server1, func(peer *sim.Peer) {
		peer.Pause(true)
		peer.Pause(true)
		peer.OnData = func([]byte) { t.Error("read after Close") }
		p.w.After(10*ms, func() { peer.Pause(false); peer.Close() })
	})
	c := p.dial(server1, "hello")
	p.run()
	c.want("", syscall.ECONNRESET, 14*ms)
}

// A server is killed under its connections, is away, and comes back.
func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		by        sim.End
		cut       error
		at        time.Duration
		peerHears string
	}{
		{sim.FIN, io.EOF, 11 * ms, "connection reset by peer"},
		{sim.Reset, syscall.ECONNRESET, 11 * ms, "connection reset by peer"},
		{sim.Silence, nil, 0, ""},
		{sim.Uncut, nil, 0, ""},
	} {
		t.Run(fmt.Sprint(tt.by), func(t *testing.T) {
			p := newProgram(t, sim.Options{})
			var heard string
			l := p.w.Listen(server1, func(peer *sim.Peer) {
				peer.OnClose = func(err error) { heard = err.Error() }
			})
			old, other := p.dial(server1, ""), p.dial(server1, "")
			var away, back *client
			p.w.After(10*ms, func() { l.Close(); l.Cut(tt.by) })
			p.w.After(20*ms, func() { away = p.dial(server1, "") })
			p.w.After(30*ms, func() {
				p.w.Listen(server1, reply("back"))
				l.Close() // the old one: it must not close the new
				back = p.dial(server1, "?")
			})
			p.run()
			old.want("", tt.cut, tt.at)
			other.want("", tt.cut, tt.at)
			away.want("", syscall.ECONNREFUSED, 22*ms)
			back.want("back", io.EOF, 34*ms)
			if heard != tt.peerHears {
				t.Errorf("the peer heard %q; want %q", heard, tt.peerHears)
			}
		})
	}
}

func TestSilentListener(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, reply("ok"))
	l.Silent(true)
	first := p.dial(server1, "?")
	p.w.After(10*ms, func() { l.Silent(false) })
	p.run()
	first.want("", syscall.ETIMEDOUT, 127*time.Second)
	second := p.dial(server1, "?")
	p.run()
	second.want("ok", io.EOF, 127*time.Second+4*ms)
}

func TestListenTwice(t *testing.T) {
	w := sim.New(sim.Options{})
	w.Listen(server1, nil)
	defer func() {
		if got, want := recover(), "sim: somebody listens on 203.0.113.7:80 already"; got != want {
			t.Errorf("got panic %v; want %q", got, want)
		}
	}()
	w.Listen(server1, nil)
}

func TestAddresses(t *testing.T) {
	p := newProgram(t, sim.Options{})
	var got []string
	p.w.Listen(server1, func(peer *sim.Peer) {
		got = append(got, fmt.Sprint(peer.Local(), " from ", peer.Remote()))
	})
	l := p.w.Listen(netip.MustParseAddrPort("[2001:db8::7]:80"), func(peer *sim.Peer) {
		got = append(got, fmt.Sprint(peer.Local(), " from ", peer.Remote()))
	})
	p.dial(server1, "")
	p.dial(netip.AddrPortFrom(netip.AddrFrom16(server1.Addr().As16()), 80), "") // ::ffff:203.0.113.7
	p.dial(l.Addr(), "")
	p.run()
	want := []string{
		"203.0.113.7:80 from 192.0.2.1:49152",
		"203.0.113.7:80 from 192.0.2.1:49153",
		"[2001:db8::7]:80 from [2001:db8::1]:49154",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Thirty days of a 60 s long poll: 43,200 of them, one connection, and not one
// turn too many.
func TestMonthOfLongPolls(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Listen(server1, func(peer *sim.Peer) {
		peer.OnData = func([]byte) { p.w.After(time.Minute, func() { peer.Write([]byte(ten)) }) }
	})
	fd, err := p.k.Connect(server1)
	if err != nil {
		t.Fatal(err)
	}
	polls := 0
	ask := func() {
		if _, err := p.k.Write(fd, []byte("poll")); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 100)
	p.l.AddHandler(fd, loop.Write, func(int, loop.Events) {
		p.l.RemoveHandler(fd)
		p.l.AddHandler(fd, loop.Read, func(int, loop.Events) {
			if n, err := p.k.Read(fd, buf); n != len(ten) || err != nil {
				t.Fatalf("poll %d: got %d, %v; want %d", polls, n, err, len(ten))
			}
			polls++
			ask()
		})
		ask()
	})
	p.l.CallAt(30*24*time.Hour, p.l.Stop)
	if err := p.l.Run(); err != nil {
		t.Fatal(err)
	}
	if polls != 43_198 { // two packets a poll take 2 ms of each minute
		t.Errorf("got %d polls; want 43,198", polls)
	}
	if waits := p.w.Stats().Waits; waits > uint64(polls)+10 {
		t.Errorf("got %d turns for %d polls; want one each", waits, polls)
	}
}
