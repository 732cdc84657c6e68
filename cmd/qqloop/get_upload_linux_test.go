package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What -T sends goes through the memory and does not fill it: with 256 MB, from
// a file and from a pipe, the process stays where a small one is.
func TestUploadIsNotHeldInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second or two")
	}
	const length, room = 256 << 20, 96 << 10 // bytes, and kB: the program itself has 18,000, and with the race detector 60,000
	pid, peaks := make(chan int, 1), make(chan int, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		peaks <- peakOf(<-pid)
		fmt.Fprintln(w, n, err)
	}))
	defer s.Close()
	name := filepath.Join(t.TempDir(), "long")
	check(t, os.WriteFile(name, nil, 0o600))
	check(t, os.Truncate(name, length))
	for what, args := range map[string][]string{
		"file": {"-T", name}, "pipe": {"-T", "-"}, "data": {"--data-binary", "@" + name},
	} {
		t.Run(what, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "qqloop", append([]string{"get", s.URL}, args...)...)
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			cmd.Stdin = io.LimitReader(zeros{}, length) // through a pipe
			check(t, cmd.Start())
			pid <- cmd.Process.Pid
			if err := cmd.Wait(); err != nil || out.String() != fmt.Sprintln(length, nil) {
				t.Fatalf("got %v, %q; want all %d bytes", err, out.String(), length)
			}
			peak := <-peaks
			t.Logf("the process had %d kB at most", peak)
			if peak == 0 || peak > room {
				t.Errorf("the process had %d kB at most; want no more than %d", peak, room)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// peakOf returns how large a process has been, in kB.
func peakOf(pid int) (n int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &n)
		}
	}
	return n
}
