//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// counted is where system calls are counted.
func counted(g *group) bool { return g.scenario.name == "get" && g.conns == 64 }

var errNoStrace = errors.New("strace is not installed: system calls are not counted")

// syscalls counts a peer's system calls for each request. It runs the peer twice
// under strace, with fewer requests and with more: what starting and
// connecting take is the same in both, and falls out.
func (s *stage) syscalls(ctx context.Context, g *group, peer string) (float64, error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return 0, errNoStrace
	}
	const few, many = 1000, 5000
	var calls [2]int
	for i, n := range []int{few, many} {
		n, err := s.strace(ctx, g, peer, n)
		if err != nil {
			return 0, fmt.Errorf("under strace: %w", err)
		}
		calls[i] = n
	}
	return float64(calls[1]-calls[0]) / (many - few), nil
}

// strace returns how many system calls a peer makes for n requests, and for all
// that it does besides.
func (s *stage) strace(ctx context.Context, g *group, peer string, n int) (int, error) {
	f, err := os.CreateTemp("", "bench-*.strace")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	f.Close()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	o, err := s.serve(ctx)
	if err != nil {
		return 0, err
	}
	defer o.stop()
	job := g.request(new(options), &o.Addrs)
	job.Peer, job.Origin = peer, o.PID
	job.Warm, job.N = 2*g.conns, n
	cmd, err := s.peer(ctx, job, "strace", "-f", "-c", "-o", f.Name())
	if err != nil {
		return 0, err
	}
	if _, err := s.output(cmd); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		return 0, err
	}
	return straceTotal(string(text))
}

// straceTotal reads the last line of strace -c: "100.00 0.5 22 29 1 total".
func straceTotal(text string) (int, error) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) >= 5 && words[len(words)-1] == "total" {
			return strconv.Atoi(words[3])
		}
	}
	return 0, errors.New("strace wrote no total")
}
