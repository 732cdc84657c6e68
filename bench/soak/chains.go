//go:build linux

package main

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A crowd are the chains that ask. All of it is on the loop's goroutine.
type crowd struct {
	stream *sched.Stream
	rand   *rand.Rand
	pages  []*sched.Request // the first one is a poll
	ending bool

	sent   int // requests given to the stream
	done   int // readbacks called
	whole  int // of these, with a response
	twice  int // readbacks called more than once
	kinds  map[sched.Kind]int
	broken error // what is no *sched.Error
}

func newCrowd(stream *sched.Stream, base string, seed uint64) (*crowd, error) {
	c := &crowd{stream: stream, rand: rand.New(rand.NewPCG(seed, 11)), kinds: map[sched.Kind]int{}}
	for _, p := range []struct{ method, path string }{
		{"GET", "/poll"}, {"GET", "/small"}, {"GET", "/chunked"}, {"POST", "/post"},
	} {
		r, err := sched.NewRequest(p.method, base+p.path)
		if err != nil {
			return nil, err
		}
		if p.method == "POST" {
			r.Body = []byte("a=1&b=2")
		}
		c.pages = append(c.pages, r)
	}
	return c, nil
}

// start begins n chains, spread over the first seconds.
func (c *crowd) start(n int) {
	for range n {
		next := c.next()
		c.stream.Loop().CallLater(c.wait(5*time.Second), func() {
			c.stream.Add(next.Request, next.Readback)
		})
	}
}

func (c *crowd) wait(most time.Duration) time.Duration {
	return time.Duration(c.rand.Int64N(int64(most)))
}

// next is one step of a chain. Its readback counts how often it is called.
func (c *crowd) next() sched.Next {
	calls := 0
	c.sent++
	return sched.Next{
		Request: c.pages[max(0, c.rand.IntN(15)-11)], // four in five are polls
		Delay:   c.wait(2 * time.Second),
		Readback: func(_ *sched.Response, err error) sched.Next {
			if calls++; calls > 1 {
				c.twice++
				return sched.Next{}
			}
			c.done++
			switch failed, ok := errors.AsType[*sched.Error](err); {
			case err == nil:
				c.whole++
			case ok:
				c.kinds[failed.Kind]++
			default:
				c.broken = err
			}
			if c.ending {
				return sched.Next{}
			}
			return c.next()
		},
	}
}
