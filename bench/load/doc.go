// Package load says to a peer's client when to send, and measures meanwhile.
//
// A peer has workers; each sends one request at a time. Before a request the
// worker asks Begin, which says how long to wait first, or that it is over; when
// the answer has come whole, and is right, it calls End. That is all that a
// peer, be it a loop or a goroutine for each worker, needs to know of a
// scenario. What is measured lies between two marks, which fall in the midst of
// the work: starting, connecting and the ragged end are left out.
package load
