// Package foreign runs clients that are not Go: wrk and curl as they are, and
// Python's through small scripts. Their processor time is what wait4(2) tells
// of their process, from its start to its end; the scripts of Python look at
// their own clock between the same two marks as the clients in Go do, because
// the start of the interpreter is not what is measured.
package foreign
