package onebot

// A mark is what tells one message from another: its number alone may come again.
type mark struct {
	self, id, user ID
	chat           Chat
	time           int64
}

// seenMost is how many messages are remembered: hours of a busy account, and every message
// that a history may bring again after a reconnect.
const seenMost = 4096

// A dedupe remembers the last messages.
type dedupe struct {
	marks map[mark]struct{}
	ring  []mark
	next  int
}

// repeated reports whether e was there before, and remembers it.
func (d *dedupe) repeated(e *Event) bool {
	m := mark{e.SelfID, e.MessageID, e.UserID, e.Chat(), e.Time}
	if _, ok := d.marks[m]; ok {
		return true
	}
	if d.marks == nil {
		d.marks = make(map[mark]struct{})
	}
	if len(d.ring) < seenMost {
		d.ring = append(d.ring, m)
	} else {
		delete(d.marks, d.ring[d.next])
		d.ring[d.next] = m
		d.next = (d.next + 1) % seenMost
	}
	d.marks[m] = struct{}{}
	return false
}
