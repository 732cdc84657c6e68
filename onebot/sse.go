package onebot

import (
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// headWait is how long the head of the event stream is waited for. A server
// that has refused nothing until then keeps it back for the first event; or is
// slow, and what is said before it comes is in the history only.
const headWait = 5 * time.Second

// startSSE follows GET /_events, of NapCat's SSE server and of LLBot. The
// stream is opened again by lost, not by sched: all ways of listening are to
// heal in the same way.
func (c *Client) startSSE() {
	epoch, open, begun := c.epoch, false, false
	here := func() bool { return c.epoch == epoch }
	opened := func() {
		if here() && !open {
			open = true
			c.ready()
		}
	}
	// head is that the head has come: from here on nothing is missed.
	head := func() {
		if begun || !here() {
			return
		}
		begun = true
		if open {
			c.mayMiss()
		} else {
			opened()
		}
	}
	r := c.request("GET", "_events")
	r.Timeouts.FirstByte, r.Timeouts.Stall = -1, -1 // silence is watched here
	r.Trace = func(t sched.Trace) {
		if t.Op == sched.TraceHead && t.Head.Status == 200 &&
			strings.HasPrefix(string(t.Head.Fields.Peek("Content-Type")), "text/event-stream") {
			c.soon(head)
		}
	}
	c.watch.head = c.s.Loop().CallLater(headWait, opened)
	c.chain = c.s.Events(sched.EventSource{
		Request: r,
		OnEvent: func(e httpwire.ServerEvent) error {
			if here() {
				head() // the event may have come in one read with it
			}
			if here() {
				c.take([]byte(e.Data))
			}
			return nil
		},
		OnBreak: func(cause error, _ time.Duration) {
			if here() {
				c.lost(ended(cause))
			}
		},
		OnEnd: func(cause error) {
			switch {
			case !here():
			case open:
				c.lost(ended(cause))
			default:
				stopTimer(c.watch.head)
				c.wayFailed(ended(cause))
			}
		},
	})
}

// renew opens the stream anew, while the client stays online: see
// Options.Renew.
func (c *Client) renew() {
	c.log.Debug("the event stream is silent: it is opened anew")
	c.chain.Cancel()
	c.epoch++
	stopTimer(c.watch.head)
	c.abandonCatchUp()
	c.startSSE()
}
