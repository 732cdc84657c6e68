//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A record is all that a soak has found.
type record struct {
	Seconds float64          `json:"seconds"`
	Conns   int              `json:"conns"`
	Seed    uint64           `json:"seed"`
	Samples []sample         `json:"samples"`
	Trends  map[string]trend `json:"trends"` // of the second half
	Sent    int              `json:"sent"`
	Whole   int              `json:"whole"`
	Failed  map[string]int   `json:"failed"` // by kind
	Logins  int              `json:"logins"`
	Servers answer           `json:"servers"`
	Before  sample           `json:"before"`
	After   sample           `json:"after"`
	Wrong   []string         `json:"wrong"` // nothing, if all is well
}

// drain is how long what is under way in the end may take: longer than a poll.
const drain = 25 * time.Second

func soak(ctx context.Context, o *options, stdout io.Writer) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil && limit.Max < uint64(3*o.conns+200) {
		return fmt.Errorf("--conns %d: the servers' process needs three descriptors for each, and may have %d in all: see ulimit -n", o.conns, limit.Max)
	}
	limit.Cur = limit.Max
	unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	s, err := hire(order{Seed: o.seed, Restart: o.restart})
	if err != nil {
		return err
	}
	r := &record{Conns: o.conns, Seed: o.seed, Failed: map[string]int{}, Before: hold()}
	err = r.watch(ctx, o, s, stdout)
	seen, ended := s.dismiss()
	if err := errors.Join(err, ended); err != nil {
		return err
	}
	r.Servers = seen
	r.After = hold()
	r.judge()
	if err := r.write(o.out); err != nil {
		return err
	}
	for _, w := range r.Wrong {
		fmt.Fprintln(stdout, "wrong:", w)
	}
	if len(r.Wrong) > 0 {
		return fmt.Errorf("%d things are wrong", len(r.Wrong))
	}
	fmt.Fprintf(stdout, "well: %d requests, each completed once; see %s\n", r.Sent, o.out)
	return nil
}

// watch runs the loop and takes the samples.
func (r *record) watch(ctx context.Context, o *options, s *servant, stdout io.Writer) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	stream := sched.New(l, sched.Options{
		MaxConns: o.conns,
		Timeouts: sched.Timeouts{FirstByte: 30 * time.Second, Stall: 5 * time.Second},
	})
	chains, err := newCrowd(stream, "http://"+s.Origin, o.seed)
	if err != nil {
		return err
	}
	at, err := netip.ParseAddrPort(s.Bot)
	if err != nil {
		return err
	}
	talk, err := newTalker(l, at)
	if err != nil {
		return err
	}
	var p probe
	p.begin(l)
	chains.start(o.conns + o.conns/5)
	var stopped error
	talk.client.Start(func(err error) { stopped = err })

	samples := make(chan []sample)
	begin := time.Now()
	go func() {
		samples <- sampling(ctx, l, o, func(s *sample) {
			s.Lag, s.Worst = micro(p.late.Quantile(0.99)), micro(p.late.Max())
			p.late = loop.Histogram{}
			s.Pending, s.Done = float64(stream.Pending()), float64(chains.done)
		}, stdout)
	}()
	go func() {
		r.Samples = <-samples
		l.AddCallback(func() {
			r.Seconds = time.Since(begin).Seconds()
			chains.ending = true
			l.CallLater(drain, func() { talk.client.Shutdown(l.Stop) })
		})
	}()
	if err := l.Run(); err != nil {
		return err
	}
	p.timer.Stop()
	err = errors.Join(stream.Close(), talk.stream.Close(), l.Close())
	if stopped != nil {
		r.Wrong = append(r.Wrong, "the bot gave up: "+stopped.Error())
	}
	r.Sent, r.Whole, r.Logins = chains.sent, chains.whole, talk.logins
	for kind, n := range chains.kinds {
		r.Failed[string(kind)] = n
	}
	if chains.sent != chains.done || chains.twice > 0 || chains.broken != nil {
		r.Wrong = append(r.Wrong, fmt.Sprintf("of %d requests %d were completed, %d times twice; %v", chains.sent, chains.done, chains.twice, chains.broken))
	}
	return err
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// sampling takes samples until its time is over. What is the loop's is read on
// the loop.
func sampling(ctx context.Context, l *loop.Loop, o *options, read func(*sample), stdout io.Writer) (all []sample) {
	begin := time.Now()
	all = make([]sample, 0, o.time/o.every+1) // at once: what grows is to be the engine's
	ticks := time.NewTicker(o.every)
	defer ticks.Stop()
	for time.Since(begin) < o.time {
		select {
		case <-ctx.Done():
			return all
		case <-ticks.C:
		}
		s := hold()
		read1 := make(chan struct{})
		l.AddCallback(func() {
			read(&s)
			close(read1)
		})
		<-read1
		s.At = time.Since(begin).Seconds()
		all = append(all, s)
		fmt.Fprintf(stdout, "%6.0f s  %5.0f descriptors  %3.0f goroutines  %6.2f MiB  lag p99 %7.0f us, most %8.0f us  %8.0f done\n",
			s.At, s.Descriptors, s.Goroutines, s.Heap/(1<<20), s.Lag, s.Worst, s.Done)
	}
	return all
}
