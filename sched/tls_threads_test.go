package sched_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// startGo starts a server of package net/http, and returns options that trust
// it.
func startGo(t *testing.T) (*httptest.Server, sched.Options) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{testIdentity().cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, trusting(sched.Options{})
}

// Handshakes on workers are called off at any moment: before, during and after
// a step. The race detector looks on, and goleak counts the coroutines. The loop
// is locked to its thread, where to enter a worker's coroutine would be fatal.
func TestTLSCalledOffOnWorkers(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, end := range []string{"cancel", "close", "close and the loop"} {
		t.Run(end, func(t *testing.T) {
			runtime.LockOSThread() // a subtest has a goroutine of its own
			defer runtime.UnlockOSThread()
			server, o := startGo(t)
			l, err := loop.New(loop.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			s := sched.New(l, o)
			defer s.Close()

			const many = 200
			answered, cancelled := 0, 0
			var chains []sched.Chain
			for range many {
				chains = append(chains, s.Add(sched.Get(server.URL), func(_ *sched.Response, err error) sched.Next {
					if err == nil {
						answered++
					} else {
						cancelled++
					}
					if answered+cancelled == many {
						l.Stop()
					}
					return sched.Next{}
				}))
			}
			// One in each turn, so that they are met in every state; and the newest
			// first, for the others come to their end meanwhile.
			var next func()
			next = func() {
				if n := len(chains); n > many/2 {
					chains[n-1].Cancel()
					chains = chains[:n-1]
					l.CallLater(ms(1), next)
					return
				}
				if end != "cancel" {
					if end == "close and the loop" {
						l.Stop()
					}
					s.Close()
				}
			}
			l.CallLater(ms(1), next)
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
			if answered+cancelled != many {
				t.Errorf("%d answered, %d cancelled; want %d together", answered, cancelled, many)
			}
			t.Logf("%d answered, %d cancelled", answered, cancelled)
		})
	}
}

// busy is a kernel whose workers take every second piece of work.
type busy struct {
	kernel.Kernel
	asked, refused int
}

func (k *busy) Compute(work, done func()) bool {
	if k.asked++; k.asked%2 == 0 {
		k.refused++
		return false
	}
	return k.Kernel.Compute(work, done)
}

// When the workers have too much to do, the loop makes the steps itself, for
// coroutines that began on a worker, too.
func TestTLSWorkersRefuse(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	server, o := startGo(t)
	k := &busy{Kernel: kernel.New(kernel.Options{})}
	defer k.Shutdown()
	o.Kernel = k
	v := newReal(t, o)
	for range 40 {
		v.s.Add(sched.Get(server.URL), func(_ *sched.Response, err error) sched.Next {
			if err != nil {
				t.Error(err)
			}
			return sched.Next{}
		})
	}
	v.wait()
	if k.refused == 0 || k.asked == k.refused {
		t.Errorf("%d of %d pieces of work were refused; want some", k.refused, k.asked)
	}
}
