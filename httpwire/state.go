package httpwire

import "fmt"

// State is what a Parser is reading.
//
//	                                ┌─ 1xx ─────▶ StatusLine
//	                                ├─ nothing ─▶ Done
//	StatusLine ─line─▶ FieldLine ───┼─ length ──▶ BodyLength ─all of it─▶ Done
//	                   ▲       │    ├─ close ───▶ BodyUntilClose ─FIN───▶ Done
//	                   └─line──┘    └─ chunked ─▶ ChunkSize ─0─▶ Trailer ─blank line─▶ Done
//	                                              ▲   └─n─▶ ChunkData ─▶ ChunkEnd ─┐
//	                                              └────────────────────────────────┘
//	a wrong byte, a limit, an early FIN ─▶ Failed
//
// Three rules:
//
//   - A state changes in Parser.move and nowhere else, and only along a line of
//     the table below. Expect alone starts over.
//   - Which way a head goes is decided in one place, bodyFraming. The states
//     after it know nothing of methods, status codes and fields.
//   - Done and Failed have no way out: NextEvent repeats its last answer.
type State uint8

const (
	StatusLine     State = iota // a status line, or the bytes before it
	FieldLine                   // the fields of a head, up to the blank line
	BodyLength                  // content of a known length
	BodyUntilClose              // content that ends with the connection
	ChunkSize                   // a chunk-size line, extensions included
	ChunkData                   // content inside a chunk
	ChunkEnd                    // the CR LF behind a chunk's data
	Trailer                     // the fields behind the last chunk
	Done                        // the message is complete
	Failed                      // NextEvent has returned an error
	numStates
)

// moves holds, for each state, the set of states that may follow.
var moves = [numStates]stateSet{
	StatusLine:     set(FieldLine, Failed),
	FieldLine:      set(StatusLine, BodyLength, BodyUntilClose, ChunkSize, Done, Failed),
	BodyLength:     set(Done, Failed),
	BodyUntilClose: set(Done),
	ChunkSize:      set(ChunkData, Trailer, Failed),
	ChunkData:      set(ChunkEnd, Failed),
	ChunkEnd:       set(ChunkSize, Failed),
	Trailer:        set(Done, Failed),
	Done:           0,
	Failed:         0,
}

type stateSet uint16

func set(states ...State) (s stateSet) {
	for _, st := range states {
		s |= 1 << st
	}
	return s
}

func (s stateSet) has(st State) bool { return s&(1<<st) != 0 }

// move changes the state. A move outside the table is a bug of this package.
func (p *Parser) move(to State) {
	if !moves[p.state].has(to) {
		panic(fmt.Sprintf("httpwire: bug: no way from %v to %v", p.state, to))
	}
	p.state = to
}

var stateNames = [numStates]string{
	StatusLine:     "status line",
	FieldLine:      "field line",
	BodyLength:     "body",
	BodyUntilClose: "body until close",
	ChunkSize:      "chunk size",
	ChunkData:      "chunk data",
	ChunkEnd:       "chunk end",
	Trailer:        "trailer",
	Done:           "done",
	Failed:         "failed",
}

// String returns the name of s in words: "status line".
func (s State) String() string {
	if s < numStates {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}
