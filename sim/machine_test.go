package sim

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// fetchOnce gets one page in a world that befall has changed a second after
// the request was added, and returns when it was answered.
func fetchOnce(t *testing.T, o Options, body int, befall func(*World, *Listener)) (at time.Duration, err error) {
	t.Helper()
	w := New(o)
	addr := netip.MustParseAddrPort("203.0.113.7:80")
	w.Host("page.example", addr.Addr())
	server := w.Listen(addr, HTTP(func(x *Exchange) {
		w.After(2*time.Second, func() { x.Reply(200, nil, make([]byte, body)) })
	}))
	w.After(time.Second, func() { befall(w, server) })
	l, lerr := loop.New(w.Loop())
	if lerr != nil {
		t.Fatal(lerr)
	}
	s := sched.New(l, sched.Options{Kernel: w.Kernel()})
	req := sched.Get("http://page.example/")
	req.Timeouts = sched.Timeouts{Total: 3 * time.Hour, FirstByte: 3 * time.Hour, Stall: 3 * time.Hour}
	s.Add(req, func(_ *sched.Response, e error) sched.Next {
		at, err = w.Now(), e
		l.Stop()
		return sched.Next{}
	})
	if rerr := l.Run(); rerr != nil {
		t.Fatal(rerr)
	}
	s.Close()
	l.Close()
	if n := w.Open(); n != 0 {
		t.Errorf("got %d sockets in the end; want none", n)
	}
	return at, err
}

// What befalls the line and the machine delays an answer as it should.
func TestLineAndMachine(t *testing.T) {
	for _, tt := range []struct {
		name      string
		o         Options
		befall    func(*World, *Listener)
		body      int
		low, high time.Duration // of the answer
		err       error
	}{
		{"fair weather", Options{}, func(*World, *Listener) {}, 10, 2 * time.Second, 2100 * time.Millisecond, nil},
		{"the machine's line is slow", Options{Bandwidth: 1000}, func(*World, *Listener) {}, 10000, 12 * time.Second, 13 * time.Second, nil},
		{"the server's line is slow", Options{}, func(_ *World, l *Listener) { l.Bandwidth(1000) }, 10000, 12 * time.Second, 13 * time.Second, nil},
		{"unplugged for a while", Options{}, func(w *World, _ *Listener) { w.Unplug(time.Minute) }, 10, 61 * time.Second, 2 * time.Minute, nil},
		{"the server unplugged", Options{}, func(_ *World, l *Listener) { l.Unplug(time.Minute) }, 10, 61 * time.Second, 2 * time.Minute, nil},
		{"unplugged for longer than TCP waits", Options{}, func(w *World, _ *Listener) { w.Unplug(2 * time.Hour) }, 10, 3 * time.Hour, 3*time.Hour + time.Second, errors.ErrUnsupported},
		{"asleep", Options{}, func(w *World, _ *Listener) { w.Suspend(time.Hour) }, 10, time.Hour + time.Second, time.Hour + 2*time.Second, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := fetchOnce(t, tt.o, tt.body, tt.befall)
			if at < tt.low || at > tt.high || (err == nil) != (tt.err == nil) {
				t.Errorf("got an answer after %v, error %v; want one between %v and %v", at, err, tt.low, tt.high)
			}
		})
	}
}

// A timer does not see the time that the machine slept, unless its clock does.
func TestSuspendedTimer(t *testing.T) {
	for _, tt := range []struct {
		boottime bool
		want     time.Duration // of the world
		mono     time.Duration // of the program's clock
	}{
		{false, time.Hour + 10*time.Second, 10 * time.Second},
		{true, time.Hour + 5*time.Second, time.Hour + 5*time.Second},
	} {
		w := New(Options{Boottime: tt.boottime})
		l, err := loop.New(w.Loop())
		if err != nil {
			t.Fatal(err)
		}
		wall := w.Wall()
		w.After(5*time.Second, func() { w.Suspend(time.Hour) })
		l.CallLater(10*time.Second, l.Stop)
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
		if w.Now() != tt.want || l.Time() != tt.mono {
			t.Errorf("boottime %v: due at %v, %v on the program's clock; want %v and %v", tt.boottime, w.Now(), l.Time(), tt.want, tt.mono)
		}
		if got := w.Wall().Sub(wall); got != tt.want {
			t.Errorf("boottime %v: got %v on the wall; want %v", tt.boottime, got, tt.want)
		}
		l.Close()
	}
}

// A process that was killed leaves nothing open, and the server learns of it.
func TestExit(t *testing.T) {
	w := New(Options{})
	addr := netip.MustParseAddrPort("203.0.113.7:80")
	gone := 0
	w.Listen(addr, HTTP(func(x *Exchange) { x.OnGone = func() { gone++ } }))
	for range 2 { // one process after the other
		l, err := loop.New(w.Loop())
		if err != nil {
			t.Fatal(err)
		}
		s := sched.New(l, sched.Options{Kernel: w.Kernel()})
		s.Add(sched.Get("http://203.0.113.7/"), func(*sched.Response, error) sched.Next {
			t.Error("a readback of a killed process was called")
			return sched.Next{}
		})
		w.After(10*time.Second, w.Exit)
		if err := l.Run(); !errors.Is(err, ErrExited) {
			t.Fatalf("got %v; want ErrExited", err)
		}
		if n := w.Open(); n != 0 {
			t.Errorf("got %d sockets; want none", n)
		}
	}
	l, _ := loop.New(w.Loop())
	l.CallLater(time.Second, l.Stop)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if gone != 2 {
		t.Errorf("the server saw %d clients go; want 2", gone)
	}
	if v := w.Violations(); len(v) != 0 {
		t.Errorf("got %q; want none", v)
	}
}

// Shortages come as the kernel names them.
func TestShortages(t *testing.T) {
	for _, tt := range []struct {
		p    Profile
		want error
	}{
		{Profile{NoDescriptor: 1}, syscall.EMFILE},
		{Profile{NoFile: 1}, syscall.ENFILE},
		{Profile{NoBuffers: 1}, syscall.ENOBUFS},
	} {
		w := New(Options{})
		w.Faults(tt.p)
		if _, err := w.Kernel().Connect(netip.MustParseAddrPort("203.0.113.7:80")); err != tt.want {
			t.Errorf("got %v; want %v", err, tt.want)
		}
	}
}
