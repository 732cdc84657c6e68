//go:build linux

package sched_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

const (
	sequential = 20_000
	concurrent = 5_000
)

// A bot's life in a minute: more requests than the process has descriptors, by
// far, over connections that the server closes every now and then. What the
// article's bot died of was a descriptor leaked by each request.
func TestAcceptanceDescriptors(t *testing.T) {
	if testing.Short() {
		t.Skip("25,000 requests take seconds")
	}
	url := "http://" + startNginx(t, `
		keepalive_requests 100;
		server { listen ADDR; location / { return 200 "hello"; } }`) + "/"
	inChild(t, "descriptors", url)
}

// The same with a server that answers nothing at every tenth request: FIN. Each
// GET of these is sent again and answered; each POST is an error, empty_reply,
// and was sent once.
func TestAcceptanceEmptyReplies(t *testing.T) {
	if testing.Short() {
		t.Skip("20,000 requests take seconds")
	}
	requests := make(chan int, 1)
	requests <- 0
	lost := map[string]int{} // with the number in requests
	s := newRaw(t, func(c *rawConn) {
		for c.request() {
			n := <-requests + 1
			if n%10 == 0 {
				lost[c.path]++
			}
			requests <- n
			if n%10 == 0 {
				return
			}
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
		}
	})
	inChild(t, "descriptors", s.url+"/#numbered")

	n := <-requests
	requests <- n
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.heard) != sequential || len(lost) < sequential/12 {
		t.Errorf("the server heard %d different requests, and left %d without an answer; want %d, and a tenth of all", len(s.heard), len(lost), sequential)
	}
	for path, heard := range s.heard {
		want := 1
		if strings.HasPrefix(path, "/GET/") {
			want += lost[path]
		}
		if heard != want {
			t.Errorf("%s was heard %d times, and lost %d times; want %d", path, heard, lost[path], want)
		}
	}
}

// runSequential makes the requests of both tests. With #numbered each has a
// path of its own, every fourth is a POST, and an empty reply to that is no
// failure; then nothing is concurrent.
func runSequential(url string) error {
	base, numbered := strings.CutSuffix(url, "#numbered")
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()

	answered, empty, replayed, most, failures := 0, 0, 0, 0, []error(nil)
	check := func(r *sched.Request, resp *sched.Response, err error) {
		answered++
		if answered%500 == 0 {
			most = max(most, openFiles())
		}
		switch e, _ := errors.AsType[*sched.Error](err); {
		case numbered && err != nil && r.Method == "POST" && e.Kind == sched.EmptyReply && e.Sent && e.Attempts == 1:
			empty++
		case err != nil:
			failures = append(failures, err)
			l.Stop()
		case resp.Status != 200 || !bytes.Equal(resp.Body, []byte("hello")):
			failures = append(failures, fmt.Errorf("got %d, %q", resp.Status, resp.Body))
			l.Stop()
		default:
			replayed += resp.Attempts - 1
		}
	}
	next := func() *sched.Request {
		if !numbered {
			return sched.Get(base)
		}
		method := "GET"
		if answered%4 == 3 {
			method = "POST"
		}
		r := sched.Get(fmt.Sprintf("%s%s/%d", base, method, answered))
		r.Method = method
		return r
	}
	var step func() sched.Next
	step = func() sched.Next {
		r := next()
		return sched.Next{Request: r, Readback: func(resp *sched.Response, err error) sched.Next {
			check(r, resp, err)
			switch {
			case answered < sequential:
				return step()
			case numbered:
				l.Stop()
				return sched.Next{}
			}
			for range concurrent {
				s.Add(r, func(resp *sched.Response, err error) sched.Next {
					check(r, resp, err)
					if answered == sequential+concurrent {
						l.Stop()
					}
					return sched.Next{}
				})
			}
			return sched.Next{}
		}}
	}
	first := step()
	s.Add(first.Request, first.Readback)
	err = l.Run()
	fmt.Printf("%d requests, %d descriptors at most, %d replayed, %d empty replies told\n", answered, most, replayed, empty)
	if want := sequential + concurrent; answered != want && !(numbered && answered == sequential) {
		err = errors.Join(err, fmt.Errorf("%d requests were answered", answered))
	}
	if numbered && (empty == 0 || replayed == 0) {
		err = errors.Join(err, errors.New("no reply was empty"))
	}
	return errors.Join(append(failures, err)...)
}

// Somebody else in the process takes all descriptors, in the middle of a run,
// and gives them back. Requests by name, for which a file and a socket are
// needed, too, wait that long, and then succeed: no name is ever blamed.
func TestAcceptanceNoDescriptors(t *testing.T) {
	s := newRaw(t, func(c *rawConn) {
		for c.request() {
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
		}
	})
	inChild(t, "starve", strings.Replace(s.url, "127.0.0.1", "localhost", 1))
}

func runStarve(url string) error {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()

	var taken []*os.File
	take := func() {
		for {
			f, err := os.Open("/dev/null")
			if err != nil {
				fmt.Printf("took %d descriptors: %v\n", len(taken), err)
				return
			}
			taken = append(taken, f)
		}
	}
	giveBack := func() {
		for _, f := range taken {
			f.Close()
		}
		taken = nil
	}
	defer giveBack()

	const many = 200
	answered, early, failures := 0, 0, []error(nil)
	add := func() {
		for range many {
			s.Add(sched.Get(url+"/"), func(resp *sched.Response, err error) sched.Next {
				if err == nil && string(resp.Body) != "hello" {
					err = fmt.Errorf("got %q", resp.Body)
				}
				if err != nil {
					failures = append(failures, err)
				}
				if len(taken) > 0 {
					early++
				}
				if answered++; answered == 3*many {
					l.Stop()
				}
				return sched.Next{}
			})
		}
	}
	// None at first; then, when some are answered and connections are open.
	take()
	add()
	l.CallLater(300*time.Millisecond, giveBack)
	l.CallLater(350*time.Millisecond, func() { add(); take(); add() })
	l.CallLater(700*time.Millisecond, giveBack)
	l.CallLater(patience, l.Stop)
	err = l.Run()
	fmt.Printf("%d requests were answered, %d of them while there were no descriptors\n", answered, early)
	if answered != 3*many {
		err = errors.Join(err, fmt.Errorf("want %d", 3*many))
	}
	return errors.Join(append(failures, err)...)
}
