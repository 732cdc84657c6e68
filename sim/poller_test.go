package sim_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

func TestWaitIsExact(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 999, ms + 1, time.Hour, 30 * 24 * time.Hour, 1<<63 - 1} {
		w := sim.New(sim.Options{})
		n, err := w.Loop().Poller.Wait(make([]loop.Event, 1), d)
		if d == 1<<63-1 {
			if !errors.Is(err, sim.ErrNothing) {
				t.Errorf("wait for ever: got %v; want %v", err, sim.ErrNothing)
			}
			continue
		}
		if n != 0 || err != nil || w.Now() != d {
			t.Errorf("got %d, %v after %v; want 0, nil after %v", n, err, w.Now(), d)
		}
	}
}

func TestWaitRunsWhatIsDue(t *testing.T) {
	w := sim.New(sim.Options{})
	p := w.Loop().Poller
	var at []time.Duration
	for _, d := range []time.Duration{3 * ms, ms, 2*ms + 1} {
		w.After(d, func() { at = append(at, w.Now()) })
	}
	p.Wait(nil, 2*ms)
	if want := []time.Duration{ms}; !slices.Equal(at, want) || w.Now() != 2*ms {
		t.Errorf("got events at %v, now %v; want %v, now 2ms", at, w.Now(), want)
	}
	w.Spend(10 * ms) // late for both
	p.Wait(nil, 0)
	if want := []time.Duration{ms, 12 * ms, 12 * ms}; !slices.Equal(at, want) {
		t.Errorf("got events at %v; want %v", at, want)
	}
	if _, err := p.Wait(nil, -1); err != sim.ErrNothing {
		t.Errorf("got %v; want %v", err, sim.ErrNothing)
	}
}

func TestWake(t *testing.T) {
	w := sim.New(sim.Options{})
	p := w.Loop().Poller
	woken := make(chan error)
	go func() { woken <- p.Wake() }()
	if err := <-woken; err != nil {
		t.Fatal(err)
	}
	if n, err := p.Wait(nil, time.Hour); n != 0 || err != nil || w.Now() != 0 {
		t.Errorf("got %d, %v at %v; want an empty return at once", n, err, w.Now())
	}
	w.After(ms, func() { p.Wake() })
	if n, err := p.Wait(nil, time.Hour); n != 0 || err != nil || w.Now() != ms {
		t.Errorf("got %d, %v at %v; want an empty return at 1ms", n, err, w.Now())
	}
	if p.Wait(nil, ms); w.Now() != 2*ms {
		t.Errorf("got now %v; want 2ms: a wake counts once", w.Now())
	}
}

// A small dst must not starve those at the end of the list.
func TestWaitIsFair(t *testing.T) {
	w := sim.New(sim.Options{})
	w.Listen(server1, nil)
	k, p := w.Kernel(), w.Loop().Poller
	for range 5 {
		fd, err := k.Connect(server1)
		if err != nil {
			t.Fatal(err)
		}
		p.Add(fd, uint32(fd), loop.Write)
	}
	var got []int
	dst := make([]loop.Event, 2)
	for range 5 {
		n, err := p.Wait(dst, time.Second)
		if n != 2 || err != nil {
			t.Fatalf("got %d, %v; want 2", n, err)
		}
		got = append(got, dst[0].FD, dst[1].FD)
	}
	if want := []int{3, 4, 5, 6, 7, 3, 4, 5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

// Of a number that is registered anew the one before is told of, once, before
// anything has happened to the new one.
func TestProfileOfStale(t *testing.T) {
	for _, chance := range []float64{0, 1} {
		w := sim.New(sim.Options{Seed: 1})
		w.Faults(sim.Profile{Stale: chance})
		w.Listen(server1, nil)
		k, p := w.Kernel(), w.Loop().Poller
		var got []uint32
		dst := make([]loop.Event, 5)
		for gen := uint32(1); gen <= 3; gen++ {
			fd, _ := k.Connect(server1)
			p.Add(fd, gen, loop.Write)
			for {
				n, err := p.Wait(dst, time.Second)
				if n != 1 || err != nil || dst[0].FD != fd {
					t.Fatalf("got %d, %v, %v; want one event of fd %d", n, err, dst[0], fd)
				}
				if got = append(got, dst[0].Gen); dst[0].Gen == gen {
					break
				}
			}
			p.Remove(fd)
			k.Close(fd)
		}
		want := []uint32{1, 2, 3}
		if chance == 1 {
			want = []uint32{1, 1, 2, 2, 3}
		}
		if !slices.Equal(got, want) {
			t.Errorf("chance %v: events of registrations %v; want %v", chance, got, want)
		}
	}
}

// Nobody may rely on the order of the events, or on a wait that is not empty.
func TestProfileOfWait(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	w.Listen(server1, nil)
	k, p := w.Kernel(), w.Loop().Poller
	for range 5 {
		fd, _ := k.Connect(server1)
		p.Add(fd, 1, loop.Write)
	}
	w.Faults(sim.Profile{Interrupt: .5, Shuffle: .5})
	empty, orders := 0, make(map[string]bool)
	dst := make([]loop.Event, 5)
	for range 100 {
		n, err := p.Wait(dst, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			empty++
			continue
		}
		var fds []int
		for _, e := range dst[:n] {
			fds = append(fds, e.FD)
		}
		orders[fmt.Sprint(fds)] = true
		if slices.Sort(fds); !slices.Equal(fds, []int{3, 4, 5, 6, 7}) {
			t.Fatalf("got %v; want 3 to 7", fds)
		}
	}
	if empty < 20 || empty > 80 || len(orders) < 10 {
		t.Errorf("got %d empty waits of 100, %d orders; want about half, and many", empty, len(orders))
	}
}

func TestNumbersAreUsedAgain(t *testing.T) {
	w := sim.New(sim.Options{Descriptors: 6})
	k := w.Kernel()
	var got []string
	open := func() {
		fd, err := k.Connect(server1)
		got = append(got, fmt.Sprint(fd, err))
	}
	for range 4 {
		open()
	}
	k.Close(4)
	k.Close(3)
	open()
	k.Close(5)
	for range 3 {
		open()
	}
	w.SetDescriptors(7)
	open()
	want := []string{
		"3 <nil>", "4 <nil>", "5 <nil>", "-1 too many open files",
		"3 <nil>", "4 <nil>", "5 <nil>", "-1 too many open files",
		"6 <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	if limit, open := k.Descriptors(); limit != 7 || open != 7 || w.Open() != 4 {
		t.Errorf("got limit %d, %d open, %d sockets; want 7, 7, 4", limit, open, w.Open())
	}
	if got := w.Stats().MaxOpen; got != 4 {
		t.Errorf("got MaxOpen %d; want 4", got)
	}
}

// The registration of a closed descriptor is gone, as epoll's is, and its
// generation never meets the next owner of the number.
func TestCloseWhileRegistered(t *testing.T) {
	w := sim.New(sim.Options{})
	w.Listen(server1, nil)
	k, p := w.Kernel(), w.Loop().Poller
	fd, _ := k.Connect(server1)
	p.Add(fd, 1, loop.Write)
	p.Wait(make([]loop.Event, 1), time.Second)
	k.Close(fd)
	again, _ := k.Connect(server1)
	if again != fd {
		t.Fatalf("got fd %d; want %d again", again, fd)
	}
	if n, err := p.Wait(make([]loop.Event, 1), time.Second); n != 0 || err != nil {
		t.Errorf("got %d, %v; want nothing for an owner that is not registered", n, err)
	}
	if err := p.Add(again, 2, loop.Write); err != nil {
		t.Fatal(err)
	}
	dst := make([]loop.Event, 1)
	if n, _ := p.Wait(dst, time.Second); n != 1 || dst[0].Gen != 2 {
		t.Errorf("got %d, %+v; want one event of generation 2", n, dst[0])
	}
	if got, want := w.Violations(), []string{"fd 3 closed while registered"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestViolations(t *testing.T) {
	w := sim.New(sim.Options{})
	k, p := w.Kernel(), w.Loop().Poller
	fd, _ := k.Connect(server1)
	k.Close(fd)
	k.Read(fd, make([]byte, 1))
	k.Write(fd, make([]byte, 1))
	k.ConnectError(fd)
	k.Close(fd)
	p.Add(fd, 1, loop.Read)
	w.After(0, func() { p.Wait(nil, 0) })
	p.Wait(nil, 0)
	want := []string{
		"read on fd 3, which is not open",
		"write on fd 3, which is not open",
		"getsockopt on fd 3, which is not open",
		"close on fd 3, which is not open",
		"fd 3 registered, but it is not open",
		"Wait inside Wait",
	}
	if got := w.Violations(); !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// "ERROR: pass", said the article's code: and the loop spun.
func TestSpinIsFound(t *testing.T) {
	for _, tt := range []struct {
		name string
		spin func(p *program)
		want string
	}{
		{"nobody acts", func(p *program) {
			fd, _ := p.k.Connect(server1)
			p.l.AddHandler(fd, loop.Write, func(int, loop.Events) {})
		}, "fd 3 is write|error, and nobody acts on it"},
		{"a callback for ever", func(p *program) {
			var again func()
			again = func() { p.l.AddCallback(again) }
			again()
		}, "turn after turn at one instant, and nothing is done"},
		{"a server for ever", func(p *program) {
			var again func()
			again = func() { p.w.After(0, again) }
			again()
		}, "a million events of the world at one instant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t, sim.Options{})
			tt.spin(p)
			err := p.l.Run()
			if !errors.Is(err, sim.ErrSpinning) || !strings.HasSuffix(err.Error(), "sim: spinning: "+tt.want) {
				t.Errorf("got %v; want %v: %s", err, sim.ErrSpinning, tt.want)
			}
		})
	}
}

// One loop after the other may live in a world; a closed poller forgets.
func TestPollerClose(t *testing.T) {
	w := sim.New(sim.Options{})
	first, second := w.Loop().Poller, w.Loop().Poller
	fd, _ := w.Kernel().Connect(server1)
	if err := first.Add(fd, 1, loop.Read); err != nil {
		t.Fatal(err)
	}
	if err := second.Remove(fd); err != syscall.ENOENT {
		t.Errorf("another's descriptor: got %v; want %v", err, syscall.ENOENT)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Add(fd, 1, loop.Read); err != nil {
		t.Errorf("after Close of the first: %v", err)
	}
	if _, err := first.Wait(nil, 0); err != syscall.EBADF {
		t.Errorf("wait after Close: got %v; want %v", err, syscall.EBADF)
	}
	if err := first.Close(); err != syscall.EBADF {
		t.Errorf("second Close: got %v; want %v", err, syscall.EBADF)
	}
}

func TestClock(t *testing.T) {
	w := sim.New(sim.Options{})
	o := w.Loop()
	p, c := o.Poller, o.Clock
	p.Wait(nil, 90*time.Minute)
	w.JumpWall(-24 * time.Hour)
	if got, want := c.Wall().Format(time.DateTime+" MST"), "2013-04-22 10:30:00 CST"; got != want {
		t.Errorf("got wall %q; want %q", got, want)
	}
	if got := c.Monotonic(); got != 90*time.Minute {
		t.Errorf("got monotonic %v; want 1h30m0s", got)
	}
	if got := w.Wall(); !got.Equal(c.Wall()) {
		t.Errorf("got %v; want %v", got, c.Wall())
	}
}

// Every step takes its time: one latency for a packet, two for a round trip.
func TestLatency(t *testing.T) {
	p := newProgram(t, sim.Options{Latency: 10 * ms})
	var accepted, data time.Duration
	p.w.Listen(server1, func(peer *sim.Peer) {
		accepted = p.w.Now()
		peer.OnData = func(b []byte) {
			data = p.w.Now()
			peer.Write(b)
			peer.Close()
		}
	})
	c := p.dial(server1, "hello")
	p.run()
	c.want("hello", io.EOF, 40*ms)
	if got, want := c.log.String(), "40ms 5 bytes\n"; got != want {
		t.Errorf("got reads %q; want %q", got, want)
	}
	if accepted != 30*ms || data != 30*ms {
		t.Errorf("accepted at %v, data at %v; want both at 30ms", accepted, data)
	}
	if p.w.Open() != 0 {
		t.Errorf("got %d open; want 0", p.w.Open())
	}
}

func TestNoLatency(t *testing.T) {
	p := newProgram(t, sim.Options{Latency: -1})
	p.w.Listen(server1, reply("hello"))
	c := p.dial(server1, "hi")
	p.run()
	c.want("hello", io.EOF, 0)
}
