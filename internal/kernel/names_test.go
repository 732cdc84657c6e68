package kernel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

var answer = []netip.Addr{netip.MustParseAddr("203.0.113.7")}

// A resolver is a fake that holds each question until it is released. All of
// it, and the System, lives in a synctest bubble: a goroutine that is left
// over at the end of the test fails it.
type resolver struct {
	t    *testing.T
	sys  *System
	gate chan struct{}
	deaf bool // to the end of the context
	err  error

	mu     sync.Mutex
	asked  []string // in the order of asking
	now    int      // asked at the same time
	most   int
	result map[string]error // what done got, by host
}

func newResolver(t *testing.T, o Options) *resolver {
	r := &resolver{t: t, gate: make(chan struct{}), result: make(map[string]error)}
	o.Resolver = r.resolve
	r.sys = New(o)
	return r
}

func (r *resolver) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	r.asked = append(r.asked, host)
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.now--
		r.mu.Unlock()
	}()
	end := ctx.Done()
	if r.deaf {
		end = nil
	}
	select {
	case <-r.gate:
		return answer, r.err
	case <-end:
		return nil, ctx.Err()
	}
}

// look starts a look-up, and waits until everybody sleeps.
func (r *resolver) look(ctx context.Context, host string) {
	r.t.Helper()
	r.mu.Lock() // a Lookup that calls done itself stays here for ever
	r.sys.Lookup(ctx, host, func(addrs []netip.Addr, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if _, twice := r.result[host]; twice {
			r.t.Errorf("%s: done was called twice", host)
		}
		if err == nil && !slices.Equal(addrs, answer) {
			r.t.Errorf("%s: got %v; want %v", host, addrs, answer)
		}
		r.result[host] = err
	})
	r.mu.Unlock()
	synctest.Wait()
}

// want expects that the look-up of host is over and gave err.
func (r *resolver) want(host string, err error) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	got, over := r.result[host]
	if !over || !errors.Is(got, err) {
		r.t.Errorf("%s: over %v, got %v; want %v", host, over, got, err)
	}
}

// pending expects that done has not been called.
func (r *resolver) pending(host string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err, over := r.result[host]; over {
		r.t.Errorf("%s: over already, with %v", host, err)
	}
}

// end releases everybody and shuts down.
func (r *resolver) end() {
	close(r.gate)
	synctest.Wait()
	r.sys.Shutdown()
	synctest.Wait()
}

func TestLookupWorkers(t *testing.T) {
	for _, tt := range []struct{ option, workers int }{{0, 4}, {1, 1}, {7, 7}} {
		synctest.Test(t, func(t *testing.T) {
			r := newResolver(t, Options{LookupWorkers: tt.option})
			for i := range 20 {
				r.look(t.Context(), fmt.Sprint(i))
			}
			if len(r.asked) != tt.workers {
				t.Errorf("got %d questions at once; want %d", len(r.asked), tt.workers)
			}
			r.end()
			for i := range 20 {
				r.want(fmt.Sprint(i), nil)
			}
			if r.most != tt.workers || len(r.asked) != 20 {
				t.Errorf("got %d questions, %d at once; want 20, %d", len(r.asked), r.most, tt.workers)
			}
		})
	}
}

func TestLookupReusesIdleWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{})
		for i := range 10 {
			r.look(t.Context(), fmt.Sprint(i))
			r.gate <- struct{}{}
			synctest.Wait()
		}
		if got := r.sys.started; got != 1 {
			t.Errorf("got %d workers for one look-up at a time; want 1", got)
		}
		if got := len(r.sys.running); got != 0 {
			t.Errorf("got %d look-ups running when all are over; want none", got)
		}
		r.end()
	})
}

func TestLookupQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{LookupWorkers: 1, LookupQueue: 2})
		for _, host := range []string{"a", "b", "c", "d"} {
			r.look(t.Context(), host)
		}
		var full *QueueError
		if !errors.As(r.result["d"], &full) || full.Bound != 2 || full.Host != "d" {
			t.Errorf("got %v; want a QueueError for d with bound 2", r.result["d"])
		}
		for _, host := range []string{"a", "b", "c"} {
			r.pending(host)
		}
		r.end()
		for _, host := range []string{"a", "b", "c"} {
			r.want(host, nil)
		}
	})
}

func TestLookupAbandoned(t *testing.T) {
	t.Run("while the resolver hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newResolver(t, Options{LookupWorkers: 1})
			r.deaf = true
			ctx, cancel := context.WithCancel(t.Context())
			r.look(ctx, "a")
			cancel()
			synctest.Wait()
			r.want("a", context.Canceled)

			r.look(t.Context(), "b")
			if !slices.Equal(r.asked, []string{"a"}) {
				t.Errorf("got questions %q; want only a's, for the one worker hangs", r.asked)
			}
			r.gate <- struct{}{} // a's answer, which is dropped
			synctest.Wait()
			r.pending("b")
			r.end()
			r.want("b", nil)
		})
	})
	t.Run("in the queue", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newResolver(t, Options{LookupWorkers: 1, LookupQueue: 1})
			r.look(t.Context(), "a")
			ctx, cancel := context.WithCancel(t.Context())
			r.look(ctx, "b")
			cancel()
			synctest.Wait()
			r.want("b", context.Canceled)
			r.look(t.Context(), "c") // b's place is free
			r.pending("c")
			r.end()
			r.want("c", nil)
			if !slices.Equal(r.asked, []string{"a", "c"}) {
				t.Errorf("got questions %q; want a and c", r.asked)
			}
		})
	})
	t.Run("before it began", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newResolver(t, Options{})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			r.look(ctx, "a")
			r.want("a", context.Canceled)
			r.end()
		})
	})
	t.Run("by a deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newResolver(t, Options{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r.look(ctx, "a")
			r.pending("a")
			time.Sleep(time.Minute) // the bubble's
			synctest.Wait()
			r.want("a", context.DeadlineExceeded)
			r.end()
		})
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{LookupWorkers: 2})
		for _, host := range []string{"a", "b", "c"} { // c waits
			r.look(t.Context(), host)
		}
		r.sys.Shutdown()
		synctest.Wait()
		r.look(t.Context(), "d")
		for _, host := range []string{"a", "b", "c", "d"} {
			r.want(host, ErrShutdown)
		}
		r.sys.Shutdown() // again, which does nothing
	})
}

// A resolver that hangs for ever must not hold up Shutdown, nor those who wait.
func TestShutdownBesideAHangingResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{LookupWorkers: 1})
		r.deaf = true
		r.look(t.Context(), "a")
		r.look(t.Context(), "b")
		r.sys.Shutdown()
		synctest.Wait()
		r.want("a", ErrShutdown)
		r.want("b", ErrShutdown)
		close(r.gate) // so that the test can end
	})
}

func TestLookupErrors(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}
	dns := func(text string) error { return &net.DNSError{Err: text, Name: "a", Server: "203.0.113.53:53"} }
	for _, tt := range []struct {
		name string
		err  error
		want error // nil: err itself
	}{
		{"not found", notFound, nil},
		{"wrapped", fmt.Errorf("resolver: %w", notFound), nil},
		{"another kind", errors.New("too many open files, says a proxy"), nil},
		{"socket", dns("dial udp 203.0.113.53:53: socket: too many open files"), syscall.EMFILE},
		{"system", dns("open /etc/hosts: too many open files in system"), syscall.ENFILE},
		{"wrapped socket", fmt.Errorf("resolver: %w", dns("socket: too many open files")), syscall.EMFILE},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newResolver(t, Options{})
				r.err = tt.err
				r.look(t.Context(), "a")
				r.end()
				got := r.result["a"]
				if tt.want == nil {
					if got != tt.err {
						t.Errorf("got %v; want it as it was", got)
					}
					return
				}
				if !errors.Is(got, tt.want) {
					t.Errorf("got %v; want %v", got, tt.want)
				}
				var dns *net.DNSError
				if errors.As(got, &dns) {
					t.Errorf("got %v, which is a name error", got)
				}
			})
		})
	}
}

func TestErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&QueueError{Host: "a.example", Bound: 1024}, `look up "a.example": 1024 look-ups are waiting already, the most that may`},
		{&DescriptorError{Host: "a.example", Err: syscall.EMFILE}, `look up "a.example": no descriptor to ask with: too many open files`},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q; want %q", got, tt.want)
		}
	}
}

// The system's own resolver, as far as it can be asked without a network.
func TestSystemResolver(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := New(Options{})
	defer s.Shutdown()
	for _, tt := range []struct{ host, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8::7", "2001:db8::7"},
		{"fe80::7%1", "fe80::7%1"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
	} {
		done := make(chan string)
		s.Lookup(t.Context(), tt.host, func(addrs []netip.Addr, err error) {
			done <- fmt.Sprint(addrs, err)
		})
		if got, want := <-done, fmt.Sprintf("[%s] <nil>", tt.want); got != want {
			t.Errorf("%s: got %q; want %q", tt.host, got, want)
		}
	}
}
