// Package qqloop holds no code: it is the map of the repository.
//
//	cmd/qqloop        the command: demo, emulate, run, get
//	bot/store         what a bot must not forget, in a file
//	bot/script        answers by programs in any language
//	bot/life          thirty simulated days of a bot, from one seed
//	bot/rules         answers by rules from a file, and at set times
//	bot               what a bot does with a message
//	webqq             the WebQQ and SmartQQ client: chains of named readbacks
//	webqq/emulator    the service that is gone, as a pure state machine
//	onebot/emulator   what OneBot 11 clients talk to, as a pure state machine
//	onebot            the OneBot 11 client: what QQ users run today
//	sched             Stream: chains of requests on a loop
//	sched/schedtest   plays a chain on canned replies, in virtual time
//	sim               a simulated kernel: virtual time, sockets, names, faults
//	internal/pool     idle connections by address
//	internal/tlsconn  TLS as bytes: the handshake is a coroutine
//	internal/proxy    what is said to a proxy, as bytes
//	internal/coding   gzip, deflate, br, zstd, for bytes that are pushed
//	internal/cut      where a long text may be cut
//	internal/digest   what is answered to a server that asks for a password
//	internal/nettypes errors and addresses as package net has them
//	internal/names    host names to addresses, off the loop
//	internal/faultproxy  a TCP proxy that breaks what passes it: for tests
//	internal/kernel   sockets and name look-ups: the seam below sched
//	httpwire/websocket  RFC 6455 as bytes <-> messages; no I/O
//	httpwire          HTTP/1.1 as bytes <-> events; no I/O
//	loop              readiness, callbacks, time: Tornado's IOLoop
//	bench             what it all costs, beside others; a module of its own
//
// Imports run down this list and never up; loop and httpwire never hear of
// each other. A test beside this file keeps it so. The tour of the code, from
// the bottom up, is docs/tour.md; the reasons are in DESIGN.md.
package qqloop
