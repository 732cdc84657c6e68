package sched_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
)

// newBarrier stands before a server and lets so many bytes of its answer
// through; then it is silent, and closes when its client does.
func newBarrier(t *testing.T, server string, limit int) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer client.Close()
				server, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer server.Close()
				wg.Go(func() {
					buf := make([]byte, limit)
					for left := limit; left > 0; {
						n, err := server.Read(buf[:left])
						left -= n
						if _, failed := client.Write(buf[:n]); err != nil || failed != nil {
							return
						}
					}
				})
				buf := make([]byte, 4096)
				for {
					n, err := client.Read(buf)
					server.Write(buf[:n])
					if err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// A counting kernel knows which sockets are open, whatever else the process has.
type counting struct {
	kernel.Kernel
	open int
}

func (k *counting) Connect(to netip.AddrPort) (int, error) {
	fd, err := k.Kernel.Connect(to)
	if err == nil {
		k.open++
	}
	return fd, err
}

func (k *counting) Close(fd int) error {
	k.open--
	return k.Kernel.Close(fd)
}

// Fifty handshakes with a real server that stops in the middle, wherever that
// is: called off, timed out, or ended with the stream. Nothing of them is left:
// no goroutine, no coroutine, no descriptor.
func TestFiftyAbandonedHandshakes(t *testing.T) {
	const many = 50
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		nginx := startNginxTLS(t, version)
		for _, limit := range []int{0, 5, 100, 600} {
			at := newBarrier(t, nginx, limit)
			for _, end := range []string{"cancel", "timeout", "close"} {
				t.Run(fmt.Sprint(version, "/", limit, "/", end), func(t *testing.T) {
					k := &counting{Kernel: kernel.New(kernel.Options{})}
					defer k.Shutdown()
					o := trusting(sched.Options{Kernel: k})
					if end == "timeout" {
						o.Timeouts.TLS = ms(100)
					}
					v := newReal(t, o)
					_, files := k.Descriptors()
					goroutines := runtime.NumGoroutine()
					calls, kinds := 0, map[sched.Kind]int{}
					var chains []sched.Chain
					for range many {
						chains = append(chains, v.s.Add(sched.Get("https://"+at+"/"), func(_ *sched.Response, err error) sched.Next {
							calls++
							kinds[err.(*sched.Error).Kind]++
							return sched.Next{}
						}))
					}
					want := sched.TLSTimeout
					if end != "timeout" {
						want = sched.Cancelled
						// When all that will come has come.
						v.l.CallLater(ms(50), func() {
							if end == "close" {
								v.s.Close()
							}
							for _, c := range chains {
								c.Cancel()
							}
						})
					}
					v.wait()
					if calls != many || kinds[want] != many {
						t.Errorf("got %d calls, %v; want %d %s", calls, kinds, many, want)
					}
					v.s.Close()
					k.Shutdown()
					if k.open != 0 {
						t.Errorf("%d sockets are open; want none", k.open)
					}
					// The barrier notices a little later, in goroutines of its own; and what the
					// last one had to notice may have been counted before.
					var open, more int
					for tries := patience / ms(1); tries > 0; tries-- {
						_, open = k.Descriptors()
						if more = runtime.NumGoroutine() - goroutines; open <= files && more <= 0 {
							return
						}
						time.Sleep(ms(1))
					}
					t.Errorf("%d descriptors are open, %d before; %d goroutines more", open, files, more)
				})
			}
		}
	}
}
