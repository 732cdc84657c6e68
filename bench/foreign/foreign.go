//go:build linux

package foreign

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/peers"
)

// A Peer is a client that is another program.
type Peer struct {
	Name string
	Note string

	program string
	module  string // of Python, that it needs
	most    int    // connections; 0 means no bound
	in      []string
	why     string // it is not in the other scenarios

	// command returns how to run the job, and what reads its output.
	command func(ctx context.Context, job *peers.Job) (*exec.Cmd, reader, error)
}

// A reader makes a sample of what a program wrote, how long it ran and how much
// processor time it used.
type reader func(out []byte, wall, cpu time.Duration) (load.Sample, error)

// All are the clients that are not Go.
var All = []*Peer{wrk, curl, tornado, tornadoCurl, urllib}

// Of returns the peer of that name, or nil.
func Of(name string) *Peer {
	if i := slices.IndexFunc(All, func(p *Peer) bool { return p.Name == name }); i >= 0 {
		return All[i]
	}
	return nil
}

// Look says why the peer cannot be run on this machine, or nil.
func (p *Peer) Look() error {
	if p.module != "" {
		_, err := python(p.module)
		return err
	}
	if _, err := exec.LookPath(p.program); err != nil {
		return errors.New(p.program + " is not installed")
	}
	return nil
}

// Lacks says why the peer has no row in a variant of a scenario; "" means that
// it has one.
func (p *Peer) Lacks(scenario, variant string) string {
	if scenario == "upload" && variant == "reader" {
		return "from a reader: it is only given bodies that are in memory"
	}
	if slices.Contains(p.in, scenario) {
		return ""
	}
	return p.why
}

// TooMany says why the peer does not have so many connections, or "".
func (p *Peer) TooMany(scenario string, conns int) string {
	most := p.most
	if p.module != "" && scenario == "get" {
		most = 100 // it would take a minute, and tell nothing new
	}
	if most > 0 && conns > most {
		return fmt.Sprintf("it is run with up to %d connections", most)
	}
	return ""
}

// Measure runs the job. start starts the command.
func (p *Peer) Measure(ctx context.Context, job *peers.Job, start func(*exec.Cmd) ([]byte, error)) (load.Sample, error) {
	cmd, read, err := p.command(ctx, job)
	if err != nil {
		return load.Sample{}, err
	}
	before, began := load.CPU(job.Origin), time.Now()
	out, err := start(cmd)
	wall := time.Since(began)
	origin := load.CPU(job.Origin) - before
	if err != nil {
		return load.Sample{}, err
	}
	s, err := read(out, wall, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if err == nil && s.Figures != nil && !job.Park {
		s.Figures["origin_share"] = origin.Seconds() / wall.Seconds()
	}
	return s, err
}
