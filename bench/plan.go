//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/foreign"
	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
	"github.com/qqloop/qqloop/bench/result"
)

// A group is what is compared with each other: the peers of one scenario at one
// number of connections.
type group struct {
	scenario *scenario
	conns    int
	variant  string
	peers    []string

	samples map[string][]load.Sample // of each peer, round by round
	broken  map[string]bool          // peers that have failed
	calls   map[string]float64       // system calls for a request, where they are counted
	took    time.Duration            // the last round
}

// label names what is measured: "get 64 qqloop".
func (g *group) label(peer string) string {
	text := g.scenario.name
	if g.conns > 0 {
		text += fmt.Sprintf(" %d", g.conns)
	}
	if g.variant != "" {
		text += " " + g.variant
	}
	return text + " " + peer
}

// request is a job of a group, ready for an origin.
func (g *group) request(o *options, at *origin.Addrs) *peers.Job {
	job := &peers.Job{Scenario: g.scenario.name, Method: "GET", Conns: g.conns}
	g.scenario.job(job, at, g.variant)
	if o.quick {
		job.N = (job.N + 1) / 2
	}
	return job
}

// peerNames are all peers there are, in the contract's order.
func peerNames() (names []string) {
	for _, p := range peers.All {
		names = append(names, p.Name)
	}
	for _, p := range foreign.All {
		names = append(names, p.Name)
	}
	return names
}

// plan says what will be run, and what will not, and why.
func plan(o *options) (groups []*group, absent []result.Absent) {
	for i := range scenarios {
		s := &scenarios[i]
		if o.scenarios != nil && !slices.Contains(o.scenarios, s.name) {
			continue
		}
		conns := s.conns
		if o.quick {
			conns = s.quick
		}
		if o.conns != nil && !s.fixed {
			conns = o.conns
		}
		for _, n := range conns {
			for _, variant := range orOne(s.variants) {
				g := &group{
					scenario: s, conns: n, variant: variant,
					samples: map[string][]load.Sample{}, broken: map[string]bool{}, calls: map[string]float64{},
				}
				for _, name := range peerNames() {
					if o.peers != nil && !slices.Contains(o.peers, name) {
						continue
					}
					a := result.Absent{Scenario: s.name, Peer: name}
					if a.Reason = missing(name); a.Reason != "" {
						a.Scenario = ""
					} else if a.Reason = lacks(name, s.name, variant); a.Reason == "" {
						if a.Reason = tooMany(name, s.name, n); a.Reason == "" {
							g.peers = append(g.peers, name)
							continue
						}
						a.Conns = n
					}
					if !slices.Contains(absent, a) {
						absent = append(absent, a)
					}
				}
				if len(g.peers) > 0 {
					groups = append(groups, g)
				}
			}
		}
	}
	return groups, absent
}

// orOne returns the variants, or one without a name.
func orOne(variants []string) []string {
	if len(variants) == 0 {
		return []string{""}
	}
	return variants
}

// missing says why a peer cannot be run on this machine, or "".
func missing(name string) string {
	if p := foreign.Of(name); p != nil {
		if err := p.Look(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// lacks says why a peer has no row in a variant of a scenario, or "".
func lacks(name, scenario, variant string) string {
	if p := peers.Of(name); p != nil {
		return p.Lacks(scenario, variant)
	}
	return foreign.Of(name).Lacks(scenario, variant)
}

// tooMany says why a peer cannot have so many connections, or "".
func tooMany(name, scenario string, conns int) string {
	if limit := descriptors(); conns > int(limit)-100 {
		return fmt.Sprintf("a process may have %d descriptors here", limit)
	}
	if ports := localPorts(); conns > ports-100 {
		return fmt.Sprintf("there are %d ports for connections to one address here", ports)
	}
	if p := foreign.Of(name); p != nil {
		return p.TooMany(scenario, conns)
	}
	return ""
}

func descriptors() uint64 {
	var r unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_NOFILE, &r)
	return r.Cur
}

// localPorts returns how many connections may go to one address and port.
func localPorts() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	var first, last int
	if _, scan := fmt.Sscan(string(text), &first, &last); err != nil || scan != nil {
		return 28232 // Linux's default
	}
	return last - first + 1
}
