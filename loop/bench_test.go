//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// One op is one callback; the loop turns once for a hundred.
func BenchmarkAddCallback(b *testing.B) {
	b.Run("from=loop", func(b *testing.B) {
		l := openLoop(b, loop.Options{})
		var left int
		callback := func() {
			if left--; left == 0 {
				l.Stop()
			}
		}
		fill := func() {
			for range 100 {
				l.AddCallback(callback)
			}
		}
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			if n++; n%100 != 0 {
				continue
			}
			left = 100
			l.AddCallback(fill)
			if err := l.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})

	// Here one op is there and back: the loop sleeps, so each call wakes it.
	b.Run("from=goroutine", func(b *testing.B) {
		l := openLoop(b, loop.Options{})
		result := make(chan error)
		go func() { result <- l.Run() }()
		done := make(chan struct{})
		callback := func() { done <- struct{}{} }
		b.ReportAllocs()
		for b.Loop() {
			l.AddCallback(callback)
			<-done
		}
		l.Stop()
		if err := <-result; err != nil {
			b.Fatal(err)
		}
	})
}

// A request's life as its deadline timer sees it: started, and stopped before
// it is due, among 10,000 others.
func BenchmarkTimer(b *testing.B) {
	const others = 10_000
	setUp := func(b *testing.B) (*loop.Loop, []loop.Timer) {
		l := openLoop(b, loop.Options{})
		timers := make([]loop.Timer, others)
		for i := range timers {
			timers[i].Init(l, func() {})
			timers[i].Reset(time.Hour + time.Duration(i*7919%others)*time.Millisecond)
		}
		b.ReportAllocs()
		return l, timers
	}
	b.Run("op=start+stop", func(b *testing.B) {
		l, _ := setUp(b)
		var t loop.Timer
		t.Init(l, func() {})
		when := time.Hour
		for b.Loop() {
			when += time.Microsecond
			t.Reset(when)
			t.Stop()
		}
	})
	b.Run("op=move", func(b *testing.B) {
		_, timers := setUp(b)
		when, i := 2*time.Hour, 0
		for b.Loop() {
			when += time.Microsecond
			i++
			timers[i%others].Reset(when)
		}
	})
	b.Run("op=CallLater+stop", func(b *testing.B) {
		l, _ := setUp(b)
		fn := func() {}
		for b.Loop() {
			l.CallLater(30*time.Minute, fn).Stop()
		}
	})
}

// What a new connection pays and a kept one does not: calls of epoll_ctl. To
// ask for what is asked already is none.
func BenchmarkRegistration(b *testing.B) {
	nothing := func(int, loop.Events) {}
	b.Run("op=add+remove", func(b *testing.B) {
		l := openLoop(b, loop.Options{})
		r, _ := openPipe(b)
		b.ReportAllocs()
		for b.Loop() {
			if err := errors.Join(l.AddHandler(r, loop.Read, nothing), l.RemoveHandler(r)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, c := range []struct {
		op    string
		wants [2]loop.Events
	}{{"op=update", [2]loop.Events{loop.Read, loop.Write}}, {"op=update/same", [2]loop.Events{loop.Read, loop.Read}}} {
		b.Run(c.op, func(b *testing.B) {
			l := openLoop(b, loop.Options{})
			_, w := openPair(b)
			must(b, l.AddHandler(w, loop.Read, nothing))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := l.UpdateHandler(w, c.wants[i&1]); err != nil {
					b.Fatal(err)
				}
			}
			must(b, l.RemoveHandler(w))
		})
	}
}

// One op is one turn that finds one descriptor ready and calls its handler.
func BenchmarkTurn(b *testing.B) {
	for _, name := range loop.Pollers() {
		for _, idle := range []int{0, 200} {
			b.Run(fmt.Sprintf("poller=%s/idle=%d", name, idle), func(b *testing.B) {
				l := openLoop(b, loop.Options{Poller: openPoller(b, name)})
				for range idle {
					r, _ := openPipe(b)
					must(b, l.AddHandler(r, loop.Read, func(int, loop.Events) {}))
				}
				r, w := openPipe(b)
				write(b, w, "x")
				b.ReportAllocs()
				turns := 0
				must(b, l.AddHandler(r, loop.Read, func(int, loop.Events) {
					if turns++; !b.Loop() {
						l.Stop()
					}
				}))
				must(b, l.Run())
			})
		}
	}
}

// One op is a byte there and back between two loops, each on its goroutine.
func BenchmarkPingPong(b *testing.B) {
	for _, name := range loop.Pollers() {
		b.Run("poller="+name, func(b *testing.B) {
			ping := openLoop(b, loop.Options{Poller: openPoller(b, name)})
			pong := openLoop(b, loop.Options{Poller: openPoller(b, name)})
			r1, w1 := openPipe(b)
			r2, w2 := openPipe(b)
			buf, back := make([]byte, 1), make([]byte, 1)
			must(b, pong.AddHandler(r1, loop.Read, func(int, loop.Events) {
				unix.Read(r1, back)
				unix.Write(w2, back)
			}))
			b.ReportAllocs()
			must(b, ping.AddHandler(r2, loop.Read, func(int, loop.Events) {
				unix.Read(r2, buf)
				if b.Loop() {
					unix.Write(w1, buf)
				} else {
					ping.Stop()
				}
			}))
			result := make(chan error)
			go func() { result <- pong.Run() }()
			unix.Write(w2, buf)
			must(b, ping.Run())
			pong.Stop()
			must(b, <-result)
		})
	}
}
