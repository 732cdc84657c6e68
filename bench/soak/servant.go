//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// A servant is the servers' process.
type servant struct {
	answer
	cmd   *exec.Cmd
	stdin io.WriteCloser
	says  *json.Decoder
}

// hire starts it, in a process group of its own: an interrupt is ours alone.
func hire(o order) (*servant, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &servant{cmd: exec.Command(self, asServers)}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.says = json.NewDecoder(stdout)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(s.stdin).Encode(o); err != nil {
		return nil, err
	}
	if err := s.says.Decode(&s.answer); err != nil {
		return nil, fmt.Errorf("the servers did not start: %w", err)
	}
	return s, nil
}

// dismiss ends it and returns what it saw.
func (s *servant) dismiss() (answer, error) {
	var a answer
	s.stdin.Close()
	err := s.says.Decode(&a)
	if ended := s.cmd.Wait(); ended != nil {
		err = ended
	}
	if err != nil {
		return a, fmt.Errorf("the servers did not live to the end: %w", err)
	}
	return a, nil
}
