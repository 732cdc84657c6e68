// Bench measures qqloop against other HTTP clients: `go run ./bench` from the
// root of the repository. README.md says what is measured, how, and how fair
// it is.
//
// This program is the conductor. For each measurement it starts itself anew
// twice, as the origin and as a peer, so that nothing is left over from the one
// before; other programs (wrk, curl, Python's clients) it starts as they are.
package main
