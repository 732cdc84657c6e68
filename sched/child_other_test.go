//go:build !linux

package sched_test

func runChild(string) int { return 2 }

// openFiles cannot tell here how many descriptors are open.
func openFiles() int { return 0 }

// openSockets cannot either.
func openSockets() int { return 0 }
