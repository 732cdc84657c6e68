package main

import (
	"os/exec"
	"testing"
)

// TestExampleConfig reads the sample for people, as qqloop run does: the programs
// of its scripts must be there.
func TestExampleConfig(t *testing.T) {
	for _, program := range []string{"python3", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: %v", program, err)
		}
	}
	c, err := readConfig("../../examples/qqloop.toml")
	check(t, err)
	if len(c.Accounts) != 1 || len(c.Scripts) != 3 || len(c.Rules) < 4 || len(c.Schedules) != 1 {
		t.Errorf("got %+v; want an account, rules, three scripts and a schedule", c)
	}
}
