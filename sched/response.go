package sched

import (
	"net/netip"
	"slices"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// A Response is what the server answered. The response and all its bytes are
// valid until the readback returns; Clone keeps them.
type Response struct {
	Request *Request
	Proto   string // "HTTP/1.1" or "HTTP/1.0"
	Status  int
	Reason  []byte
	Header  httpwire.Fields
	Trailer httpwire.Fields
	Body    []byte // empty where Request.OnBody had it

	// Decoded says that content codings were taken off the body. Header still
	// names them, and the length that the body had with them.
	Decoded bool

	// Conn is the connection itself, if it is not HTTP's any more: after a 101,
	// and a 2xx to CONNECT. Else it is nil. It is closed when the readback
	// returns, unless that takes it: Conn.Take.
	Conn *Conn

	Info
}

// Info tells how an exchange went, whether it succeeded or not.
type Info struct {
	Remote   netip.AddrPort // who was talked to last; zero if nobody was
	Reused   bool           // that connection had served before
	Attempts int            // how often the request was sent; 0: never. Each redirect adds one
	Timing   Timing

	Redirects int // followed so far
}

// Timing tells how long each phase of the last attempt took. A phase that did
// not happen is negative. All steps of one turn of the loop share one time.
type Timing struct {
	Queue     time.Duration // waiting for a connection or a descriptor
	Resolve   time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the last byte written to the first one read
	Total     time.Duration // from Add, or the end of the delay; never negative
}

var noTiming = Timing{Queue: -1, Resolve: -1, Connect: -1, TLS: -1, FirstByte: -1, Total: -1}

// Clone returns a copy that owns its bytes and lives for ever.
func (r *Response) Clone() *Response {
	c := *r
	c.Reason = slices.Clone(r.Reason)
	c.Header = r.Header.Clone()
	c.Trailer = r.Trailer.Clone()
	c.Body = slices.Clone(r.Body)
	return &c
}
