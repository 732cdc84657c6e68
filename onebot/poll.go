package onebot

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A poller is the chain that waits for events by action: get_event of LLBot,
// which keeps a place for each key, or get_updates of go-cqhttp, where
// whoever asks takes all.
type poller struct {
	c     *Client
	epoch int
	shape pollShape
	known bool // the server has the action
}

type pollShape struct {
	action string
	params func(c *Client, wait time.Duration) any
}

var pollShapes = []pollShape{
	{"get_event", func(c *Client, wait time.Duration) any {
		return struct {
			Key     string `json:"key"`
			Timeout int64  `json:"timeout"` // milliseconds
		}{c.pollKey, wait.Milliseconds()}
	}},
	{"get_updates", func(c *Client, wait time.Duration) any {
		return struct {
			Limit   int   `json:"limit"`
			Timeout int64 `json:"timeout"` // seconds; without one a call may hang though events wait
		}{100, max(1, int64(wait/time.Second))}
	}},
}

// pollQuick is what a poll without news has to take at least; the next one
// waits so long if it did not.
const pollQuick = time.Second

// startPoll asks for the first action. The key is kept for the client's life:
// a server that remembers it gives what was missed.
func (c *Client) startPoll() {
	if c.pollKey == "" {
		c.pollKey = fmt.Sprintf("qqloop-%016x", c.rand.Uint64())
	}
	p := &poller{c: c, epoch: c.epoch, shape: pollShapes[0]}
	n := p.poll(0)
	c.chain = c.s.Add(n.Request, n.Readback)
}

// poll asks for news; the first time only whether the action is there.
func (p *poller) poll(after time.Duration) sched.Next {
	wait := p.c.o.PollWait
	if !p.known {
		wait = time.Millisecond
	}
	r := p.c.request("POST", p.shape.action)
	r.Header.Add("Content-Type", "application/json")
	r.Body, _ = encode(p.shape.params(p.c, wait))
	r.Timeouts.FirstByte, r.Timeouts.Stall = wait+10*time.Second, 10*time.Second
	return sched.Next{Request: r, Readback: p.readPoll, Delay: after}
}

// readPoll hands out what came, and polls again.
func (p *poller) readPoll(resp *sched.Response, err error) sched.Next {
	c := p.c
	if p.epoch != c.epoch {
		return sched.Next{}
	}
	data, err := c.readAnswer(p.shape.action, resp, err)
	var news []json.RawMessage
	if err == nil {
		err = decodeData(p.shape.action, data, &news)
	}
	switch {
	case err == nil:
	case !p.known && (c.tolerable(err) || isStatus(err)):
		if p.shape.action == pollShapes[0].action {
			c.tried = append(c.tried, err)
			p.shape = pollShapes[1]
			return p.poll(0)
		}
		c.wayFailed(err)
		return sched.Next{}
	default:
		c.lost(err)
		return sched.Next{}
	}
	c.hear()
	if !p.known {
		p.known = true
		c.ready()
	}
	for _, event := range news {
		if p.epoch != c.epoch {
			return sched.Next{}
		}
		c.take(event)
	}
	if p.epoch != c.epoch {
		return sched.Next{}
	}
	if len(news) == 0 && resp.Timing.Total < pollQuick {
		return p.poll(pollQuick)
	}
	return p.poll(0)
}

func isStatus(err error) bool { _, ok := err.(*StatusError); return ok }
