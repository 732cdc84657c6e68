//go:build linux

package peers

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/origin"
)

// inOrder checks that the events of one stream come all, and in order.
type inOrder struct{ next int }

func (o *inOrder) event(data []byte, ld *load.Closed) error {
	now := time.Now().UnixNano()
	var e origin.Event
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("event %d: %w", o.next, err)
	}
	if e.Number != o.next {
		return fmt.Errorf("event %d came when %d was due", e.Number, o.next)
	}
	o.next++
	ld.Took(time.Duration(now - e.Sent))
	return nil
}

// pauses returns the pauses of timer w, one after the other: between 50 and 1,000
// ms, the same for every peer.
func pauses(w int) func() time.Duration {
	r := rand.New(rand.NewPCG(2013, uint64(w)))
	return func() time.Duration {
		return 50*time.Millisecond + time.Duration(r.Int64N(int64(950*time.Millisecond)))
	}
}
