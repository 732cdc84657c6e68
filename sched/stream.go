package sched

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/internal/pool"
	"github.com/qqloop/qqloop/internal/proxy"
	"github.com/qqloop/qqloop/loop"
)

// A Readback reads one response and says what comes next. Exactly one of resp
// and err is nil; err is an *Error. It runs on the loop's goroutine, once,
// never before Add has returned, and must not block. resp and all its bytes
// are valid until it returns.
type Readback func(resp *Response, err error) Next

// Next is the next step of a chain. The zero value ends the chain, and so does
// a Delay alone.
type Next struct {
	Request *Request

	// Readback reads the response. Nil means: send the request, read the
	// response to its end, drop it, and keep the connection.
	Readback Readback

	// Delay is how long to wait before sending. Zero or less means no wait.
	Delay time.Duration
}

// Options configures a Stream. The zero value is ready to use.
type Options struct {
	// Kernel is what lies below: nil means the operating system. Tests pass
	// the kernel of a sim.World.
	Kernel kernel.Kernel

	// Timeouts are the deadlines of requests that set none of their own.
	Timeouts Timeouts

	// MaxBody is the longest response body that is kept in memory. Zero means
	// 8 MiB, a negative number no bound.
	MaxBody int64

	// HeadTimeout bounds the wait for the whole head of a response, from the last
	// byte of the request written. Zero means no bound but that of Timeouts.
	HeadTimeout time.Duration

	// MaxHead is the longest head of a response, and of its interim responses
	// together. Zero means 64 KiB.
	MaxHead int

	// MaxConns is how many connections may be open at once, idle ones among
	// them. Zero means what the process's limit on descriptors allows when the
	// stream is made, less a quarter of it or 64, whichever is smaller.
	MaxConns int

	// MaxConnsPerHost is how many connections to one host may be open at once,
	// idle ones among them. A request beyond that waits for its own host, and
	// holds up no other. Zero means no bound but MaxConns. A host is a scheme,
	// name and port; with a proxy, its host behind that proxy, or for plain http
	// the proxy itself.
	MaxConnsPerHost int

	// MaxIdle and MaxIdlePerHost are how many connections that nobody uses are
	// kept, of all hosts and of each. When there is one more, the one that has
	// been idle longest is closed. Zero means no bound.
	MaxIdle, MaxIdlePerHost int

	// MaxQueue is how many requests may wait for a name or for a connection.
	// Zero means 65,536. Those beyond fail with QueueFull, at once: who comes too
	// late is refused, and nobody who waits already. The last eighth is kept for
	// hosts that are below their MaxConnsPerHost.
	MaxQueue int

	// IdleTimeout is how long a connection is kept that nobody uses. Zero
	// means 15 s; less than what servers allow, so that it is us who close. A
	// negative one closes each connection after one exchange.
	IdleTimeout time.Duration

	// MaxAge is how long after its opening a connection may still be given to a
	// request, however busy it was, so that servers behind one name all get
	// their share in the end. Zero means for ever.
	MaxAge time.Duration

	// TLS configures https: roots, certificates, versions. Nil means what the
	// system trusts. It is cloned; ServerName is set to each host unless it is
	// given, NextProtos to http/1.1, the least version to 1.2, the time to the
	// loop's, and sessions are kept in memory for resumption unless it has a
	// cache. Its functions may run on other goroutines.
	TLS *tls.Config

	// Jar gives cookies to requests and takes them from responses. Nil means
	// no cookies.
	Jar http.CookieJar

	// Resolve, if not nil, is asked first where to find host and port. When it
	// answers true no name is looked up. The URL, the Host field and the
	// cookies stay those of the host.
	Resolve func(host, port string) (netip.AddrPort, bool)

	// Lookup, if not nil, is asked for the addresses of a host in the place of the
	// system's resolver. It runs on a few goroutines of its own, should return
	// soon after ctx ends, and says that there is no such host by a
	// *net.DNSError with IsNotFound. What it answers is kept as the system's
	// answers are. A Kernel that was given is asked itself.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	// Proxy, if not nil, returns the proxy for a URL, or nil for none, as that of
	// http.Transport does: http.ProxyFromEnvironment's rules are
	// httpproxy.FromEnvironment().ProxyFunc() here.
	Proxy func(*url.URL) (*url.URL, error)

	// AttemptDelay is how long an address may be silent before the next one of
	// its host is tried beside it (RFC 8305). The first that answers is used. Zero
	// means 250 ms; less than 10 ms counts as that. A negative one tries one
	// address after the other, and divides Timeouts.Connect among them.
	AttemptDelay time.Duration

	// ProxyHeader are fields that are sent to a proxy with each CONNECT.
	ProxyHeader httpwire.Header

	// Trace, if not nil, hears of every step of every request, and of what
	// becomes of connections that nobody uses. See Trace for what it may do.
	Trace func(Trace)

	// Logger, if not nil, gets a line at level debug for each exchange that has
	// ended: method, place (without query and credentials), status or kind of
	// failure, remote, reused, attempts, and how long each phase took. Where that
	// level is off, nothing is made ready for it.
	Logger *slog.Logger
}

// A Stream runs chains of requests on one loop. All its methods are for the
// loop's goroutine, or for its owner while the loop does not run.
type Stream struct {
	loop    *loop.Loop
	kernel  kernel.Kernel
	owned   bool // the kernel is ours to shut down
	names   *names.Cache
	pool    *pool.Pool[*conn]
	options Options

	scratch    []byte // every socket is read into it
	plain      []byte // what TLS decrypts of it; nil until then
	encoded    []byte // every request is encoded in it
	sending    rest   // and is this while it is sent
	records    []byte // and encrypted in it; nil while a connection has it
	readers    []*reader
	keptBodies int        // bytes of their buffers
	probe      [4096]byte // a look at a socket that should be silent

	chains  *exchange // all that belong to a chain, newest first
	spare   *exchange // those that belong to none,
	spares  int       // and how many they are
	handed  *Conn     // connections that are no longer ours, newest first
	pending int
	asking  int // how many are resolving
	shaking int // how many handshakes are under way on the loop
	racing  int // how many sockets connect beside another one of their exchange
	errands errands
	waiting queue

	hostTLS   *tls.Config               // of the last host that had one
	shakeTime atomic.Pointer[time.Time] // when the last handshake began

	tallies                    tallies
	requests, answered, failed uint64 // begun, and how they ended
	snapshots                  snapshots

	straight detour // of every exchange that has none of its own; never written to
	bare     extras // of every connection, likewise

	idleTimer loop.Timer              // for the connection that has been idle longest
	proxies   map[string]*proxy.Proxy // by URL
	spaces    map[space]access        // that have asked for credentials
	closed    bool

	shedsLate bool       // too many idle connections are closed by shedCrowds
	crowds    []pool.Key // where there may be too many

	closesIdle bool   // no connection is kept
	drained    func() // if not nil, called when the last connection has gone
}

// scratchSize is how much is read at once: as much as a socket commonly holds.
const scratchSize = 64 << 10

const defaultMaxQueue = 1 << 16

// defaultMaxConns is what the limit on descriptors allows.
func defaultMaxConns(k kernel.Kernel) int {
	limit, _ := k.Descriptors()
	return max(1, limit-min(limit/4, 64))
}

// New returns a Stream on l.
func New(l *loop.Loop, o Options) *Stream {
	s := &Stream{
		loop:    l,
		kernel:  o.Kernel,
		pool:    pool.New[*conn](),
		scratch: make([]byte, scratchSize),
	}
	if s.kernel == nil {
		s.kernel, s.owned = kernel.New(kernel.Options{Resolver: o.Lookup}), true
	}
	o.Timeouts = o.Timeouts.or(defaultTimeouts)
	o.HeadTimeout = or(o.HeadTimeout, never)
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	if o.MaxConns == 0 {
		o.MaxConns = defaultMaxConns(s.kernel)
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = defaultMaxQueue
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 15 * time.Second
	}
	if o.AttemptDelay == 0 {
		o.AttemptDelay = 250 * time.Millisecond
	} else if o.AttemptDelay > 0 {
		o.AttemptDelay = max(o.AttemptDelay, leastDelay)
	}
	o.TLS = s.tlsDefaults(o.TLS)
	s.options = o
	s.names = names.New(l, s.kernel, names.Options{})
	s.idleTimer.Init(l, s.closeIdle)
	s.waiting.init(s)
	s.initErrands()
	return s
}

// Add starts a chain with req, whose response rb reads. Whatever happens, an
// unusable request too, rb hears of it once, and later than this call. A nil
// rb sends the request and drops the response.
func (s *Stream) Add(req *Request, rb Readback) Chain {
	return s.AddAfter(0, req, rb)
}

// AddAfter starts a chain after a delay. It is the delay of the article's
// readbacks, as a timer of the loop: ten thousand of them are ten thousand
// entries in a heap, and not one goroutine.
func (s *Stream) AddAfter(d time.Duration, req *Request, rb Readback) Chain {
	x := s.newExchange()
	c := Chain{x, x.generation} // now: with nothing to do the chain ends at once
	x.follow(Next{Request: req, Readback: rb, Delay: d})
	return c
}

// Chain is a handle to a running chain. It is a value: to drop it costs
// nothing and changes nothing.
type Chain struct {
	x          *exchange
	generation uint32
}

// Cancel ends the chain. The request that is under way, or that waits out its
// delay, fails with ErrCancelled: its readback is called once more, later than
// this call, and what it returns is ignored. In a readback, Cancel on its own
// chain only makes it the last one. A chain that has ended is left alone.
func (c Chain) Cancel() {
	if c.Active() {
		c.x.cancel(ErrCancelled)
	}
}

// Pause stops reading the response, and so, when its window is full, the server.
// What was read already, at most 64 KiB and what that decodes to, may still be
// given to OnBody. Only the total deadline goes on. It is for Request.OnBody;
// a chain that is not reading a response is left alone.
func (c Chain) Pause() { c.pause(true) }

// Resume goes on after Pause.
func (c Chain) Resume() { c.pause(false) }

func (c Chain) pause(on bool) {
	if x := c.x; c.Active() && x.phase == reading && x.paused != on {
		x.paused = on
		x.progress()
		x.arm()
		x.conn.ask(x.conn.wanted())
	}
}

// Active reports whether the chain goes on.
func (c Chain) Active() bool { return c.x != nil && c.x.generation == c.generation && !c.x.last }

// Loop returns the loop that the stream runs on.
func (s *Stream) Loop() *loop.Loop { return s.loop }

// Pending returns how many chains have not ended.
func (s *Stream) Pending() int { return s.pending }

// CloseIdle closes the connections that nobody uses just now.
func (s *Stream) CloseIdle() {
	for slot := s.pool.Oldest(); slot != nil; slot = s.pool.Oldest() {
		slot.Conn.close(ClosedIdle)
	}
}

// Stats says what a stream has open.
type Stats struct {
	Pending int // chains that have not ended
	Waiting int // requests that wait for a connection
	Held    int // how many of these wait because their own host has MaxConnsPerHost
	Open    int // sockets: connections, idle ones among them, and attempts to connect
	Idle    int
}

// Stats returns what the stream has open now.
func (s *Stream) Stats() Stats {
	_, idle, _ := s.pool.Len()
	return Stats{Pending: s.pending, Waiting: s.waiting.waits(), Held: s.waiting.held, Open: s.sockets(), Idle: idle}
}

// Close ends all chains and closes all connections. The readbacks that are
// still owed are called with ErrClosed before Close returns, and so is the OnEnd
// of each Conn; what readbacks return is ignored. A request that is added to a closed stream fails in the same
// way, if the loop still runs.
func (s *Stream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	// A readback may add chains: they go to the front of the list, behind us.
	for x := s.chains; x != nil; {
		next := x.next
		x.close()
		x = next
	}
	for slot := s.pool.Oldest(); slot != nil; slot = s.pool.Oldest() {
		slot.Conn.close(ClosedStream)
	}
	s.closeHanded()
	s.idleTimer.Stop()
	s.waiting.close()
	s.errands.watch.Stop()
	s.lastSnapshot()
	if s.owned {
		s.kernel.Shutdown()
	}
	return nil
}

// Do sends one request on a loop of its own and returns the response, which
// belongs to the caller: for programs that have one thing to fetch. When ctx
// ends first, the error is Cancelled and holds the cause of that.
func Do(ctx context.Context, req *Request, o Options) (*Response, error) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	s := New(l, o)
	defer s.Close()

	var resp *Response
	chain := s.Add(req, func(r *Response, e error) Next {
		if e == nil {
			resp = r.Clone()
		}
		err = e
		l.Stop()
		return Next{}
	})
	cancel := func() {
		if chain.Active() {
			chain.x.cancel(context.Cause(ctx))
		}
	}
	if ctx.Err() != nil {
		cancel() // AfterFunc would race with the answer
	}
	stop := context.AfterFunc(ctx, func() { l.AddCallback(cancel) })
	defer stop()
	if runErr := l.Run(); runErr != nil {
		return nil, runErr
	}
	return resp, err
}
