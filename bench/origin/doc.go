// Package origin is the server that all peers are measured against, in a
// process of its own.
//
// Small replies and long polls are served by evio, one loop: a thread that does
// little for a request, so that the client and not the server is the bottleneck
// for as long as can be. Large bodies, uploads, TLS and event streams are
// served by net/http, because evio loses output that is unflushed when a
// connection is woken, and knows no TLS.
//
// Four of evio's defects are designed around here. A connection is woken only
// when it has no output, for it has one request at a time and the replies are
// smaller than a socket. It is never woken after Serve has returned, because
// Serve does not return: the process ends with its standard input. One accept
// that fails ends the server in silence, so the limit on descriptors is raised
// first, and if Serve returns all the same, the process fails. And a client
// that closes its half while it waits gets no answer; none of the peers does.
package origin
