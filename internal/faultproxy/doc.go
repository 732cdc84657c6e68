// Package faultproxy is a TCP proxy that breaks what passes through it: a
// network as it is on a bad day, between a client and a real server, at the
// byte that a test names. The simulator (package sim) does the same in virtual
// time; this is for sockets of the kernel and for servers that are not ours.
//
// A proxy listens on a port of loopback and opens one connection to its target
// for each that it accepts. What happens to the n-th of them is its script, a
// list of faults. A fault strikes when the byte at its position comes: those
// before it have been passed on, it has not. So a cut at 0 lets nothing through,
// and what never comes never strikes.
//
// What each action looks like to the one who waits for the bytes:
//
//	FIN      the bytes before, then an orderly end, as of a server that was stopped
//	RST      the bytes before, then a reset, as of a process that was killed
//	Silence  the bytes before, then nothing, as of a cable that was pulled
//	Stall    nothing for a while, then the rest
//	Split    from there on each byte is a write of its own
//	Corrupt  that one byte is another
//
// A FIN ends one direction, as TCP does. What its source still sends is read and
// dropped, because to close a socket with unread bytes would make a reset of it
// (RFC 9293 section 3.10.4; RFC 2525 section 2.17).
package faultproxy
