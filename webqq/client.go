package webqq

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A Client is one account on the service. Everything about it happens on the
// goroutine of the loop behind its Adder; a function called done is called
// there exactly once, never before the method it was given to has returned.
type Client struct {
	s     Adder
	o     Options
	log   *slog.Logger
	rand  *rand.Rand
	hosts hosts

	state   State
	session session // what resuming needs
	epoch   int     // counts logins and stops; a chain of an older epoch only finishes what it has in hand
	hash    int     // index into listHashes
	roster  *roster
	past    []*roster // of earlier logins, newest first

	login   *login        // under way, or nil
	main    sched.Chain   // the login, then the lists, then the poll
	stale   []sched.Chain // polls of earlier epochs: they may still bring something
	side    [sides]sched.Chain
	running bool            // supervised: heal
	stopped func(err error) // of Start or Listen

	online   bool // the poll runs, sends may go
	healed   healed
	seen     dedupe
	echoes   echoes
	beats    int
	fetch    []Chat // whose members are wanted
	fetching bool

	pacer    pacer
	queue    []*outgoing
	sending  *outgoing
	sendMain sched.Chain
	msgID    uint64
	misses   int // sends in a row without a clear answer
	losses   Losses
	drained  func() // what waits until the queue is empty
}

// The chains that run beside the main one.
const (
	sideMembers = iota
	sideRefresh
	sideHeartbeat
	sides
)

// callTimeout is the longest a call may take; the lists of the real service
// took up to ten seconds.
const callTimeout = 30 * time.Second

// New returns a client that speaks over s. It makes no request.
func New(s Adder, o Options) (*Client, error) {
	o = o.withDefaults(s)
	switch {
	case s == nil:
		return nil, errors.New("webqq: no Adder to send requests with")
	case o.Jar == nil:
		return nil, errors.New("webqq: Options.Jar is nil: it must be the jar that the stream uses")
	case o.Soon == nil:
		return nil, errors.New("webqq: Options.Soon is nil, and the Adder has no loop to take it from")
	case o.Era > Classic:
		return nil, fmt.Errorf("webqq: Options.Era is %d; want SmartQQ or Classic", o.Era)
	case o.Era == Classic && (o.Account == 0 || o.Password == ""):
		return nil, errors.New("webqq: Classic needs Options.Account and Options.Password")
	}
	c := &Client{s: s, o: o, log: o.Logger, rand: rand.New(o.Rand), hosts: hostsOf(o.Era), roster: newRoster()}
	c.pacer.interval = max(0, o.Pacing)
	c.msgID = uint64(c.o.Now().Unix()) % 10000 * 10000
	c.session = c.freshSession()
	if o.Era == Classic {
		c.msgID = 10_000_000 + c.rand.Uint64N(80_000_000)
	}
	return c, nil
}

// Start logs in, by the old session if there is one, fetches the contacts, and
// polls for ever, healing by itself whatever can be healed without a person.
// stopped hears why it ended: nil after Stop, Shutdown and Logout; an error
// that a person has to see to, such as a wrong password; or the stream's.
func (c *Client) Start(stopped func(error)) {
	if c.running || c.login != nil {
		c.o.Soon(func() { stopped(ErrBusy) })
		return
	}
	c.running, c.stopped = true, stopped
	c.login = newLogin(c.firstRung(), nil)
	c.setState(LoggingIn, nil, 0)
	c.launch(c.begin())
}

// Login logs in and does no more: see Listen. One failure of the service to
// let the account in, by any of the ways there are, is the end.
func (c *Client) Login(done func(error)) {
	if c.running || c.login != nil {
		c.o.Soon(func() { done(ErrBusy) })
		return
	}
	c.login = newLogin(c.firstRung(), done)
	c.setState(LoggingIn, nil, 0)
	c.launch(c.begin())
}

// Listen goes on after Login as Start would: contacts, then the poll, for
// ever. stopped is as for Start.
func (c *Client) Listen(stopped func(error)) {
	switch {
	case c.running || c.login != nil:
		c.o.Soon(func() { stopped(ErrBusy) })
	case c.session.PSessionID == "":
		c.o.Soon(func() { stopped(ErrNotLoggedIn) })
	default:
		c.running, c.stopped = true, stopped
		c.launch(c.listen())
	}
}

// Stop ends everything at once. Messages that wait to be sent fail with
// ErrStopped. The session stays good: the next Start resumes it.
func (c *Client) Stop() { c.stop(nil) }

// Shutdown is Stop after the messages that wait have been sent. If the client
// is not online now they are not waited for.
func (c *Client) Shutdown(done func()) {
	c.drain(func() {
		c.stop(nil)
		c.o.Soon(done)
	})
}

// drain calls then when no message waits, and lets no new one in.
func (c *Client) drain(then func()) {
	if c.drained != nil {
		then = both(c.drained, then)
	}
	c.drained = then
	if c.sending == nil && len(c.queue) == 0 || !c.online {
		c.finishDrain()
	}
}

func both(a, b func()) func() { return func() { a(); b() } }

func (c *Client) finishDrain() {
	if then := c.drained; then != nil {
		c.drained = nil
		then()
	}
}

// stop ends all chains and tells everyone who waits.
func (c *Client) stop(err error) {
	c.epoch++
	c.online = false
	c.main.Cancel()
	c.sendMain.Cancel()
	for _, chain := range c.stale {
		chain.Cancel()
	}
	c.stale = nil
	c.endSides()

	reason := err
	if reason == nil {
		reason = ErrStopped
	}
	if l := c.login; l != nil {
		c.login = nil
		if l.done != nil {
			c.o.Soon(func() { l.done(reason) })
		}
	}
	// The message under way is told by its own readback, which knows whether
	// it has left.
	c.sending = nil
	queue := c.queue
	c.queue = nil
	for _, o := range queue {
		c.o.Soon(func() { o.finish(reason) })
	}
	if c.running {
		c.running = false
		stopped := c.stopped
		c.stopped = nil
		c.o.Soon(func() { stopped(err) })
	}
	c.setState(Offline, err, 0)
	c.finishDrain()
}

// gone reports whether err means that the chain is over, not that the request
// failed: cancelled by us, or with the stream itself.
func (c *Client) gone(err error) bool {
	if errors.Is(err, sched.ErrClosed) {
		if c.running || c.login != nil {
			c.stop(err)
		}
		return true
	}
	return errors.Is(err, sched.ErrCancelled)
}

// launch starts n as the main chain.
func (c *Client) launch(n sched.Next) {
	if n.Request != nil {
		c.main = c.s.AddAfter(n.Delay, n.Request, n.Readback)
	}
}

// launchSide starts n beside the main chain, until the next login or stop.
func (c *Client) launchSide(which int, n sched.Next) {
	c.side[which] = c.s.AddAfter(n.Delay, n.Request, n.Readback)
}

// endSides ends what runs beside the main chain.
func (c *Client) endSides() {
	for i := range c.side {
		c.side[i].Cancel()
		c.side[i] = sched.Chain{}
	}
	c.fetch, c.fetching = nil, false
}

// ms is the t of every GET: milliseconds, against caches.
func (c *Client) ms() string { return strconv.FormatInt(c.o.Now().UnixMilli(), 10) }

// random is the t or r of the login hosts.
func (c *Client) random() string {
	return strconv.FormatFloat(c.rand.Float64(), 'f', 16, 64)
}

// fill fills b with random bytes.
func (c *Client) fill(b []byte) {
	for i := range b {
		b[i] = byte(c.rand.Uint32())
	}
}

// wait returns how long to wait after n failures in a row: from a second,
// doubling, up to longest; the last half is drawn, so that a thousand clients
// do not come back in one moment.
func (c *Client) wait(n int, longest time.Duration) time.Duration {
	d := longest
	if n < 20 {
		d = min(longest, time.Second<<max(0, n-1))
	}
	return d/2 + time.Duration(c.rand.Int64N(int64(d/2)+1))
}
