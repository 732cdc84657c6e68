//go:build unix

package script

import (
	"os/exec"
	"syscall"
)

// group makes cmd the leader of a process group, so that what it starts is ended
// with it: a shell's children would go on, and hold its pipes open.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// terminate asks the group of cmd to end. One that is stopped must go on to hear
// of it.
func terminate(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
	return err
}

// kill ends what is left of the group of cmd, mostly nobody.
func kill(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
