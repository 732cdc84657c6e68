package sim_test

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// ten is a reply of ten bytes, sent when the request has come, and then a FIN.
const ten = "0123456789"

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sim.Fault
		got   string
		end   error
		at    time.Duration
		peer  error // what OnClose heard
	}{
		{"none", sim.Fault{}, ten, io.EOF, 4 * ms, nil},
		{"refused", sim.Fault{Refuse: syscall.ECONNREFUSED}, "", syscall.ECONNREFUSED, 2 * ms, nil},
		{"unreachable", sim.Fault{Refuse: syscall.EHOSTUNREACH}, "", syscall.EHOSTUNREACH, 2 * ms, nil},
		{"silent", sim.Fault{Silent: true}, "", syscall.ETIMEDOUT, 127 * time.Second, nil},
		{"slow", sim.Fault{Latency: 5 * ms}, ten, io.EOF, 16 * ms, nil},

		{"down by FIN at 0", sim.Fault{Down: sim.Cut{By: sim.FIN}}, "", io.EOF, 4 * ms, syscall.ECONNRESET},
		{"down by FIN at 4", sim.Fault{Down: sim.Cut{By: sim.FIN, At: 4}}, "0123", io.EOF, 4 * ms, syscall.ECONNRESET},
		{"down by FIN at 10", sim.Fault{Down: sim.Cut{By: sim.FIN, At: 10}}, ten, io.EOF, 4 * ms, nil},
		{"down by RST at 0", sim.Fault{Down: sim.Cut{By: sim.Reset}}, "", syscall.ECONNRESET, 4 * ms, syscall.ECONNRESET},
		{"down by RST at 4", sim.Fault{Down: sim.Cut{By: sim.Reset, At: 4}}, "0123", syscall.ECONNRESET, 4 * ms, syscall.ECONNRESET},
		{"down by silence at 4", sim.Fault{Down: sim.Cut{By: sim.Silence, At: 4}}, "0123", nil, 0, nil},

		{"up by FIN at 0", sim.Fault{Up: sim.Cut{By: sim.FIN}}, "", io.EOF, 4 * ms, syscall.ECONNRESET},
		{"up by FIN at 2", sim.Fault{Up: sim.Cut{By: sim.FIN, At: 2}}, "", io.EOF, 4 * ms, syscall.ECONNRESET},
		{"up by RST at 2", sim.Fault{Up: sim.Cut{By: sim.Reset, At: 2}}, "", syscall.ECONNRESET, 4 * ms, syscall.ECONNRESET},
		{"up by silence at 2", sim.Fault{Up: sim.Cut{By: sim.Silence, At: 2}}, "", nil, 0, nil},
		{"up at the end of the request", sim.Fault{Up: sim.Cut{By: sim.Reset, At: 7}}, ten, io.EOF, 4 * ms, nil},

		{"short reads", sim.Fault{ShortRead: 1}, ten, io.EOF, 4 * ms, nil},
		{"short writes", sim.Fault{ShortWrite: 1}, ten, io.EOF, 4 * ms, nil},
		{"spurious", sim.Fault{Spurious: true}, ten, io.EOF, 4 * ms, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t, sim.Options{})
			var heard error
			l := p.w.Listen(server1, func(peer *sim.Peer) {
				var got strings.Builder
				peer.OnData = func(b []byte) {
					if got.Write(b); got.String() != "request" {
						return
					}
					peer.Write([]byte(ten))
					if !peer.Closed() { // the cut has not fallen: it has something to close
						peer.Close()
					}
				}
				peer.OnClose = func(err error) { heard = err }
			})
			l.Fault(1, tt.fault)
			c := p.dial(server1, "request")
			p.run()
			c.want(tt.got, tt.end, tt.at)
			if heard != tt.peer {
				t.Errorf("the peer heard %v; want %v", heard, tt.peer)
			}

			// A fault is one connection's.
			c = p.dial(server1, "request")
			at := p.w.Now() + 4*ms
			p.run()
			c.want(ten, io.EOF, at)
		})
	}
}

// These faults change no outcome, so they must show on the way there.
func TestFaultsShowInTheReads(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sim.Fault
		want  string
		sent  int // calls of Write
	}{
		{"none", sim.Fault{}, "7ms 10 bytes\n", 1},
		{"short reads", sim.Fault{ShortRead: 4}, "7ms 4 bytes\n7ms 4 bytes\n7ms 2 bytes\n", 1},
		{"short writes", sim.Fault{ShortWrite: 4}, "7ms 10 bytes\n", 2},
		{"spurious", sim.Fault{Spurious: true}, "4ms nothing\n7ms 10 bytes\n", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t, sim.Options{})
			p.w.Listen(server1, func(peer *sim.Peer) {
				got := 0
				peer.OnData = func(b []byte) {
					if got += len(b); got == 7 {
						p.w.After(3*ms, func() { peer.Write([]byte(ten)); peer.Close() })
					}
				}
			}).Fault(1, tt.fault)
			sent := 0
			p.w.Trace(func(_ time.Duration, line string) {
				if strings.Contains(line, " wrote ") {
					sent++
				}
			})
			c := p.dial(server1, "request")
			p.run()
			c.want(ten, io.EOF, 7*ms)
			if got := c.log.String(); got != tt.want || sent != tt.sent {
				t.Errorf("got reads %q, %d writes; want %q, %d", got, sent, tt.want, tt.sent)
			}
		})
	}
}

func TestFaultForAllOthers(t *testing.T) {
	p := newProgram(t, sim.Options{})
	l := p.w.Listen(server1, reply("ok"))
	l.Fault(0, sim.Fault{Refuse: syscall.ECONNREFUSED})
	l.Fault(2, sim.Fault{})
	var clients []*client
	for range 3 {
		clients = append(clients, p.dial(server1, "?"))
	}
	p.run()
	clients[0].want("", syscall.ECONNREFUSED, 2*ms)
	clients[1].want("ok", io.EOF, 4*ms)
	clients[2].want("", syscall.ECONNREFUSED, 2*ms)
	if got := l.Accepted(); got != 3 {
		t.Errorf("got %d connections; want 3", got)
	}
}

func TestFailConnects(t *testing.T) {
	p := newProgram(t, sim.Options{})
	p.w.Listen(server1, reply("ok"))
	p.w.FailConnects(2, syscall.ENFILE)
	for i, want := range []error{syscall.ENFILE, syscall.ENFILE, io.EOF} {
		c := p.dial(server1, "?")
		p.run()
		if c.end != want {
			t.Errorf("connect %d: got %v; want %v", i, c.end, want)
		}
	}
}

// Each probability does what it says, and nothing else.
func TestProfile(t *testing.T) {
	const many = 300
	for _, tt := range []struct {
		name    string
		profile sim.Profile
		want    []error // which endings there are
	}{
		{"fair", sim.Profile{}, []error{io.EOF}},
		{"refuse", sim.Profile{Refuse: .5}, []error{io.EOF, syscall.ECONNREFUSED}},
		{"silent", sim.Profile{Silent: .5}, []error{io.EOF, syscall.ETIMEDOUT}},
		{"no descriptor", sim.Profile{NoDescriptor: .5}, []error{io.EOF, syscall.EMFILE}},
		{"cut somewhere", sim.Profile{Cut: 1, CutWithin: 20}, []error{io.EOF, syscall.ECONNRESET, nil}},
		{"cut within the default", sim.Profile{Cut: 1}, []error{io.EOF}},
		{"interrupt", sim.Profile{Interrupt: .9}, []error{io.EOF}},
		{"shuffle", sim.Profile{Shuffle: .5}, []error{io.EOF}},
		{"stale", sim.Profile{Stale: 1}, []error{io.EOF}},
		{"cut at once", sim.Profile{Cut: 1, CutWithin: 7}, []error{io.EOF, syscall.ECONNRESET, nil}},
		{"short", sim.Profile{Short: 1}, []error{io.EOF}},
		{"spurious", sim.Profile{Spurious: 1}, []error{io.EOF}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t, sim.Options{Seed: 1})
			p.w.Listen(server1, func(peer *sim.Peer) {
				got := 0
				peer.OnData = func(b []byte) {
					if got += len(b); got == 7 {
						peer.Write([]byte(ten))
						peer.Close()
					}
				}
			})
			p.w.Faults(tt.profile)
			var clients []*client
			for range many {
				clients = append(clients, p.dial(server1, "request"))
			}
			p.run()
			ends := make(map[error]int)
			for _, c := range clients {
				ends[c.end]++
			}
			for _, want := range tt.want {
				if ends[want] < many/10 {
					t.Errorf("got %d times %v; want more", ends[want], want)
				}
				delete(ends, want)
			}
			if len(ends) > 0 {
				t.Errorf("got %v; want none of these", ends)
			}
		})
	}
}
