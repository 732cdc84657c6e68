package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// seen remembers the last maxSeen messages, in a ring. The place in the ring is
// the key in the store, so that a new message overwrites the oldest there too.
// All of the ring is looked through each time, which takes six microseconds. A map
// from which as much is taken as is put in goes on growing: it splits a table now
// and then, and keeps it.
type seen struct {
	ring []seenID // a place whose ID is "" is free
	next int
	n    uint64 // of the message that was remembered last: its age
}

type seenID struct {
	Chat       Chat
	Sender, ID string
}

// before reports whether m was seen before, and remembers it.
func (s *seen) before(m Message) bool {
	if m.ID == "" {
		return false
	}
	key := seenID{m.Chat, m.Sender.ID, m.ID}
	if slices.Contains(s.ring, key) {
		return true
	}
	s.n++
	s.put(s.next, key)
	s.next = (s.next + 1) % maxSeen
	return false
}

// put remembers key at a place of the ring. What stood there is forgotten.
func (s *seen) put(at int, key seenID) {
	if s.ring == nil {
		s.ring = make([]seenID, maxSeen)
	}
	s.ring[at] = key
}

// A seenEntry is a place of the ring in the store.
type seenEntry struct {
	N uint64
	seenID
}

// change returns what remembers the message that came last.
func (s *seen) change(table string) Change {
	at := (s.next + maxSeen - 1) % maxSeen
	return Change{table, fmt.Sprintf("%04x", at), encode(seenEntry{s.n, s.ring[at]})}
}

// load takes back what an earlier process remembered.
func (s *seen) load(entries []Entry) {
	for _, e := range entries {
		var v seenEntry
		at, err := strconv.ParseUint(e.Key, 16, 32)
		if err != nil || at >= maxSeen || json.Unmarshal(e.Value, &v) != nil {
			continue // not ours; the place is used again
		}
		s.put(int(at), v.seenID)
		if v.N >= s.n {
			s.n, s.next = v.N, (int(at)+1)%maxSeen
		}
	}
}
