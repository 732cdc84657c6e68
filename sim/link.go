package sim

import (
	"syscall"
	"time"
)

// This file is the way between two machines: how much goes over it in a
// second, and what becomes of packets while it is cut.

// A pipe is one direction of a line: bytes go over it one behind the other.
type pipe struct{ free time.Duration } // when the last byte so far has passed

// pass returns when n bytes have passed that were ready at the given time. A
// rate of zero is a line without end.
func (p *pipe) pass(at time.Duration, n, rate int) time.Duration {
	if rate <= 0 || n == 0 {
		return at
	}
	at = max(at, p.free) + time.Duration(int64(n)*int64(time.Second)/int64(rate))
	p.free = at
	return at
}

// A line is both directions, and what is wrong with it.
type line struct {
	up, down pipe
	rate     int           // bytes a second, each way
	dark     time.Duration // until when nothing gets through
}

func (l *line) pipe(up bool) *pipe {
	if up {
		return &l.up
	}
	return &l.down
}

// Unplug cuts the program's machine off the network for d: a cable, a router, a
// train in a tunnel. Nobody is told. What is sent meanwhile is sent again by
// TCP, ever more seldom, and arrives some time after the end; a connect gives up
// after 127 seconds, and either side of a connection when its bytes were not
// acknowledged for fifteen minutes. A line that is cut already stays so for the
// longer of the two.
func (w *World) Unplug(d time.Duration) { w.line.dark = max(w.line.dark, w.now+d) }

// Unplug is the same for one server.
func (l *Listener) Unplug(d time.Duration) { l.line.dark = max(l.line.dark, l.w.now+d) }

// Bandwidth bounds what goes over the server's line in a second, each way, of
// all connections together. Zero is no bound.
func (l *Listener) Bandwidth(bytes int) { l.line.rate = bytes }

// What Linux does with bytes that nobody acknowledges: it sends them again
// after 200 ms, then after twice as long each time but no longer than two
// minutes, and gives up after fifteen tries (tcp_retries2).
const (
	firstResend = 200 * time.Millisecond
	lastResend  = 2 * time.Minute
	resendFor   = 924600 * time.Millisecond
)

// resent returns when a packet gets through that was sent at the given time over
// a line that is dark until light, or false if TCP gives up before.
func resent(at, light, first, limit time.Duration) (time.Duration, bool) {
	wait, started := first, at
	for at < light {
		if at+wait-started > limit {
			return 0, false
		}
		at += wait
		wait = min(2*wait, lastResend)
	}
	return at, true
}

// lines are those that a packet of c passes.
func (c *conn) lines() [2]*line {
	lines := [2]*line{&c.w.line}
	if c.l != nil {
		lines[1] = &c.l.line
	}
	return lines
}

// leave returns when n bytes have left the sender and its lines, or false if
// they never will.
func (c *conn) leave(d *direction, n int) (at time.Duration, ok bool) {
	at = c.w.now
	up := d == &c.up
	var light time.Duration
	for _, l := range c.lines() {
		if l != nil {
			at = l.pipe(up).pass(at, n, l.rate)
			light = max(light, l.dark)
		}
	}
	at = d.pipe.pass(at, n, c.fault.Bandwidth)
	if at >= light {
		return at, true
	}
	first, limit := firstResend, resendFor
	if c.peer == nil && up {
		first, limit = time.Second, connectTimeout
	}
	return resent(at, light, first, limit)
}

// giveUp is the end of a direction whose packets are not acknowledged. Only its
// sender learns of it.
func (c *conn) giveUp(d *direction) {
	d.dead = true
	if d == &c.up {
		limit := resendFor
		if c.sock.state == connecting {
			limit = connectTimeout
		}
		c.w.After(limit, func() {
			if c.sock.state == connecting || c.sock.state == established {
				c.sock.fail(syscall.ETIMEDOUT)
			}
		})
		return
	}
	c.w.After(resendFor, func() {
		if c.peer != nil {
			c.peer.die(Silence)
		}
	})
}
