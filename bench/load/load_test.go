//go:build linux

package load

import (
	"errors"
	"os"
	"testing"
	"time"
)

// The warm requests are not measured, and the workers go on until the last one
// that is.
func TestClosedCounts(t *testing.T) {
	c := NewClosed(1, 3, 10, 0, os.Getpid())
	n := 0
	for {
		if _, ok := c.Begin(0); !ok {
			break
		}
		n++
		c.End(0)
	}
	if n != 13 {
		t.Errorf("there were %d requests; want 13", n)
	}
	s := c.Sample()
	if s.Requests != 10 || s.Figures["rps"] <= 0 {
		t.Errorf("got %+v; want 10 requests", s)
	}
}

// A paced request that is sent late has waited since it was due: what one slow
// answer holds up is slow, too.
func TestPacedCountsFromWhenItWasDue(t *testing.T) {
	const interval = 5 * time.Millisecond
	c := NewClosed(1, 1, 9, interval, 0)
	for i := 0; ; i++ {
		delay, ok := c.Begin(0)
		if !ok {
			break
		}
		time.Sleep(delay)
		if i == 1 {
			time.Sleep(8 * interval) // one slow answer
		}
		c.End(0)
	}
	if p50 := c.Sample().Figures["p50_us"]; p50 < float64(2*interval/time.Microsecond) {
		t.Errorf("half of the requests took less than %v µs; all but a few were late", p50)
	}
}

func TestFirstFailureCounts(t *testing.T) {
	c := NewClosed(1, 1, 1, 0, 0)
	if c.Err() != nil {
		t.Error("it failed before anything did")
	}
	first := errors.New("first")
	c.Fail(first)
	c.Fail(errors.New("second"))
	<-c.Failed()
	if c.Err() != first {
		t.Errorf("got %v", c.Err())
	}
}

// An answer to a request that should wait is an error.
func TestOnceRefusesAnEarlyAnswer(t *testing.T) {
	o := NewOnce(1, 0)
	o.Begin(0)
	o.End(0)
	if o.Err() == nil {
		t.Error("it counts as an answer")
	}
}

func TestOnceSendsOnce(t *testing.T) {
	o := NewOnce(2, 0)
	for w := range 2 {
		if _, ok := o.Begin(w); !ok {
			t.Errorf("worker %d sends nothing", w)
		}
		if _, ok := o.Begin(w); ok {
			t.Errorf("worker %d sends twice", w)
		}
	}
	o.Hold()
	o.Release()
	o.End(0)
	if o.Lost() != 1 {
		t.Errorf("%d are lost; want 1", o.Lost())
	}
	o.End(1)
	s := o.Sample()
	if s.Requests != 2 || s.Figures["p50_us"] <= 0 {
		t.Errorf("got %+v", s)
	}
}

// The clock of another process can be read; here that other process is us.
func TestCPUOfAProcess(t *testing.T) {
	before := CPU(os.Getpid())
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
	}
	if used := CPU(os.Getpid()) - before; used <= 0 {
		t.Errorf("20 ms of work used %v", used)
	}
	if CPU(0) <= 0 {
		t.Error("this process has used nothing")
	}
}
