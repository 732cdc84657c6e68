package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminalPair returns a terminal, and what a person would see of it, once
// the terminal is closed.
func newTerminalPair(t *testing.T, columns uint16) (terminal *os.File, seen func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no terminals here:", err)
	}
	fd := int(master.Fd())
	check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	check(t, err)
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	check(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}))
	var text bytes.Buffer
	ended := make(chan struct{})
	go func() {
		io.Copy(&text, master) // until the other end is closed, which is an error here
		close(ended)
	}()
	t.Cleanup(func() { master.Close() })
	return terminal, func() string {
		terminal.Close()
		<-ended
		return text.String()
	}
}

// TestProgressOnATerminal: there it is, and with -s, --ndjson, in a pipe or
// before a body on the same terminal it is not.
func TestProgressOnATerminal(t *testing.T) {
	r := startRecorder(t)
	url := "http://" + r.addr() + "/size?100000"
	dir := t.TempDir()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"to a file", []string{"-o", "FILE"}, "file  100%  98 KiB"},
		{"side by side", []string{"-Z", "-o", "FILE"}, "1 of 1 done  98 KiB"},
		{"silent", []string{"-s", "-o", "FILE"}, ""},
		{"told", []string{"-v", "-o", "FILE"}, "* "},
		{"a record", []string{"--ndjson", "-o", "FILE"}, ""},
		{"not to a file", nil, ""},
		{"side by side, not to a file", []string{"-Z"}, ""},
		{"a failure", []string{"-f", "-o", "FILE", "http://" + r.addr() + "/missing"}, "the server answered 404"},
	} {
		terminal, seen := newTerminalPair(t, 60)
		args := []string{"get"}
		for _, arg := range test.args {
			args = append(args, strings.Replace(arg, "FILE", filepath.Join(dir, "file"), 1))
		}
		if test.name != "a failure" {
			args = append(args, url)
		}
		run(t.Context(), args, strings.NewReader(""), io.Discard, terminal)
		got := seen()
		bar := strings.Contains(got, "\r") && strings.Contains(got, "KiB")
		if wantBar := strings.Contains(test.want, "KiB"); bar != wantBar || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q; want %q", test.name, got, test.want)
		}
	}
}
