package faultproxy

import "time"

// A Side is a direction of a connection.
type Side uint8

const (
	Reply   Side = iota // from the target to the client
	Request             // from the client to the target
)

// An Action is what a fault does.
type Action uint8

const (
	FIN     Action = iota // an orderly end
	RST                   // a reset
	Silence               // nothing more in this direction; the sockets stay open
	Stall                 // nothing for Fault.For
	Split                 // each byte a write of its own
	Corrupt               // the byte at Fault.At has all its bits turned
)

var actions = [...]string{"FIN", "RST", "silence", "stall", "split", "corruption"}

// String returns the action's name: "RST".
func (a Action) String() string { return actions[a] }

// A Fault strikes when the byte at At, counted from zero, has come from the
// source of Side. It is not passed on before the fault is over.
type Fault struct {
	Side   Side
	At     int64
	Action Action
	For    time.Duration // Stall's
}

// A Script says what happens to the n-th connection, counted from zero in the
// order of accept(2). Faults of one side are in the order of their At. It is
// called by the goroutine that accepts.
type Script func(n int) []Fault

// Always is the script by which all connections suffer the same.
func Always(faults ...Fault) Script { return func(int) []Fault { return faults } }
