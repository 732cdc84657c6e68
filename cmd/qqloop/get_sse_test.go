package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// events serves event streams: what one says depends on how often it was asked.
func events(t *testing.T, say func(w http.ResponseWriter, r *http.Request, nth int)) (url string) {
	t.Helper()
	t.Setenv("no_proxy", "*")
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		w.Header().Set("Content-Type", "text/event-stream")
		say(w, r, n)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestSSE: events are lines, a stream that ends is followed on from the last
// id, and 204 is the end.
func TestSSE(t *testing.T) {
	url := events(t, func(w http.ResponseWriter, r *http.Request, nth int) {
		switch nth {
		case 1:
			io.WriteString(w, "data: first\n\nretry: 7\nevent: named\nid: x\ndata: <a>\ndata: \"b\"\n\n: a comment\n\ndata: cut off\n")
		case 2:
			fmt.Fprintf(w, "data: from %s, %s\n\n", r.Header.Get("Last-Event-ID"), r.Header.Get("Accept"))
		default:
			w.WriteHeader(204)
		}
	})
	status, stdout, stderr := get(t, "--sse", url)
	want := `{"event":"message","id":"","data":"first","retry":null,"url":"` + url + `"}
{"event":"named","id":"x","data":"<a>\n\"b\"","retry":7,"url":"` + url + `"}
{"event":"message","id":"x","data":"from x, text/event-stream","retry":7,"url":"` + url + `"}
`
	again := "qqloop: GET " + url + "/: the stream has ended; once more in 7ms\n"
	if status != exitDone || stdout != want || stderr != again+again {
		t.Errorf("got status %d\n%s%s; want 0\n%s%s", status, stdout, stderr, want, again+again)
	}
}

// TestSSEEnds is about what else ends it.
func TestSSEEnds(t *testing.T) {
	silent := events(t, func(w http.ResponseWriter, r *http.Request, nth int) {
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	once := events(t, func(w http.ResponseWriter, r *http.Request, nth int) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "data: %s %s %d\n\n", r.Method, body, nth)
	})
	missing := events(t, func(w http.ResponseWriter, r *http.Request, nth int) { w.WriteHeader(404) })
	plain := events(t, func(w http.ResponseWriter, r *http.Request, nth int) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "data: 1\n\n")
	})
	for _, test := range []struct {
		name   string
		args   []string
		status int
		lines  int
		says   string
	}{
		{"-m", []string{"-m", "0.2", silent}, exitFailed, 1, "the deadline of -m has passed"},
		{"all end", []string{"-m", "0.2", silent, silent, missing}, exitFailed, 2, "status 404"},
		{"an error that will not pass", []string{missing}, exitFailed, 0, "status 404"},
		{"what is no event stream", []string{plain}, exitFailed, 0, `"text/plain" is no event stream`},
		{"a POST is made once", []string{"-d", "x", once}, exitDone, 1, ""},
		{"a URL that is none", []string{"-s", "ftp://x"}, exitFailed, 0, ""},
		{"no URL", []string{"--urls", "/dev/null"}, exitDone, 0, ""},
		{"what it has no use for", []string{"-o", "file", silent}, exitUsage, 0, "leave out"},
	} {
		status, stdout, stderr := get(t, append([]string{"--sse"}, test.args...)...)
		if status != test.status || strings.Count(stdout, "\n") != test.lines || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: got status %d, %q, %q; want %d, %d lines, %q", test.name, status, stdout, stderr, test.status, test.lines, test.says)
		}
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	stdout := writerFunc(func(p []byte) (int, error) { cancel(&signalled{syscall.SIGINT}); return len(p), nil })
	if status := run(ctx, []string{"get", "--sse", silent}, strings.NewReader(""), stdout, io.Discard); status != exitInterrupted {
		t.Errorf("an interrupt: got status %d; want %d", status, exitInterrupted)
	}
	if status := run(t.Context(), []string{"get", "--sse", silent}, strings.NewReader(""), brokenPipe{}, io.Discard); status != exitFailed {
		t.Errorf("a broken pipe: got status %d; want %d", status, exitFailed)
	}
}

// TestSSEConnectsAgain: also after a failure, with a wait that grows.
func TestSSEConnectsAgain(t *testing.T) {
	url := events(t, func(w http.ResponseWriter, r *http.Request, nth int) {
		switch nth {
		case 1:
			io.WriteString(w, "retry: 1\n\n")
		case 2, 3:
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		default:
			w.WriteHeader(204)
		}
	})
	start := time.Now()
	status, stdout, stderr := get(t, "--sse", url)
	if status != exitDone || stdout != "" || strings.Count(stderr, "once more in") < 2 { // of the two that fail the engine may replay one
		t.Errorf("got status %d, %q and\n%safter %v; want 0, nothing, and more attempts", status, stdout, stderr, time.Since(start))
	}
}
