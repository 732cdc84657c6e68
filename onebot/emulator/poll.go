package emulator

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// polls are the two queues of events for clients that ask for them: LLBot's
// ring, of which each key has its own place, and go-cqhttp's queue, which
// belongs to whoever asks first.
type polls struct {
	ring    []told
	first   int64 // number of ring[0]
	keys    map[string]*pollKey
	updates []told
	counted bool // somebody has asked for updates
}

// A told is an event that waits to be fetched.
type told struct {
	event json.RawMessage
	says  *said
}

// A pollKey is a reader of the ring.
type pollKey struct {
	next int64 // number of the first event that it has not had
	used time.Time
}

// A pollState is a call that waits.
type pollState struct {
	key   *pollKey // get_event's; nil: get_updates
	limit int
}

func (p *polls) add(event []byte, says *said) {
	p.ring = append(p.ring, told{event, says})
	if len(p.ring) > maxRing {
		p.ring = slices.Delete(p.ring, 0, 1)
		p.first++
	}
	p.updates = append(p.updates, told{event, says})
	if len(p.updates) > maxUpdates {
		p.updates = slices.Delete(p.updates, 0, 1)
	}
}

// startPoll runs get_event or get_updates.
func (s *Service) startPoll(c *call, name string) {
	timeout, _ := c.number("timeout")
	hold := time.Duration(min(max(timeout, 0), 3_600_000)) * time.Millisecond
	c.poll = &pollState{limit: maxRing}
	begins := false
	if name == "get_updates" {
		hold = time.Duration(min(max(timeout, 0), 3600)) * time.Second
		if limit, ok := c.number("limit"); ok && limit > 0 {
			c.poll.limit = int(min(limit, maxUpdates))
		}
		begins, s.polls.counted = !s.polls.counted, true
	} else {
		c.poll.key, begins = s.pollKey(c.text("key"))
	}
	if begins && !s.heard() {
		s.events = append(s.events, Login{s.scene.Account.QQ})
	}
	w := &wait{ticket: c.ticket, due: s.now.Add(hold), poll: c}
	w.run = func() { s.finishPoll(c) }
	if s.news(c) || hold == 0 {
		s.finishPoll(c)
		return
	}
	s.waiting = append(s.waiting, w)
}

// pollKey finds a reader, or makes one that begins now.
func (s *Service) pollKey(name string) (k *pollKey, begins bool) {
	for other, k := range s.polls.keys {
		if s.now.Sub(k.used) > keyLife {
			delete(s.polls.keys, other)
		}
	}
	if k = s.polls.keys[name]; k == nil {
		if len(s.polls.keys) >= maxKeys {
			s.forgetOldestKey()
		}
		k = &pollKey{next: s.polls.first + int64(len(s.polls.ring))}
		s.polls.keys[name] = k
		begins = true
	}
	k.used = s.now
	return k, begins
}

func (s *Service) forgetOldestKey() {
	names := make([]string, 0, len(s.polls.keys))
	for name := range s.polls.keys {
		names = append(names, name)
	}
	delete(s.polls.keys, slices.MinFunc(names, func(a, b string) int {
		return cmp.Or(s.polls.keys[a].used.Compare(s.polls.keys[b].used), cmp.Compare(a, b))
	}))
}

// news reports whether there is something for a poll.
func (s *Service) news(c *call) bool {
	if k := c.poll.key; k != nil {
		return k.next < s.polls.first+int64(len(s.polls.ring))
	}
	return len(s.polls.updates) > 0
}

// wakePolls answers the polls that have news. Of two on one queue the older one
// gets all.
func (s *Service) wakePolls() {
	for i := 0; i < len(s.waiting); {
		w := s.waiting[i]
		if w.poll == nil || !s.news(w.poll) {
			i++
			continue
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.finishPoll(w.poll)
	}
}

// finishPoll answers a poll with what there is.
func (s *Service) finishPoll(c *call) {
	var found []told
	p := &s.polls
	if k := c.poll.key; k != nil {
		k.used = s.now
		k.next = max(k.next, p.first) // what has left the ring is lost, and nobody says so
		found = p.ring[k.next-p.first:]
		k.next += int64(len(found))
	} else {
		n := min(c.poll.limit, len(p.updates))
		found = p.updates[:n:n]
		p.updates = p.updates[n:]
	}
	data := list{}
	for _, t := range found {
		data = append(data, t.event)
		if t.says != nil {
			c.says = append(c.says, t.says)
		}
	}
	s.finish(c, done(data))
}
