//go:build linux

package sched_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

const (
	manyStreams = 1000
	perStream   = 5 // events

	// streamBound is how much Go memory a stream that waits may cost. The
	// reader of a response is most of it.
	streamBound = 4 << 10
)

// A thousand event streams on one loop. Each has had its first event when they
// are counted; the others come on the same connections, which then end, and the
// server has nothing to say to those who come back.
func TestThousandEventStreams(t *testing.T) {
	if limit, _ := kernel.New(kernel.Options{}).Descriptors(); limit < manyStreams+200 {
		t.Skipf("the limit on descriptors is %d; want %d", limit, manyStreams+200)
	}
	goOn := make(chan struct{})
	goOnce := sync.OnceFunc(func() { close(goOn) })
	defer goOnce()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/go":
			goOnce()
		case r.Header.Get("Last-Event-ID") == strconv.Itoa(perStream):
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			for n := range perStream {
				fmt.Fprintf(w, "retry: 1\nid: %d\ndata: %s %d\n\n", n+1, r.URL.Path, n+1)
				http.NewResponseController(w).Flush()
				if n == 0 {
					<-goOn
				}
			}
		}
	}))
	defer server.Close()
	inChild(t, "streams", server.URL)
}

// runStreams is the client of TestThousandEventStreams.
func runStreams(url string) int {
	l, err := loop.New(loop.Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()
	c := &streamsClient{stream: s, url: url, before: inUse(), goroutines: runtime.NumGoroutine(), open: manyStreams}
	for i := range manyStreams {
		c.follow(fmt.Sprintf("/%d", i))
	}
	guard := l.CallLater(patience, func() { c.fail(errors.New("the streams take too long")) })
	defer guard.Stop()
	if err := l.Run(); err != nil {
		c.fail(err)
	}
	if c.failed {
		return 1
	}
	return 0
}

type streamsClient struct {
	stream     *sched.Stream
	url        string
	before     int64
	goroutines int

	begun  int // streams that have had an event
	open   int // that have not ended
	failed bool
}

func (c *streamsClient) follow(path string) {
	n := 0
	c.stream.Events(sched.EventSource{
		Request: sched.Get(c.url + path),
		OnEvent: func(e httpwire.ServerEvent) error {
			n++
			if want := fmt.Sprintf("%s %d", path, n); e.Data != want {
				c.fail(fmt.Errorf("got the event %q; want %q", e.Data, want))
			}
			if n == 1 {
				if c.begun++; c.begun == manyStreams {
					c.measure()
				}
			}
			return nil
		},
		OnEnd: func(cause error) {
			if cause != nil || n != perStream {
				c.fail(fmt.Errorf("%s ended with %v after %d events; want nil after %d", path, cause, n, perStream))
			}
			if c.open--; c.open == 0 {
				c.stream.Loop().Stop()
			}
		},
	})
}

// measure looks at what a thousand streams that wait cost, and lets them go on.
func (c *streamsClient) measure() {
	each, more := (inUse()-c.before)/manyStreams, runtime.NumGoroutine()-c.goroutines
	open := c.stream.Stats().Open
	fmt.Printf("%d event streams on %d connections: %d bytes of Go memory each, %d goroutines more\n", manyStreams, open, each, more)
	if each > streamBound || more > 0 || open != manyStreams {
		c.fail(fmt.Errorf("want %d connections, at most %d bytes each, and no goroutine", manyStreams, streamBound))
	}
	c.stream.Add(sched.Get(c.url+"/go"), nil)
}

func (c *streamsClient) fail(err error) {
	if !c.failed {
		fmt.Println(err)
	}
	c.failed = true
	c.stream.Loop().Stop()
}
