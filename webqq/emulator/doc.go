// Package emulator is the service that is gone: WebQQ and SmartQQ, which
// Tencent switched off on 1 January 2019, for one account whose friends,
// groups and discussions are written in a scene.
//
// # Shape
//
// [Service] is a pure state machine. It takes a request and the time, and
// returns a reply, or parks the request until there is news or its time has
// come; what happened in between comes out as events. It does no I/O, has no
// clock and no goroutine, and draws from one seeded source: the same scene,
// the same seed and the same calls give the same bytes, which is how its tests
// can be transcripts.
//
//	Handle(now, request) -> ticket, reply or nil     Next() -> when time matters
//	Command(now, line)                               Advance(now)
//	Abandon(ticket)                                  Completed() -> replies to parked requests
//	Delivered(ticket, written)                       Events() -> what happened
//
// It has two drivers: [Server] serves it with net/http to real clients,
// [Simulate] serves it in a simulated world, where a night of long polls
// passes in a moment.
//
// # How to point a client at it
//
// Make the names of [Hosts] lead to the server's addresses, by a hosts file or
// the client's resolver, ports 80 and 443 included, and let the client trust
// the server's CA: a certificate is made for each name that is asked for. All
// hosts are one server, which looks at the path alone. Both services are
// spoken at once; what a client asks for tells which one it means.
//
// # What it is made of
//
// The protocol was reconstructed from the source code of its clients and from
// the archived script of the official page; about twenty projects, of which
// most agree. Each quirk that a client depends on is kept: the exact spelling
// of a hidden field, the blank before the last argument of ptuiCB, one message
// a reply, raw UTF-8. The transcripts client_*.txt in testdata play what
// Mojo-Webqq, pandolia's qqbot, SmartQQBot, node-smartqq, twqq and ScienJus's
// smartqq sent, with their sloppy forms, and these are never refused.
//
// Otherwise the service is strict: a request without a field that all clients
// sent, without the cookies of a login where one is needed, or on the two API
// hosts without a Referer, is refused and reported as [Refused]. With Lenient
// what is missing is let pass; what is wrong is not.
//
// # What is guessed
//
//   - The code for a missing Referer is 103, for a missing field 100001.
//     Clients say only that it "must be right".
//   - The poll of a replaced session is told kick_message, and 103 from then
//     on; of two polls of one session the older is told 103. The code 121
//     would make two clients throw each other out for ever.
//   - An expired session takes the login's cookies with it; a kick does not.
//     The supertoken outlives both, which is what pt4_auth was for.
//   - A verify code is good until the next one, so that a login whose reply
//     was lost can be sent again.
//   - p_skey and p_uin belong to web2.qq.com, so qun.qq.com is content with
//     uin and skey, which are all that a client's jar sends there.
//   - What a phone reads from the QR code is made up.
//
// # What it does not do
//
// Changes of the contact list, group administration and file transfers are
// accepted and have no effect. Pictures are taken and forgotten. There are no
// limits of rate and length, and no message is dropped in silence.
package emulator
