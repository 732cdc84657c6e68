package sched_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also serves as the child process of tests that need a process of
// their own: see children.
func TestMain(m *testing.M) {
	switch child := os.Getenv(childVariable); child {
	case "":
	case "origin":
		os.Exit(serveOrigin())
	default:
		os.Exit(runChild(child))
	}
	goleak.VerifyTestMain(m)
}

// childVariable is set in a child process, to what it is to do.
const childVariable = "QQLOOP_TEST_CHILD"
