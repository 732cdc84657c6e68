// Package httpwire is the client side of HTTP/1.1 as bytes and events: a
// Request becomes bytes, bytes become events. It opens no socket, starts no
// goroutine and knows no time, so that it runs on an event loop, under a
// blocking reader and in a test in the same way, and a test can try every way
// in which the bytes may be cut.
//
// # Driving a parser
//
// Bytes go in with Feed, events come out of NextEvent, until it says NeedData;
// then the caller reads again:
//
//	p.Expect("GET")
//	for {
//		ev, err := p.NextEvent()
//		switch {
//		case err != nil: // *ProtocolError: the peer's fault, and final
//		case ev.Kind == httpwire.NeedData:
//			n, err := conn.Read(buf) // then p.Feed(buf[:n]), or p.FeedEOF()
//		case ev.Kind == httpwire.GotHead:
//			head = ev.Head
//		case ev.Kind == httpwire.GotData:
//			body = append(body, ev.Data...)
//		case ev.Kind == httpwire.GotEnd:
//			keep = p.Reusable()
//		}
//	}
//
// "More, please" is an event, and an error is an error: a message that is not
// yet whole and one that never will be are not to be mistaken for each other.
// An error is there as soon as the byte that makes it is, and the same error
// however the bytes were cut.
//
// # Bodies that are not in memory
//
// A Request whose Length is set is only a head; the body follows in the
// caller's own time:
//
//	r := httpwire.Request{Method: "PUT", Host: host, Length: httpwire.Chunked}
//	wire, err := r.AppendHead(nil)
//	wire = httpwire.AppendChunk(wire, piece) // as often as there is a piece
//	wire, err = httpwire.AppendLastChunk(wire, trailer)
//
// The response may come before the body is sent, and often ends the sending. A
// caller that sent "Expect: 100-continue" begins with the body at the
// GotInterim with status 100, or when it has waited long enough; at GotHead it
// does not begin at all.
//
// # Event streams
//
// An EventStream turns the content of a text/event-stream response, as GotData
// brings it, into events. It is driven as a parser is, by Feed and Next.
//
// # Whose bytes
//
// Feed does not copy. The fed bytes must stay as they are until NextEvent
// returns NeedData; where GotEnd or an error comes first, until Expect or
// Release. A head that comes in one Feed is never copied; one that comes in
// several, or whose content goes on beyond its Feed, is copied once, into a
// buffer that the parser keeps.
//
//	of GotInterim  Head             until the next NextEvent
//	of GotHead     Head             until Expect or Release, wherever its bytes move
//	               Head.Fields      likewise, and copies of it
//	               Head.Reason and what Peek, Values, All returned
//	                                as long as the fed bytes: take them again after a Feed
//	of GotData     Data             as long as the fed bytes
//	of GotEnd      Trailer          until Expect or Release
//
// So a caller that holds one response at a time keeps the *Head, collects the
// content, and copies nothing else. What is to live longer is cloned.
//
// The events of an EventStream are strings, not views: they live for ever.
//
// # Errors
//
// A *ProtocolError is the peer's fault and of exactly one class, ErrEmptyReply
// to ErrHeadTooLarge; an *EventTooLargeError is the peer's, too. A
// *RequestError is our caller's. There are no others; a panic is a bug, here
// or (Feed and AppendChunkHead say when) in the caller.
//
// # Supported HTTP
//
// For those who know the standards, RFC 9110 and RFC 9112.
//
// Versions. HTTP/1.0 to HTTP/1.9 are read, what is above 1.1 as 1.1. HTTP/0.9
// and status lines of HTTP/2 are refused. Requests are sent as HTTP/1.1, or as
// HTTP/1.0 if asked to.
//
// Framing. Content-Length, chunked, and content up to the close; HEAD, 1xx, 204
// and 304; CONNECT and 101 end the message, and Unread begins the other
// protocol. With both a length and a coding the coding wins, and the
// connection is not reused. Equal lengths are collapsed, all else that is not
// a number up to 2^63-1 is refused, also in responses without content.
// Transfer codings other than exactly one "chunked" are refused: we never send
// TE, and a coding that cannot be taken off would hide where the message ends.
//
// Strictness. A bare LF ends a line of the head, since scripts send it; not a
// line of chunk framing or of a trailer, where nobody honest does and where
// two readers who disagree read two bodies. A bare CR is refused, and so are
// white space before a colon or before the first field, names that are no
// tokens, control bytes, folding in a field that frames the message, and empty
// lines before a status line. Folding elsewhere becomes one space. A missing
// reason phrase may take its space with it. White space behind a chunk size is
// passed over. Lenient and Strict move this line a little.
//
// Status codes. 100 to 999: what is above 599 is for the caller to judge.
//
// Trailers are kept apart from the header, without the fields that must not be
// in them.
//
// Requests are sent with their length or, where it is not known, chunked; a
// head that says something else, or both, is refused, and so are trailer
// fields that are needed before the body.
//
// Not here. Content codings (gzip and so on), cookies, redirects, caching,
// proxies and TLS are for the floors above. "Expect" and "Upgrade" are sent as
// any field: when to go on, or whether to wait at all, is for the caller, who
// has a clock. There is no pipelining: a parser reads one response to one
// request, and forgets what came behind it when the next is expected. The
// server side is not here at all.
package httpwire
