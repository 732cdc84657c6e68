package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestSpool: what goes in comes out, wherever it had to wait, and nothing is
// left on the disk.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, sizes := range [][]int{{}, {5}, {spoolMemory}, {spoolMemory, 1}, {spoolMemory - 1, 2, 3}, {3 * spoolMemory, 1}} {
		var s spool
		var want, got bytes.Buffer
		for i, n := range sizes {
			p := bytes.Repeat([]byte{byte('a' + i)}, n)
			want.Write(p)
			_, err := s.Write(p)
			check(t, err)
		}
		n, err := s.WriteTo(&got)
		check(t, err)
		if int(n) != want.Len() || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%v: got %d bytes, and they differ or are not those", sizes, n)
		}
		s.drop()
	}
	left, err := os.ReadDir(dir)
	check(t, err)
	if len(left) != 0 {
		t.Errorf("%v are left", left)
	}
	t.Setenv("TMPDIR", dir+"/missing")
	var s spool
	if _, err := s.Write(make([]byte, spoolMemory+1)); err == nil || !strings.HasPrefix(err.Error(), "-Z: no place to keep a body until its turn: ") {
		t.Errorf("got %v; want an error that names -Z", err)
	}
}

// TestParallelDoesNotMix: long bodies, written in small pieces by turns, come
// out one behind the other, heads in front.
func TestParallelDoesNotMix(t *testing.T) {
	r := startRecorder(t)
	args := []string{"-Z", "-i", "-D", "-"}
	const many, size = 8, 200_000
	for range many {
		args = append(args, "http://"+r.addr()+"/size?200000")
	}
	status, stdout, stderr := get(t, args...)
	head := "HTTP/1.1 200 Because\r\nContent-Length: 200000\r\n\r\n"
	if want := strings.Repeat(head+head+strings.Repeat("x", size), many); status != exitDone || stdout != want {
		t.Errorf("got status %d, %q and %d bytes; want 0 and %d that are not mixed", status, stderr, len(stdout), len(want))
	}
}
