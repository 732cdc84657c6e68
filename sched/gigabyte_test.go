//go:build linux

package sched_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

const (
	gigabyte = 1 << 30
	half     = gigabyte / 2
	roomMB   = 32 // by how much the process may grow
)

// A gigabyte up and a gigabyte down, through a process that must not grow by
// more than 32 MB. In the middle of the upload the server stops reading, and so
// the client stops writing, until it asks the server to go on.
func TestGigabyte(t *testing.T) {
	if testing.Short() {
		t.Skip("three gigabytes take seconds")
	}
	s := &bulk{goOn: make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	inChild(t, "gigabyte", "http://"+l.Addr().String())
}

// bulk is a server that does as little as possible with very long bodies.
type bulk struct{ goOn chan struct{} }

func (s *bulk) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReaderSize(c, 64<<10)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		switch r.URL.Path {
		case "/down":
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", gigabyte)
			if _, err := io.CopyN(c, zeros{}, gigabyte); err != nil {
				return
			}
			continue
		case "/go-on":
			s.goOn <- struct{}{}
		case "/up-and-wait":
			if _, err := io.CopyN(io.Discard, r.Body, half); err != nil {
				return
			}
			<-s.goOn
			fallthrough
		default:
			if n, err := io.Copy(io.Discard, r.Body); err != nil {
				fmt.Fprintf(c, "HTTP/1.1 500 %d bytes, %v\r\nContent-Length: 0\r\n\r\n", n, err)
				return
			}
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

// runGigabyte is the child: it tells how it went.
func runGigabyte(url string) int {
	l, err := loop.New(loop.Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()
	fetch := func(req *sched.Request) error {
		err := errors.New("the readback was not called")
		s.Add(req, func(resp *sched.Response, e error) sched.Next {
			if err = e; e == nil && resp.Status != 200 {
				err = fmt.Errorf("got %d %s", resp.Status, resp.Reason)
			}
			l.Stop()
			return sched.Next{}
		})
		return errors.Join(l.Run(), err)
	}
	up := func(path string, length int64) *sched.Request {
		return put(url+path, &sched.Upload{Length: length, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, gigabyte)), nil
		}})
	}

	if err := fetch(sched.Get(url + "/")); err != nil { // what everybody has
		fmt.Println(err)
		return 1
	}
	failed := 0
	for _, c := range []struct {
		name string
		req  *sched.Request
	}{
		{"1 GiB up, length known", up("/up-and-wait", gigabyte)},
		{"1 GiB up, in chunks", up("/up", httpwire.Chunked)},
		{"1 GiB down", sched.Get(url + "/down")},
	} {
		switch c.req.URL.Path {
		case "/up-and-wait":
			waitForServer(l, s, c.req, url)
		case "/down":
			c.req.OnBody = func(*sched.Response, []byte) error { return nil }
		}
		before := forgetPeak()
		began := time.Now()
		err := fetch(c.req)
		grown := status("VmHWM") - before
		fmt.Printf("%s: %v, the process grew by %d kB at most, from %d\n", c.name, time.Since(began).Round(time.Millisecond), grown, before)
		if err != nil || grown > roomMB<<10 {
			fmt.Printf("failed: %v\n", err)
			failed = 1
		}
	}
	return failed
}

// waitForServer sees that the upload stops when the server does, and then asks
// the server to go on.
func waitForServer(l *loop.Loop, s *sched.Stream, req *sched.Request, url string) {
	var sent, seen int64
	req.OnSent = func(n int64) { sent = n }
	var look func()
	look = func() {
		if sent < half || sent > seen { // it moves
			seen = sent
			l.CallLater(200*time.Millisecond, look)
			return
		}
		fmt.Printf("stopped %d kB behind what the server has read\n", (sent-half)>>10)
		if sent-half > 64<<20 { // the kernel's buffers on both sides, by far
			fmt.Println("failed: that is too far")
			os.Exit(1)
		}
		s.Add(sched.Get(url+"/go-on"), nil)
	}
	look()
}

// forgetPeak makes the kernel forget the largest size of this process, and
// returns its present one, in kB.
func forgetPeak() int64 {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		fmt.Println("the peak cannot be reset:", err)
	}
	return status("VmRSS")
}

// status returns a figure of /proc/self/status, in kB.
func status(name string) (n int64) {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			fmt.Sscan(rest, &n)
		}
	}
	return n
}
