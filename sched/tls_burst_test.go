//go:build linux

package sched_test

import (
	"crypto/tls"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// The lag of the loop, while a thousand handshakes with another process's
// server go on: how late a timer of each millisecond fires. A processor that is
// busy with something else makes it late, too; so the time that the loop's
// thread itself computed between two beats stands beside it.
func BenchmarkHandshakeBurst(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	at := startNginxTLS(b, "TLSv1.3")
	const burst = 1000
	if limit, _ := kernel.New(kernel.Options{}).Descriptors(); limit < burst+200 {
		b.Skipf("the limit on descriptors is %d; want %d", limit, burst+200)
	}
	r := sched.Get("https://" + at + "/")
	var lags, works []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		l, err := loop.New(loop.Options{})
		if err != nil {
			b.Fatal(err)
		}
		s := sched.New(l, trusting(sched.Options{TLS: &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1)}}))
		left := burst
		for range burst {
			s.Add(r, func(_ *sched.Response, err error) sched.Next {
				if err != nil {
					b.Error(err)
				}
				if left--; left == 0 {
					l.Stop()
				}
				return sched.Next{}
			})
		}
		var beat func()
		due, worked := time.Now().Add(time.Millisecond), threadTime()
		beat = func() {
			now, work := time.Now(), threadTime()
			lags = append(lags, max(0, now.Sub(due)))
			works = append(works, work-worked)
			due, worked = now.Add(time.Millisecond), work
			l.CallLater(time.Millisecond, beat)
		}
		l.CallLater(time.Millisecond, beat)
		if err := l.Run(); err != nil {
			b.Fatal(err)
		}
		s.Close()
		l.Close()
	}
	for _, c := range []struct {
		name string
		all  []time.Duration
	}{{"lag", lags}, {"own", works}} {
		slices.Sort(c.all)
		if n := len(c.all); n > 0 {
			b.ReportMetric(float64(c.all[n/2].Microseconds()), c.name+"_p50_us")
			b.ReportMetric(float64(c.all[n*99/100].Microseconds()), c.name+"_p99_us")
			b.ReportMetric(float64(c.all[n-1].Microseconds()), c.name+"_max_us")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/burst, "us/handshake")
}

// threadTime is how long this thread has run.
func threadTime() time.Duration {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now)
	return time.Duration(now.Nano())
}
