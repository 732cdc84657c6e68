package sched

import (
	"crypto/tls"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"time"
)

// A Transport is an http.RoundTripper over the engine of this package: put it
// into an http.Client, and thousands of its requests share one goroutine that
// waits for the kernel. It behaves as http.Transport does where that speaks
// HTTP/1.1; docs/transport.md lists what differs, and why.
//
// A response whose body nobody reads costs a few kilobytes and no goroutine: the
// socket is not read either, and the server has to wait. A body must be read to
// its end or closed, as with http.Transport; its connection is kept for the next
// request if it was read to its end, or if all of it had arrived.
//
// The methods may be called by any goroutine. Hooks of a httptrace.ClientTrace
// run on the goroutine that waits in RoundTrip, or reads the body, a little
// after what they tell of; the request does not wait for them.
//
// A Transport runs a loop, on a goroutine of its own, while it has requests and
// connections, and for a second after that. Close ends it at once. A Transport
// that is dropped needs no Close: when the garbage collector finds it, kept
// connections are closed, and the loop ends with what is still under way.
type Transport struct{ station *station }

// TransportOptions configures a Transport. A field that http.Transport has, too,
// means what it means there, zero included, so that the zero value behaves as a
// zero http.Transport: it bounds hardly anything.
type TransportOptions struct {
	// Proxy returns the proxy for a request, or nil. Schemes are http, socks5
	// and socks5h, which are told names, and "", which is http.
	Proxy func(*http.Request) (*url.URL, error)

	// ProxyConnectHeader are fields that are sent to a proxy with a CONNECT.
	ProxyConnectHeader http.Header

	// TLSClientConfig configures https: see Options.TLS. It is cloned.
	TLSClientConfig *tls.Config

	// TLSHandshakeTimeout bounds the handshake. Zero means no bound.
	TLSHandshakeTimeout time.Duration

	// DisableKeepAlives uses each connection for one request.
	DisableKeepAlives bool

	// DisableCompression does not ask for gzip. Otherwise a request without an
	// Accept-Encoding or Range asks for it, and it is taken off the response.
	DisableCompression bool

	// MaxIdleConns and MaxIdleConnsPerHost are how many connections that nobody
	// uses are kept, of all hosts and of each. Zero means no bound for all, and
	// two for each host; a negative number of each means none.
	MaxIdleConns, MaxIdleConnsPerHost int

	// MaxConnsPerHost is how many connections to a host there may be. Further
	// requests wait. Zero means no bound but MaxConns.
	MaxConnsPerHost int

	// IdleConnTimeout is how long a connection is kept that nobody uses. Zero
	// means until the server closes it.
	IdleConnTimeout time.Duration

	// ResponseHeaderTimeout bounds the wait for the head of the response, from
	// the moment when all of the request is written. Zero means no bound.
	ResponseHeaderTimeout time.Duration

	// ExpectContinueTimeout is how long a request with "Expect: 100-continue"
	// waits for the server's word before it sends its body. Zero means that it
	// does not wait.
	ExpectContinueTimeout time.Duration

	// MaxResponseHeaderBytes is the longest head of a response, interim
	// responses included. Zero means 10 MiB.
	MaxResponseHeaderBytes int64

	// The rest http.Transport does not have, or has as functions that open
	// connections, which a loop opens itself.

	// ConnectTimeout is for having a connection: name, addresses and TLS. Zero
	// means as long as the system tries.
	ConnectTimeout time.Duration

	// StallTimeout is the longest wait between two bytes, out or in. The time
	// in which nobody reads a body, or a request's body has nothing to give,
	// does not count. Zero means no bound.
	StallTimeout time.Duration

	// MaxConns is how many connections may be open at once. Further requests
	// wait. Zero means what the process's limit on descriptors allows.
	MaxConns int

	// Resolve and AllowAddr are those of Options and Request: where a host is,
	// and whether an address may be connected to. They run on the loop's
	// goroutine and must not block.
	Resolve   func(host, port string) (netip.AddrPort, bool)
	AllowAddr func(netip.Addr) error

	// Trace is that of Options: it hears of every step of every request, on the
	// loop's goroutine.
	Trace func(Trace)
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport returns a Transport. It starts nothing: the first request does.
func NewTransport(o TransportOptions) *Transport {
	s := &station{options: o}
	t := &Transport{s}
	runtime.AddCleanup(t, (*station).tidy, s)
	return t
}

// RoundTrip sends req and returns the response when its head is there. It
// neither follows redirects nor keeps cookies: http.Client does.
//
// It always closes req.Body, if need be after it has returned. req must not be
// changed before the response's body is at its end or closed.
//
// When the context of req ends, RoundTrip returns its cause, and so does the
// body. All other errors of requests that could be sent are an *Error; they
// unwrap to what net/http's do, too: a *net.OpError, io.EOF for a connection
// that was closed without an answer, io.ErrUnexpectedEOF for one that was cut.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	defer runtime.KeepAlive(t)
	c, err := t.station.newCall(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	return c.send(req)
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// CloseIdleConnections closes the connections that nobody uses just now, and
// those in use when they become free, until there is another request.
func (t *Transport) CloseIdleConnections() { t.station.tidy() }

// Close ends all requests, those whose bodies are being read and connections
// that were handed over included, with ErrClosed inside their errors. When it
// returns the loop's goroutine has ended. A RoundTrip after Close fails.
func (t *Transport) Close() error {
	t.station.close()
	return nil
}

// forever is a wait without end that can still be added to a time.
const forever = time.Duration(math.MaxInt64 / 4)

// maxHead is net/http's own bound on heads.
const maxHead = 10 << 20

// stream returns the options of the stream below.
func (o *TransportOptions) stream() Options {
	orNever := func(d time.Duration) time.Duration { return or(d, never) }
	s := Options{
		Timeouts: Timeouts{
			Queue:     never, // the context bounds what is left to bound
			Resolve:   never,
			Connect:   orNever(o.ConnectTimeout),
			TLS:       orNever(o.TLSHandshakeTimeout),
			FirstByte: never,
			Stall:     orNever(o.StallTimeout),
			Total:     never,
		},
		HeadTimeout:     o.ResponseHeaderTimeout,
		MaxHead:         maxHead,
		MaxConns:        o.MaxConns,
		MaxConnsPerHost: max(0, o.MaxConnsPerHost),
		MaxIdle:         max(0, o.MaxIdleConns),
		MaxIdlePerHost:  o.MaxIdleConnsPerHost,
		MaxQueue:        math.MaxInt, // each who waits is a goroutine already
		IdleTimeout:     or(max(0, o.IdleConnTimeout), forever),
		TLS:             o.TLSClientConfig,
		Resolve:         o.Resolve,
		ProxyHeader:     connectHeader(o.ProxyConnectHeader),
		Trace:           o.Trace,
	}
	if o.MaxResponseHeaderBytes > 0 {
		s.MaxHead = int(min(o.MaxResponseHeaderBytes, math.MaxInt32))
	}
	if s.MaxIdlePerHost == 0 {
		s.MaxIdlePerHost = http.DefaultMaxIdleConnsPerHost
	}
	if o.DisableKeepAlives || o.MaxIdleConnsPerHost < 0 {
		s.IdleTimeout = never
	}
	return s
}
