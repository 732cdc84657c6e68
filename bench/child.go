//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/foreign"
	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
)

// The parts that this program plays for itself: its first argument.
const (
	asOrigin = "as-origin"
	asPeer   = "as-peer"
)

// patience is how long one measurement may take.
const patience = 2 * time.Minute

// The cores of --pin.
const (
	originCore = 0
	peerCore   = 1
)

// A stage starts processes, each in a process group of its own: a terminal's
// interrupt reaches us alone, and we end them.
type stage struct {
	self string
	pin  bool
}

// start starts cmd, on one core if that is asked for.
func (s *stage) start(cmd *exec.Cmd, core int) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	if !s.pin {
		return cmd.Start()
	}
	// A child has the affinity of the thread that makes it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(core)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("--pin: core %d: %w", core, err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return cmd.Start()
}

// output runs cmd to its end and returns what it wrote.
func (s *stage) output(cmd *exec.Cmd) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := s.start(cmd, peerCore); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, tail(errs.String()))
	}
	return out.Bytes(), nil
}

// tail returns the end of what a process said, which most often is the cause.
func tail(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 300 {
		text = "..." + text[len(text)-300:]
	}
	return strings.ReplaceAll(text, "\n", " | ")
}

// server is an origin's process.
type server struct {
	origin.Addrs
	cmd  *exec.Cmd
	life io.Closer // its standard input: it ends with it
	errs bytes.Buffer
}

func (s *stage) serve(ctx context.Context) (*server, error) {
	o := &server{cmd: exec.CommandContext(ctx, s.self, asOrigin)}
	o.cmd.Stderr = &o.errs
	stdin, err := o.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.start(o.cmd, originCore); err != nil {
		return nil, err
	}
	o.life = stdin
	if err := json.NewDecoder(stdout).Decode(&o.Addrs); err != nil {
		return nil, fmt.Errorf("the origin does not start: %w", cmpErr(o.stop(), err))
	}
	return o, nil
}

// stop ends the origin. Its error tells that it had ended before.
func (o *server) stop() error {
	o.life.Close()
	dead := time.AfterFunc(5*time.Second, func() { o.cmd.Cancel() })
	defer dead.Stop()
	if err := o.cmd.Wait(); err != nil {
		return fmt.Errorf("the origin: %w: %s", err, tail(o.errs.String()))
	}
	return nil
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// measure takes one measurement. fill makes the job, when the origin stands.
func (s *stage) measure(ctx context.Context, peer string, fill func(*origin.Addrs) *peers.Job) (load.Sample, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	o, err := s.serve(ctx)
	if err != nil {
		return load.Sample{}, err
	}
	job := fill(&o.Addrs)
	job.Peer = peer
	if job.URL != "" {
		job.Origin = o.PID
	}
	sample, err := s.ask(ctx, job)
	if ctx.Err() == context.DeadlineExceeded {
		err = fmt.Errorf("it did not end within %v", patience)
	}
	if ended := o.stop(); ended != nil {
		err = errors.Join(err, ended) // most likely the cause
	}
	return sample, err
}

// ask has a peer do a job.
func (s *stage) ask(ctx context.Context, job *peers.Job) (load.Sample, error) {
	if p := foreign.Of(job.Peer); p != nil {
		return p.Measure(ctx, job, s.output)
	}
	cmd, err := s.peer(ctx, job)
	if err != nil {
		return load.Sample{}, err
	}
	out, err := s.output(cmd)
	if err != nil {
		return load.Sample{}, err
	}
	var sample load.Sample
	if err := json.Unmarshal(out, &sample); err != nil {
		return sample, fmt.Errorf("its output cannot be read: %w", err)
	}
	if sample.Error != "" {
		return sample, errors.New(sample.Error)
	}
	return sample, nil
}

// peer returns the command that does a job in a process of its own, behind
// the words of another command, if there are any.
func (s *stage) peer(ctx context.Context, job *peers.Job, behind ...string) (*exec.Cmd, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	words := append(behind, s.self, asPeer, string(text))
	return exec.CommandContext(ctx, words[0], words[1:]...), nil
}

func newStage(pin bool) (*stage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if pin && runtime.NumCPU() <= max(originCore, peerCore) {
		return nil, errors.New("--pin: it needs two cores")
	}
	return &stage{self, pin}, nil
}
