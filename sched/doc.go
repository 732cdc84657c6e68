// Package sched runs chains of HTTP requests on an event loop.
//
// A [Stream] is a stream of requests. [Stream.Add] takes a request and a
// readback; the readback reads the response and returns what comes next: a
// request, its readback, and a delay. That is the whole programming model, and
// it is the one of the article that this project descends from:
//
//	def add_request(self, request, readback):   # 2013, on Tornado
//
//	func (s *Stream) Add(req *Request, rb Readback) Chain
//
// A client is then a handful of small functions, each of which reads one
// response and names the next step; it holds its state in plain fields, since
// all of them run on the loop's goroutine, one at a time.
//
// # What a request goes through
//
// Its host is looked up, off the loop. It waits, if need be, until a
// connection or a descriptor is free. A socket is opened without blocking and
// registered for WRITE; when it stands, a proxy is asked for a way through and
// TLS shakes hands, where there are any; then the request is written, and the
// socket is registered for READ, and stays so for life. Bytes that arrive are
// decrypted and parsed as they come, and when the response is whole the readback
// is called. The connection is kept for the next request to that host; a kept
// one that the server closes is noticed and dropped at once. A request that
// finds a kept connection is written in the call to Add itself.
//
// A body that is not in memory, an [Upload], is read by a goroutine of its own
// while it is sent, and only as fast as the server takes it.
//
// Beyond that a [Request] may ask for redirects to be followed, credentials to
// be shown, content codings to be taken off, the body to be given away piece by
// piece, and another attempt after a failure. [Stream.Events] follows an event
// stream for ever.
//
// After a 101 that was asked for, and after a CONNECT, the connection is no longer
// HTTP's: the readback may take it, as a [Conn], and speak what it likes.
//
// # What is promised
//
//   - A readback is called exactly once, with a response or with an [*Error],
//     never before Add has returned, and never with a lock held: there are none.
//   - A [Response] and its bytes are valid until the readback returns.
//     [Response.Clone] keeps them.
//   - Each wait has a deadline, and the error says which one passed: see
//     [Timeouts].
//   - A request is sent a second time without asking only if it is harmless:
//     a kept connection was gone before a byte of the response, and no byte of
//     the request had been written, or the request is replayable
//     ([Request.Replayable]); and that once.
//   - Connections, waiting requests and bodies have bounds: [Options].
//   - No goroutine is started for a request, a connection or a delay. Names and
//     bursts of TLS handshakes have a fixed number; an Upload has one while it
//     is sent.
//
// # What is sent again
//
//	                              replayable       not replayable
//	kept connection was gone,
//	  no byte written             at once          at once
//	  bytes written, none back    at once, once    never
//	no connection (name, connect,
//	  proxy or TLS timeouts)      by Retry         by Retry
//	no response, or part of one   by Retry         never, if bytes were written
//	statuses 408 425 429 502-504  by Retry         never
//	OnBody has had a piece        never            never
//	Upload.Once, and opened       never            never
//	protocol broken, too large,
//	  bad certificate, refused by
//	  the proxy, total deadline   never            never
//
// # When it is too much
//
// MaxConns requests are under way, MaxQueue wait, and the next is refused: at
// once, before a byte of it is sent, with QueueFull. It is the newcomer who is
// refused, never one who waits already; who waits is served in the order of
// arrival, or leaves by Timeouts.Queue. The queue therefore bounds the wait: no
// longer than MaxQueue / MaxConns exchanges. Nothing is remembered of an
// overload: when the queue has run empty, the next request is served at once.
//
// With MaxConnsPerHost, a host that is slow or dead holds up no other: requests
// for it wait aside, and fill seven eighths of the queue at most; the last
// eighth is for hosts that have connections to spare. Without it hosts share
// the queue as they come.
//
// # Which goroutine
//
// All methods are for the loop's goroutine, which is to say for readbacks,
// handlers, timers and callbacks; and for the owner of the loop while it does
// not run. From elsewhere: loop.AddCallback.
//
// # For code that blocks
//
// [Transport] is an http.RoundTripper over the same engine: it goes into an
// http.Client, and may be used by any goroutine. [Do] sends one request.
//
// # For more cores than one
//
// A [Group] is several streams, each on a loop of its own. Requests are spread by
// origin, so that those to one server still share its connections.
package sched
