package names_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/freeaddr"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/loop"
)

// patience is how long a test waits for another process before it gives up.
const patience = 20 * time.Second

// startDNSMasq starts a name server on loopback that knows two hosts, and
// returns where it listens and how to end it.
func startDNSMasq(t *testing.T) (at string, stop func()) {
	t.Helper()
	path, err := exec.LookPath("dnsmasq")
	if err != nil {
		t.Skip("there is no name server to ask:", err)
	}
	at = freeaddr.Get(t)
	_, port, _ := net.SplitHostPort(at)
	server := exec.Command(path, "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file",
		"--no-hosts", "--no-resolv", "--bind-interfaces", "--listen-address=127.0.0.1", "--port="+port,
		"--address=/#/", // whatever it does not know is not there
		"--host-record=both.example,127.0.0.1,::1", "--host-record=four.example,127.0.0.2")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		server.Wait()
		close(gone)
	}()
	stop = func() {
		server.Process.Signal(syscall.SIGTERM)
		<-gone
	}
	t.Cleanup(stop)
	// Another process starts: there is nothing to wait on but a try.
	for tries := patience / (10 * time.Millisecond); tries > 0; tries-- {
		if c, err := net.Dial("tcp", at); err == nil {
			c.Close()
			return at, stop
		}
		select {
		case <-gone:
			t.Fatal("dnsmasq has ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("dnsmasq does not listen")
	return "", nil
}

// A box stands between the resolver and the name server. It may swallow what is
// asked, or refuse it.
type box struct {
	*net.UDPConn
	server *net.UDPConn
	mood   atomic.Int32
	asked  atomic.Int32 // questions that came
}

const (
	passes int32 = iota
	swallows
	fails // SERVFAIL
)

func newBox(t *testing.T, server string) *box {
	t.Helper()
	in, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Dial("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{UDPConn: in, server: out.(*net.UDPConn)}
	t.Cleanup(func() { in.Close(); out.Close() })
	go b.run()
	return b
}

// run passes one question after the other on, with its answer.
func (b *box) run() {
	message := make([]byte, 4096)
	for {
		n, from, err := b.ReadFromUDPAddrPort(message)
		if err != nil {
			return
		}
		b.asked.Add(1)
		switch b.mood.Load() {
		case swallows:
			continue
		case fails:
			message[2] |= 0x80                  // a response (RFC 1035 section 4.1.1)
			message[3] = message[3]&0xf0 | 0x02 // to say that the server has failed
		case passes:
			b.server.Write(message[:n])
			b.server.SetReadDeadline(time.Now().Add(time.Second))
			if n, err = b.server.Read(message); err != nil {
				continue // it is gone
			}
		}
		b.WriteToUDPAddrPort(message[:n], from)
	}
}

// A desk asks by way of a box, on a real loop, for real answers.
type desk struct {
	t     *testing.T
	loop  *loop.Loop
	cache *names.Cache
}

func newDesk(t *testing.T, b *box, o names.Options) *desk {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := b.LocalAddr().String()
	k := kernel.New(kernel.Options{Resolver: kernel.ResolveBy(&net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", at)
		},
	})})
	d := &desk{t, l, names.New(l, k, o)}
	t.Cleanup(func() {
		d.cache.Close()
		k.Shutdown()
		l.Close()
	})
	return d
}

// ask waits for an answer.
func (d *desk) ask(host string) (addrs []netip.Addr, err error) {
	d.t.Helper()
	guard := d.loop.CallLater(patience, func() { d.t.Errorf("%s: no answer", host); d.loop.Stop() })
	defer guard.Stop()
	d.cache.Lookup(host, func(a []netip.Addr, e error) {
		addrs, err = a, e
		d.loop.Stop()
	})
	if e := d.loop.Run(); e != nil {
		d.t.Fatal(e)
	}
	return addrs, err
}

func TestDNSMasqAnswers(t *testing.T) {
	at, _ := startDNSMasq(t)
	b := newBox(t, at)
	d := newDesk(t, b, names.Options{})
	for host, want := range map[string][]string{
		"four.example": {"127.0.0.2"},
		"both.example": {"127.0.0.1", "::1"},
	} {
		addrs, err := d.ask(host)
		var got []string
		for _, a := range addrs {
			got = append(got, a.String())
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", host, got, err, want)
		}
	}
	_, err := d.ask("nobody.example")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("nobody.example: got %v; want no such host", err)
	}
	asked := b.asked.Load()
	if _, again := d.cache.Cached("nobody.example"); again == nil {
		t.Error("that there is no such host is forgotten at once")
	}
	if addrs, _ := d.cache.Cached("both.example"); len(addrs) != 2 {
		t.Errorf("kept of both.example: %v; want both addresses", addrs)
	}
	if b.asked.Load() != asked {
		t.Error("what is known was asked for")
	}
}

// A name server that is silent about one name does not hold up another, and
// whoever has waited enough goes.
func TestDNSMasqSilence(t *testing.T) {
	at, _ := startDNSMasq(t)
	b, silent := newBox(t, at), newBox(t, at)
	silent.mood.Store(swallows)
	d, mute := newDesk(t, b, names.Options{}), newDesk(t, silent, names.Options{})
	w := mute.cache.Lookup("four.example", func(a []netip.Addr, err error) {
		t.Errorf("a waiter that has gone was told %v, %v", a, err)
	})
	if _, err := d.ask("four.example"); err != nil {
		t.Errorf("beside a silent one: %v", err)
	}
	w.Cancel()
	mute.loop.CallLater(50*time.Millisecond, mute.loop.Stop)
	mute.loop.Run() // it is told nothing now
	silent.mood.Store(passes)
	if _, err := mute.ask("four.example"); err != nil {
		t.Errorf("after the silence: %v", err)
	}
}

// What was known serves while the name server fails, and when it is gone.
func TestDNSMasqStale(t *testing.T) {
	at, stop := startDNSMasq(t)
	b := newBox(t, at)
	d := newDesk(t, b, names.Options{
		TTL: time.Nanosecond, Recheck: time.Nanosecond, // each question is put to the server
		Grace: 50 * time.Millisecond, Patience: 200 * time.Millisecond,
	})
	if _, err := d.ask("four.example"); err != nil {
		t.Fatal(err)
	}
	serves := func(when string) {
		t.Helper()
		addrs, err := d.ask("four.example")
		if err != nil || len(addrs) != 1 || addrs[0] != netip.AddrFrom4([4]byte{127, 0, 0, 2}) {
			t.Errorf("%s: got %v, %v; want the old answer", when, addrs, err)
		}
	}
	b.mood.Store(fails)
	serves("SERVFAIL")
	if _, err := d.ask("both.example"); err == nil {
		t.Error("SERVFAIL for a name that nobody knows: no error")
	} else if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		t.Errorf("SERVFAIL became %v: the name may well exist", err)
	}
	b.mood.Store(swallows)
	serves("silence")
	b.mood.Store(passes)
	stop()
	serves("the server is gone")
}
