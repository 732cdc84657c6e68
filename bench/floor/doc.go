// Package floor is the smallest HTTP client on epoll that still reads a
// Content-Length: what a request costs in Go when next to nothing is done for
// it. The others are measured against it.
//
// It is chapter one of the book, too: the whole idea of an event loop on one
// page, before the things that make it a client one would use. What it lacks is
// what the rest of the repository is about: names, timers, a pool, TLS, chunks,
// header fields, errors that say what failed, a server that closes, a request
// that does not fit into the socket.
package floor
