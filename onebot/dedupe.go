package onebot

import (
	"hash/maphash"
	"slices"
)

// A mark is what tells one message from another: its number alone may come
// again.
type mark struct {
	self, id, user ID
	chat           Chat
	time           int64
}

// seenMost is how many messages are remembered: more than come in
// historySlack, which is how far a history is asked for messages that were
// heard already.
const seenMost = 2048

// A dedupe remembers the last messages, as hashes: a thousand accounts in one
// process would keep a hundred megabytes of marks. It looks through all of them
// each time, which takes a microsecond: a map from which as much is taken as is
// put in goes on growing.
type dedupe struct {
	seed maphash.Seed
	ring []uint64
	next int // in ring: the oldest, once that is full
}

// repeated reports whether e was there before, and remembers it.
func (d *dedupe) repeated(e *Event) bool {
	if d.ring == nil {
		d.seed = maphash.MakeSeed()
	}
	m := maphash.Comparable(d.seed, mark{e.SelfID, e.MessageID, e.UserID, e.Chat(), e.Time})
	if slices.Contains(d.ring, m) {
		return true
	}
	if len(d.ring) < seenMost {
		d.ring = append(d.ring, m)
		return false
	}
	d.ring[d.next] = m
	d.next = (d.next + 1) % seenMost
	return false
}
