//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/qqloop/qqloop/bench/foreign"
	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
	"github.com/qqloop/qqloop/bench/report"
	"github.com/qqloop/qqloop/bench/result"
)

// errFailed says that a measurement failed, which has been told.
var errFailed = errors.New("a measurement failed")

// The time that a run may take, but for what is under way then.
const (
	budget      = 37 * time.Minute
	quickBudget = 140 * time.Second
)

// A runner is one call of this program.
type runner struct {
	*stage
	o      *options
	f      *result.File
	show   *progress
	groups []*group
	until  time.Time
	rate   int // of the open loop; 0: not found out yet
}

// conduct measures all that is asked for and writes what it has, also when it
// is interrupted.
func conduct(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	stage, err := newStage(o.pin)
	if err != nil {
		return err
	}
	groups, absent := plan(o)
	if len(groups) == 0 {
		return errors.New("nothing of that can be measured here")
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	r := &runner{stage: stage, o: o, groups: groups, show: newProgress(stderr)}
	r.f = &result.File{Machine: look(o), Rows: []result.Row{}, Absent: absent, Failed: []result.Failure{}}
	began := time.Now()
	r.until = began.Add(budget)
	if o.quick {
		r.until = began.Add(quickBudget)
	}
	r.rounds(ctx)
	r.collect()
	r.f.Machine.Seconds = time.Since(began).Seconds()
	r.f.Machine.LoadLast = loadAverage()
	r.f.Machine.Cut = ctx.Err() != nil
	r.show.clear()
	if err := r.f.Write(o.out); err != nil {
		return err
	}
	if err := report.Write(o.out, r.f); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n%s\n", filepath.Join(o.out, result.Name), filepath.Join(o.out, report.Name))
	if len(r.f.Failed) > 0 {
		return errFailed
	}
	return nil
}

// rounds measures each group once, then each once more, as often as there is
// time for: what a row's rounds have seen of the machine is then spread over
// the whole run, and what stands beside each other was taken side by side.
func (r *runner) rounds(ctx context.Context) {
	for _, g := range r.groups {
		r.show.total += len(g.peers) * r.o.rounds
	}
	for round := 1; round <= r.o.rounds; round++ {
		for _, g := range r.groups {
			if ctx.Err() != nil {
				return
			}
			if time.Now().Add(g.took).After(r.until) {
				r.show.skip(len(g.peers))
				continue
			}
			began := time.Now()
			r.round(ctx, g, round)
			g.took = time.Since(began)
		}
	}
}

// round measures the peers of a group, one after the other.
func (r *runner) round(ctx context.Context, g *group, round int) {
	if g.scenario.name == paced && r.rate == 0 {
		if err := r.findRate(ctx, g); err != nil {
			for _, p := range g.peers {
				r.fail(g, p, round, fmt.Errorf("net/http's rate: %w", err))
			}
			return
		}
	}
	for _, p := range g.peers {
		if g.broken[p] {
			r.show.skip(1)
			continue
		}
		r.show.begin(g.label(p), round, r.o.rounds)
		sample, err := r.measure(ctx, p, func(at *origin.Addrs) *peers.Job {
			job := g.request(r.o, at)
			if g.scenario.name == paced {
				pace(job, r.rate)
			}
			return job
		})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.fail(g, p, round, err)
		default:
			g.samples[p] = append(g.samples[p], sample)
			r.show.end(g.label(p), round, r.o.rounds, sample)
		}
	}
	if round == 1 && counted(g) {
		r.count(ctx, g)
	}
}

// collect makes rows of what was measured.
func (r *runner) collect() {
	for _, g := range r.groups {
		rows := g.rows()
		for i := range rows {
			if g.scenario.name == paced {
				rows[i].Note = join(rows[i].Note, fmt.Sprintf("at %d requests a second", r.rate))
			}
		}
		compare(rows)
		r.f.Rows = append(r.f.Rows, rows...)
		s := result.Scenario{Name: g.scenario.name, About: g.scenario.about}
		switch {
		case len(rows) > 0 && !slices.Contains(r.f.Scenarios, s):
			r.f.Scenarios = append(r.f.Scenarios, s)
		case len(rows) == 0 && len(g.broken) == 0:
			for _, p := range g.peers {
				r.f.Absent = append(r.f.Absent, result.Absent{Scenario: g.scenario.name, Peer: p, Conns: g.conns, Reason: "there was no time left"})
			}
		}
	}
}

// fail strikes a peer from a group: a row that others can trust needs every
// answer of every round.
func (r *runner) fail(g *group, peer string, round int, err error) {
	g.broken[peer] = true
	delete(g.samples, peer)
	r.f.Failed = append(r.f.Failed, result.Failure{
		Scenario: g.scenario.name, Peer: peer, Conns: g.conns, Variant: g.variant, Round: round, Reason: err.Error(),
	})
	r.show.failed(g.label(peer), round, err)
}

// findRate sets the rate of the open loop: half of what net/http manages when
// it is kept busy.
func (r *runner) findRate(ctx context.Context, g *group) error {
	r.show.begin(g.label("nethttp")+", its rate", 1, 1)
	sample, err := r.measure(ctx, "nethttp", func(at *origin.Addrs) *peers.Job { return g.request(r.o, at) })
	if err != nil {
		return err
	}
	r.rate = max(int(sample.Figures["rps"]/200)*100, 100)
	return nil
}

// count counts the system calls of peers in Go.
func (r *runner) count(ctx context.Context, g *group) {
	for _, p := range g.peers {
		if peers.Of(p) == nil || g.broken[p] {
			continue
		}
		r.show.begin(g.label(p)+", its system calls", 1, 1)
		n, err := r.syscalls(ctx, g, p)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.f.Absent = append(r.f.Absent, result.Absent{Scenario: g.scenario.name, Peer: "strace", Conns: g.conns, Reason: err.Error()})
			return
		}
		g.calls[p] = n
	}
}

// rows makes a row of the samples of each peer.
func (g *group) rows() (all []result.Row) {
	for _, p := range g.peers {
		samples := g.samples[p]
		if len(samples) == 0 {
			continue
		}
		row := result.Row{
			Scenario: g.scenario.name, Peer: p, Conns: g.conns, Variant: g.variant, Note: note(p),
			Figures: map[string]result.Figure{}, Ratio: map[string]float64{},
		}
		for name := range samples[0].Figures {
			var rounds []float64
			for _, s := range samples {
				if v, ok := s.Figures[name]; ok {
					rounds = append(rounds, v)
				}
			}
			if len(rounds) == len(samples) {
				row.Figures[name] = result.Of(rounds)
			}
		}
		if n, ok := g.calls[p]; ok {
			row.Figures["syscalls_per_req"] = result.Of([]float64{n})
		}
		all = append(all, row)
	}
	return all
}

// compare gives each row its ratios to the subject's.
func compare(rows []result.Row) {
	for _, subject := range rows {
		if subject.Peer != result.Subject {
			continue
		}
		for i := range rows {
			for name, theirs := range rows[i].Figures {
				if ours, ok := subject.Figures[name]; ok && rows[i].Peer != result.Subject {
					if ratio, ok := result.Ratio(ours, theirs); ok {
						rows[i].Ratio[name] = ratio
					}
				}
			}
		}
	}
}

func note(peer string) string {
	if p := peers.Of(peer); p != nil {
		return p.Note
	}
	return foreign.Of(peer).Note
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
