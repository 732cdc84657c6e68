package sched_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// children are what a test may have done in a process of its own, which has
// limits of its own. They tell how it went, and return its status.
var children = map[string]func(arg string) int{
	"descriptors": withFewFiles(runSequential),
	"starve":      withFewFiles(runStarve),
	"gigabyte":    runGigabyte,
	"streams":     runStreams,
}

// runChild is the child process.
func runChild(what string) int {
	name, arg, _ := strings.Cut(what, " ")
	return children[name](arg)
}

// inChild has another process do what is called name, and waits for its end.
func inChild(t *testing.T, name, arg string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVariable+"="+name+" "+arg)
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the child failed: %v", err)
	}
}

// childFiles is the hard limit on descriptors of withFewFiles.
const childFiles = 64

// withFewFiles runs something that may have few descriptors, and sees that none
// is left over, and no goroutine.
func withFewFiles(run func(arg string) error) func(arg string) int {
	return func(arg string) int {
		limit := syscall.Rlimit{Cur: childFiles, Max: childFiles}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			fmt.Println("setrlimit:", err)
			return 1
		}
		// The first call opens what package os needs for itself, and the first
		// timer what the runtime does.
		openFiles()
		time.Sleep(time.Millisecond)
		files, goroutines := openFiles(), runtime.NumGoroutine()
		err := run(arg)
		// Those who looked names up end in their own time.
		for tries := 1000; tries > 0 && runtime.NumGoroutine() > goroutines; tries-- {
			time.Sleep(time.Millisecond)
		}
		fmt.Printf("descriptors: %d at the start, %d at the end\n", files, openFiles())
		fmt.Printf("goroutines: %d at the start, %d at the end\n", goroutines, runtime.NumGoroutine())
		switch {
		case err != nil:
			fmt.Println("failed:", err)
		case openFiles() != files || runtime.NumGoroutine() > goroutines:
			fmt.Println("failed: something has leaked")
		default:
			return 0
		}
		return 1
	}
}

// openFiles returns how many descriptors this process has open.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1 // there is none left to look with
	}
	return len(entries)
}

// openSockets returns how many of them are sockets. What the Go runtime keeps
// for itself, pipes to splice with among it, is not counted.
func openSockets() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
