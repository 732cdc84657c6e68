// Package emulator is the implementation side of OneBot 11: the program that is
// logged in to QQ, for one account whose friends and groups are written in a
// scene. It speaks as NapCat or as LLBot does, and what is written for those
// talks to it unchanged.
//
// # Shape
//
// [Service] is a pure state machine, as webqq/emulator's is. It takes a request
// and the time, and returns a reply, or parks the request; of a reply that is a
// stream, and of a WebSocket, the rest comes out as pieces. It does no I/O, has
// no clock and no goroutine, and draws from one seeded source: the same scene,
// the same seed and the same calls give the same bytes.
//
//	Handle(now, request) -> ticket, reply or nil     Next() -> when time matters
//	Receive(now, ticket, bytes)                      Advance(now)
//	Abandon(ticket)                                  Completed() -> replies to parked requests
//	Delivered(ticket, written)                       Pieces() -> what streams write
//	Reported(now, report, status, body)              Reports() -> events to POST
//	Command(now, line)                               Events() -> what happened
//
// [Server] serves it with net/http, [Simulate] in a simulated world.
//
// # What it speaks
//
//   - actions: POST with JSON or a form, GET with a query, at /ACTION or /ACTION/
//   - events: GET /_events (SSE); get_event of LLBot and get_updates of
//     go-cqhttp (long polls); a WebSocket at /, /api and /event; reports by POST,
//     signed with the token, whose answers may be quick operations
//   - the token as "Bearer TOKEN", as "Token TOKEN" and as ?access_token=TOKEN
//
// Values may be of the wrong type wherever the real programs do not mind: "900"
// for 900, 1 for true. An echo comes back byte for byte. JSON is raw UTF-8
// without HTML escapes.
//
// # Where the flavours differ
//
//	                      NapCat                            LLBot
//	unknown action        200, retcode 200 (WebSocket 1404) 404, retcode 404 (1404)
//	body that is no JSON  400                               200, retcode 400
//	token twice           the query's counts                the header's counts
//	refused WebSocket     1403, closed without a code       1403, closed with 1008
//	heartbeats            WebSocket                         WebSocket, reports, SSE every 5 s
//	WebSocket at /event   actions too                       events only
//	GET /                 "NapCat4 Is Running"              404
//	_async                the plain action                  an unknown action
//	quick reply           quotes, does not mention          mentions, does not quote
//
// A request without the token, or with a wrong one, is 403 with both.
//
// # What is kinder than the real ones
//
// Both flavours have all of the ways to hear of events, on one port: NapCat has no
// long poll, and get_updates was go-cqhttp's. Options.Without takes any of them
// away. get_updates returns in time even where go-cqhttp would hang.
//
// # What it does not do
//
// Actions that administer groups are checked, reported as [Action] and, but for
// names and cards, without effect. Files are taken and forgotten. There are no
// limits of rate and length. Numbers of messages are drawn: 32 bits, not in order.
package emulator
