package loop

import "strings"

// Events is a set of readiness conditions. The numbers are epoll's and
// Tornado's, so that a trace of one reads like a trace of the other.
type Events uint32

const (
	// None asks for nothing; errors and hang-ups are reported all the same.
	None Events = 0
	// Read means that the descriptor can be read, or has reached its end.
	Read Events = 0x001
	// Write means that the descriptor can be written, or that a connect ended.
	Write Events = 0x004
	// Error means that the descriptor failed (0x008) or hung up (0x010). It is
	// reported unasked, with either bit or both.
	Error Events = 0x018
)

// Has reports whether e and any contain a condition in common.
func (e Events) Has(any Events) bool { return e&any != 0 }

// String returns the names of the conditions in e: "read|write|error".
func (e Events) String() string {
	if e == None {
		return "none"
	}
	var names []string
	for _, c := range [...]struct {
		bit  Events
		name string
	}{{Read, "read"}, {Write, "write"}, {Error, "error"}} {
		if e.Has(c.bit) {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, "|")
}
