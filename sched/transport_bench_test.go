package sched_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// The benchmarks of Transport play http.Transport beside it. The server is
// another process, so that what the processor does here is the client's work:
// cpu-ns/op is user and system time of this process for each request. It is the
// figure to compare; ns/op is mostly the server's.

// serveOrigin is that other process: it answers on loopback until its standard
// input ends. A path of digits asks for a body of so many bytes.
func serveOrigin() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerSizes(c)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// answerSizes is one connection of serveOrigin.
func answerSizes(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		size := 5
		fmt.Sscanf(line, "GET /%d ", &size)
		for line != "\r\n" {
			if line, err = in.ReadString('\n'); err != nil {
				return
			}
		}
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: %d\r\n\r\n", size)
		if size < 1000 {
			c.Write([]byte(head + strings.Repeat("x", size)))
			continue
		}
		io.WriteString(c, head)
		io.CopyN(c, endless{}, int64(size))
	}
}

// startOriginProcess returns where the other process listens. It ends with b.
func startOriginProcess(b testing.TB) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=origin")
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line)
}

// both plays a benchmark with both transports.
func both(b *testing.B, o sched.TransportOptions, play func(*testing.B, http.RoundTripper, string)) {
	url := startOriginProcess(b)
	for _, side := range []struct {
		name string
		new  func(sched.TransportOptions) (transport, func())
	}{{"http.Transport", newStandard}, {"sched.Transport", newOurs}} {
		b.Run(side.name, func(b *testing.B) {
			rt, end := side.new(o)
			defer end()
			b.ReportAllocs()
			play(b, rt, url)
		})
	}
}

// fetch gets url and reads the response.
func fetch(b testing.TB, rt http.RoundTripper, url string) {
	req, _ := http.NewRequest("GET", url, nil)
	resp, err := rt.RoundTrip(req)
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		b.Error(err)
	}
	resp.Body.Close()
}

// parallel makes b.N requests from so many goroutines, each over a connection of
// its own, and reports the processor's time for each.
func parallel(b *testing.B, rt http.RoundTripper, url string, n int) {
	round := func(each int) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				for j := i; j < each; j += n {
					fetch(b, rt, url)
				}
			})
		}
		all.Wait()
	}
	round(20 * n) // opens the connections
	before := cpuTime()
	b.ResetTimer()
	round(b.N)
	b.StopTimer()
	b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has had of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var manyIdle = sched.TransportOptions{MaxIdleConnsPerHost: 1000}

func BenchmarkTransport(b *testing.B) {
	for _, c := range []struct {
		goroutines, body int
	}{{1, 5}, {64, 5}, {64, 3000}, {64, 30_000}, {4, 3_000_000}} {
		b.Run(fmt.Sprintf("%d-goroutines-%d-bytes", c.goroutines, c.body), func(b *testing.B) {
			both(b, manyIdle, func(b *testing.B, rt http.RoundTripper, url string) {
				parallel(b, rt, fmt.Sprintf("%s/%d", url, c.body), c.goroutines)
			})
		})
	}
}

// BenchmarkTransportParked measures what a response costs whose body nobody
// reads: Go memory and goroutines, for each of b.N of them.
func BenchmarkTransportParked(b *testing.B) {
	both(b, manyIdle, func(b *testing.B, rt http.RoundTripper, url string) {
		const many = 500
		fetch(b, rt, url) // the first request makes what all share
		before, goroutines := inUse(), runtime.NumGoroutine()
		var parked []*http.Response
		for range many {
			req, _ := http.NewRequest("GET", url+"/1000000", nil)
			resp, err := rt.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			parked = append(parked, resp)
		}
		for b.Loop() { // the memory is what counts, not the time
		}
		b.ReportMetric(float64(inUse()-before)/many, "B/parked")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/many, "goroutines/parked")
		for _, resp := range parked {
			resp.Body.Close()
		}
	})
}
