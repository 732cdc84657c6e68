package onebot

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A Client is one account, as an implementation of OneBot 11 offers it.
// Everything about it happens on the goroutine of the stream's loop; a
// function called done is called there exactly once, never before the method
// it was given to has returned.
type Client struct {
	s    Stream
	o    Options
	log  *slog.Logger
	rand *rand.Rand
	base *url.URL // always of an http scheme
	ws   bool     // it was given with a WebSocket's
	name string   // of the server in errors: the address as it was given, without a password

	state   State
	running bool
	stopped func(error)
	epoch   int // counts attempts to connect, and stops: what belongs to an older one is ignored

	self    ID
	nick    string
	version Version

	// Of this attempt.
	way    Transport // how events come, or are about to
	tried  []error   // what other ways have said
	chain  sched.Chain
	socket *socket
	since  time.Duration // when it was ready; never: it is not yet
	watch  watch

	fails   int // attempts in a row that did not last a minute
	timer   *loop.Timer
	account account
	seen    dedupe
	history history
	sends   sends
	echo    uint64
	pollKey string
	calls   map[*call]struct{}
}

// A Stream runs requests, and follows event streams; *sched.Stream is one.
type Stream interface {
	Loop() *loop.Loop
	Add(req *sched.Request, rb sched.Readback) sched.Chain
	Events(src sched.EventSource) sched.Chain
}

const never = time.Duration(-1)

// stable is how long a connection must last to be taken for a good one.
const stable = time.Minute

// New returns a client that speaks over s. It makes no request.
func New(s Stream, o Options) (*Client, error) {
	if s == nil {
		return nil, errors.New("onebot: no stream to send requests with")
	}
	o = o.withDefaults()
	base, ws, err := o.address()
	if err != nil {
		return nil, err
	}
	c := &Client{s: s, o: o, log: o.Logger, rand: rand.New(o.Rand), base: base, ws: ws, since: never,
		calls: make(map[*call]struct{})}
	c.name = base.Redacted()
	if ws {
		c.name = "ws" + strings.TrimPrefix(c.name, "http")
	}
	c.history.chats = make(map[Chat]int64)
	if !o.Since.IsZero() {
		c.CatchUpFrom(o.Since)
	}
	return c, nil
}

// Start connects, and stays connected for ever. stopped hears why it ended:
// nil after Stop and Shutdown, an *AuthError, or sched.ErrClosed with the
// stream.
func (c *Client) Start(stopped func(error)) {
	if c.running {
		c.soon(func() { stopped(ErrBusy) })
		return
	}
	c.running, c.stopped = true, stopped
	c.fails, c.way = 0, ""
	c.connect()
}

// Stop ends everything at once. Actions under way fail with ErrStopped.
func (c *Client) Stop() { c.stop(nil) }

// Shutdown is Stop after the messages that wait have been sent. If the client
// is not online now they are not waited for.
func (c *Client) Shutdown(done func()) {
	c.drain(func() {
		c.stop(nil)
		c.soon(done)
	})
}

// Account returns the account's number, 0 before the first connection.
func (c *Client) Account() ID { return c.self }

// Nick returns the account's nickname.
func (c *Client) Nick() string { return c.nick }

// Version returns whose implementation it is, as far as it has said.
func (c *Client) Version() Version { return c.version }

// Transport returns how events come; "" before it is known.
func (c *Client) Transport() Transport { return c.way }

func stopTimer(t *loop.Timer) {
	if t != nil {
		t.Stop()
	}
}

// CatchUpFrom is Options.Since for an owner who learns it later. It must be
// called before the first Start.
func (c *Client) CatchUpFrom(since time.Time) {
	c.o.Since = since
	c.history.begin = since.Unix()
}

// Heard returns until when all that was said has been given to OnMessage, by
// the server's clock: what Options.Since should be in the next run. It is zero
// before the first connection.
func (c *Client) Heard() time.Time {
	h := &c.history
	switch {
	case !h.missed && h.last > 0:
		return time.Unix(h.last, 0)
	case h.missed && h.heard > 0:
		return time.Unix(h.heard, 0)
	case h.begin > 0:
		return time.Unix(h.begin, 0)
	}
	return time.Time{}
}

// soon runs fn on the loop's goroutine, after what runs now.
func (c *Client) soon(fn func()) { c.s.Loop().AddCallback(fn) }

// drop lets go of what belongs to this attempt.
func (c *Client) drop() {
	c.epoch++
	c.chain.Cancel()
	c.chain = sched.Chain{}
	if s := c.socket; s != nil {
		c.socket = nil
		s.drop()
	}
	stopTimer(c.timer)
	c.watch.stop()
	c.since = never
	c.abandonCatchUp()
}

func (c *Client) stop(err error) {
	if !c.running {
		return
	}
	c.running = false
	c.drop()
	for k := range c.calls {
		k.chain.Cancel()
	}
	c.failQueue(ErrStopped)
	stopped := c.stopped
	c.stopped = nil
	c.soon(func() { stopped(err) })
	c.setState(Stopped, err, 0)
	c.finishDrain()
}

// lost ends this attempt, and makes another one by and by.
func (c *Client) lost(err error) {
	if !c.running {
		return
	}
	var refused *AuthError
	if errors.As(err, &refused) {
		c.stop(refused)
		return
	}
	if errors.Is(err, sched.ErrClosed) {
		c.stop(err)
		return
	}
	if c.since != never && c.s.Loop().Time()-c.since >= stable {
		c.fails = 0
	}
	c.fails++
	c.drop()
	c.failQueue(ErrNotConnected)
	again := c.wait(c.fails)
	c.log.Warn("the connection is lost", "err", err, "again in", again)
	c.setState(Waiting, err, again)
	c.timer = c.s.Loop().CallLater(again, c.connect)
	c.finishDrain()
}

// wait returns how long to wait after n failures in a row: from a second,
// doubling; the last half is drawn, so that a thousand clients do not come
// back in one moment.
func (c *Client) wait(n int) time.Duration {
	d := c.o.MaxWait
	if n < 20 {
		d = min(d, time.Second<<max(0, n-1))
	}
	return d/2 + time.Duration(c.rand.Int64N(int64(d/2)+1))
}
