//go:build !unix

package script

import "os/exec"

// Elsewhere there are no process groups: what a child has started goes on.
func group(*exec.Cmd) {}

func terminate(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func kill(*exec.Cmd) {}
