//go:build linux

package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/result"
)

// look says where and when we are.
func look(o *options) result.Machine {
	memory, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	var name unix.Utsname
	unix.Uname(&name)
	return result.Machine{
		CPU:       field("/proc/cpuinfo", "model name"),
		Cores:     runtime.NumCPU(),
		MemoryKB:  memory,
		Kernel:    unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:]),
		Go:        runtime.Version(),
		Commit:    commit(),
		Limit:     descriptors(),
		LoadFirst: loadAverage(),
		Started:   time.Now().UTC().Truncate(time.Second),
		Pinned:    o.pin,
		Quick:     o.quick,
	}
}

// field returns the value of the first line of a file that begins with a name:
// "name : value".
func field(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// loadAverage returns that of the last minute.
func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}

// commit names what is checked out in the working directory, which is where
// `go run ./bench` found us.
func commit() string {
	head, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(head))
	if changes, err := exec.Command("git", "status", "--porcelain").Output(); err != nil || len(changes) > 0 {
		name += "-dirty"
	}
	return name
}
