package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// A writerFunc is a function as an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestStreams: the second half of the body is sent only when the first has
// come out.
func TestStreams(t *testing.T) {
	t.Setenv("no_proxy", "*")
	came := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first ")
		w.(http.Flusher).Flush()
		select {
		case <-came:
			io.WriteString(w, "second")
		case <-r.Context().Done(): // -m has passed
		}
	}))
	defer server.Close()
	var got bytes.Buffer
	stdout := writerFunc(func(p []byte) (int, error) {
		if got.Len() == 0 {
			close(came)
		}
		return got.Write(p)
	})
	if code := run(t.Context(), []string{"get", "-m", "10", server.URL}, strings.NewReader(""), stdout, io.Discard); code != exitDone {
		t.Errorf("got status %d; want %d", code, exitDone)
	}
	if want := "first second"; got.String() != want {
		t.Errorf("got %q; want %q", got.String(), want)
	}
}

// TestStreamsInBoundedMemory: a body of 64 MiB costs less than a part of that,
// the server's share included.
func TestStreamsInBoundedMemory(t *testing.T) {
	t.Setenv("no_proxy", "*")
	const size, bound = 64 << 20, 16 << 20
	piece := make([]byte, 64<<10)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
			for range size / len(piece) {
				c.Write(piece)
			}
			c.Close()
		}
	}()
	file := filepath.Join(t.TempDir(), "body")
	for _, args := range [][]string{{}, {"-o", file}, {"-Z", "-o", os.DevNull}} {
		var before, after runtime.MemStats
		var n int64
		stdout := writerFunc(func(p []byte) (int, error) { n += int64(len(p)); return len(p), nil })
		runtime.ReadMemStats(&before)
		code := run(t.Context(), append([]string{"get", "http://" + l.Addr().String()}, args...), strings.NewReader(""), stdout, io.Discard)
		runtime.ReadMemStats(&after)
		if code != exitDone {
			t.Errorf("%q: got status %d; want %d", args, code, exitDone)
		}
		if len(args) == 0 && n != size {
			t.Errorf("got %d bytes; want %d", n, size)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > bound {
			t.Errorf("%q: got %d bytes allocated; want at most %d", args, got, bound)
		}
	}
	info, err := os.Stat(file)
	check(t, err)
	if info.Size() != size {
		t.Errorf("got a file of %d bytes; want %d", info.Size(), size)
	}
}

// TestStreamsToBrokenOutput: a standard output that takes no more ends the
// transfer, and the run.
func TestStreamsToBrokenOutput(t *testing.T) {
	t.Setenv("no_proxy", "*")
	var served atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the client goes
	}))
	defer server.Close()
	var stderr strings.Builder
	stdout := writerFunc(func([]byte) (int, error) { return 0, errors.New("the disk is full") })
	code := run(t.Context(), []string{"get", "-m", "10", server.URL, server.URL}, strings.NewReader(""), stdout, &stderr)
	if want := "qqloop: standard output: the disk is full\n"; code != exitFailed || stderr.String() != want || served.Load() != 1 {
		t.Errorf("got status %d, %q and %d requests; want %d, %q and 1", code, stderr.String(), served.Load(), exitFailed, want)
	}
}

func TestExempt(t *testing.T) {
	for _, test := range []struct {
		list, host string
		want       bool
	}{
		{"", "a.example", false},
		{"*", "a.example", true},
		{"a.example", "a.example", true},
		{"A.Example.", "a.example.", true},
		{"example", "a.example", true},
		{".example", "a.example", true},
		{"a.example", "example", false},
		{"ample", "a.example", false},
		{"b, a.example", "a.example", true},
		{"b a.example", "a.example", true},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.0/8", "127.9.9.9", true},
		{"127.0.0.0/8", "128.0.0.1", false},
		{"0.1", "127.0.0.1", false},
		{"::1", "::1", true},
		{"[::1]", "::1", true},
		{"fd00::/8", "fd12::1", true},
		{",,", "a", false},
	} {
		if got := exempt(test.list, test.host); got != test.want {
			t.Errorf("%q, %q: got %v; want %v", test.list, test.host, got, test.want)
		}
	}
}
