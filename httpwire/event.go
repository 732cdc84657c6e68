package httpwire

import "fmt"

// Kind says what an Event tells.
type Kind uint8

const (
	NeedData   Kind = iota // all fed bytes are used up: Feed more or FeedEOF, then ask again
	GotInterim             // Head holds a 1xx; more heads follow
	GotHead                // Head holds the final status and header section
	GotData                // Data holds a piece of the content, never empty
	GotEnd                 // the message is complete; Trailer may hold fields
)

var kindNames = [...]string{"NeedData", "GotInterim", "GotHead", "GotData", "GotEnd"}

// String returns the name of the constant.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Event is what NextEvent found. Whose its bytes are, and for how long:
//
//   - Head of GotInterim: until the next NextEvent.
//   - Head of GotHead: the pointer, and every Fields taken from it, until
//     Expect or Release. The parser moves the bytes out of the fed slice when
//     the message goes on beyond it. Slices taken from the Head, its Reason
//     included, do not move: they live as long as the fed bytes do, so take
//     them again after a Feed.
//   - Data: a view of what was fed, for as long as the caller leaves that as it
//     is. The parser itself is done with it when NextEvent returns NeedData.
//   - Trailer: until Expect or Release, if no Feed comes between; and none
//     should, since the message is over.
type Event struct {
	Kind    Kind
	Head    *Head
	Data    []byte
	Trailer Fields
}
