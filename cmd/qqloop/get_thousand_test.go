package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// block is a 256th of the body of /N, to the byte another one for each N.
func block(n int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%-63d\n", n), 64) }

// serveMegabytes answers each request with a megabyte, when so many have come:
// they are under way at the same time then. /last is answered, with one byte,
// when hold is closed.
func serveMegabytes(t *testing.T, together int32, hold chan struct{}) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	var came atomic.Int32
	all := make(chan struct{})
	serve := func(c net.Conn) {
		defer c.Close()
		in := bufio.NewReaderSize(c, 512)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "GET /last ") {
				<-hold
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.")
			}
			var n int
			if _, err := fmt.Sscanf(line, "GET /%d ", &n); err != nil {
				continue // a field
			}
			if came.Add(1) == together {
				close(all)
			}
			<-all
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 1<<20)
			for b := range 256 {
				if _, err := c.Write(block(n)); err != nil {
					t.Errorf("/%d, block %d: %v", n, b, err)
					return
				}
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

// TestThousandDownloads: a thousand files of a megabyte at once, in one process
// and in bounded memory, whether they go to files or to standard output.
func TestThousandDownloads(t *testing.T) {
	if testing.Short() {
		t.Skip("a gigabyte: not with -short")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("this system does not tell how much memory another process has had:", err)
	}
	const bound = 128 << 20
	for _, test := range []struct {
		name  string
		many  int
		flags []string
	}{
		{"to files", 1000, []string{"--remote-name-all", "-w", "%{filename_effective}\\n"}},
		{"to standard output", 300, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			together := min(test.many, descriptors()/2-1)
			hold := make(chan struct{})
			addr := serveMegabytes(t, int32(together), hold)
			urls := "http://" + addr + "/last\n"
			for n := range test.many {
				urls += fmt.Sprintf("http://%s/%d\n", addr, n)
			}
			check(t, os.WriteFile(filepath.Join(dir, "urls"), []byte(urls), 0o600))
			cmd := exec.Command("qqloop", append([]string{"get", "-Z", "--parallel-max", "1001", "--urls", "urls"}, test.flags...)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "no_proxy=*", "TMPDIR="+dir)
			cmd.Stderr = os.Stderr
			stdout, err := cmd.StdoutPipe()
			check(t, err)
			out := bufio.NewReader(stdout)
			start := time.Now()
			check(t, cmd.Start())
			defer cmd.Process.Kill()

			seen := map[int]bool{}
			for range test.many {
				var body io.ReadCloser = io.NopCloser(out)
				name := ""
				if test.flags != nil {
					if name, err = out.ReadString('\n'); err == nil {
						body, err = os.Open(filepath.Join(dir, strings.TrimSpace(name)))
					}
					check(t, err)
				}
				n := readMegabyte(t, body)
				if seen[n] || name != "" && strings.TrimSpace(name) != fmt.Sprint(n) {
					t.Errorf("the body of /%d, in %q, is not the one, or not the only one", n, name)
				}
				seen[n] = true
				body.Close()
			}
			took := time.Since(start)
			// Not the process's rusage: Linux counts there what its parent had when
			// it was born.
			peak := mostResident(t, cmd.Process.Pid)
			close(hold)
			check(t, cmd.Wait())
			t.Logf("%d downloads of 1 MiB, %d at once: %v, at most %d MiB resident", test.many, together, took.Round(time.Millisecond), peak>>20)
			if peak > bound {
				t.Errorf("got %d bytes resident; want at most %d", peak, bound)
			}
		})
	}
}

// readMegabyte checks a body by its hash, and says of which URL it is.
func readMegabyte(t *testing.T, r io.Reader) (n int) {
	t.Helper()
	first := make([]byte, 64)
	_, err := io.ReadFull(r, first)
	check(t, err)
	_, err = fmt.Sscanf(string(first), "%d", &n)
	check(t, err)
	got, want := sha256.New(), sha256.New()
	got.Write(first)
	_, err = io.CopyN(got, r, 1<<20-int64(len(first)))
	check(t, err)
	for range 256 {
		want.Write(block(n))
	}
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Fatalf("the body of /%d is wrong", n)
	}
	return n
}

// mostResident returns the most memory that a running process has had.
func mostResident(t *testing.T, pid int) (bytes int64) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(t, err)
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	t.Fatalf("no VmHWM in %s", status)
	return 0
}
