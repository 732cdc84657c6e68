package webqq

import (
	"hash/maphash"
	"time"
)

// A Message is something that somebody said.
type Message struct {
	Chat    Chat   // where it was said, and where an answer belongs
	Sender  UserID // who said it
	Real    QQ     // the sender's real number, where the message told it (KindSess), or 0
	ID, ID2 uint64 // msg_id, msg_id2: chosen by the sender's client, not unique
	Seq     uint64 // classic groups: position in the group's history; else 0
	Time    time.Time
	Content Content
}

// Text returns what was said as a person reads it.
func (m Message) Text() string { return m.Content.Text() }

// dedupe remembers the last messages, so that one that the service hands out
// twice is answered once: after a lost reply, a second poller, or a new login.
// It looks through all of them each time, which takes less than a microsecond: a
// map from which as much is taken as is put in goes on growing.
type dedupe struct {
	seed maphash.Seed
	ring []heard
	next int // in ring: the oldest, once that is full
}

// heard is a message that came.
type heard struct {
	sum     uint64 // of its messageKey
	sender  UserID
	session int
}

type messageKey struct {
	kind    Kind
	id, id2 uint64
	time    int64
	text    string
}

// dedupeSize is more messages than two polls and a login can bring again.
const dedupeSize = 1024

// repeated reports whether m was here before, and remembers it. Within one
// session the sender tells apart two people who said the same in the same
// second; after a login his number is another one, and the rest has to do.
func (d *dedupe) repeated(m Message, session int) bool {
	if d.ring == nil {
		d.seed = maphash.MakeSeed()
	}
	key := messageKey{m.Chat.Kind, m.ID, m.ID2, m.Time.Unix(), m.Text()}
	now := heard{maphash.Comparable(d.seed, key), m.Sender, session}
	for _, old := range d.ring {
		if old.sum == now.sum && (old.session != session || old.sender == m.Sender) {
			return true
		}
	}
	if len(d.ring) < dedupeSize {
		d.ring = append(d.ring, now)
		return false
	}
	d.ring[d.next] = now
	d.next = (d.next + 1) % dedupeSize
	return false
}

// echoes knows the client's own messages when the service plays them back, as
// it did from May 2017 on. Most come with the account's own number; in some
// accounts they came under a session number that nobody had.
type echoes struct {
	sent []sentText // the last ones, oldest first
	self UserID     // the strange number, once known
}

type sentText struct {
	chat Chat
	text string
	at   time.Time
}

const (
	echoMemory = 32
	echoWithin = time.Minute
)

// remember notes that text was sent to chat.
func (e *echoes) remember(chat Chat, text string, at time.Time) {
	if len(e.sent) == echoMemory {
		e.sent = append(e.sent[:0], e.sent[1:]...)
	}
	e.sent = append(e.sent, sentText{chat, text, at})
}

// own reports whether m is the client's own message. known says that the
// sender is somebody from the contact lists: nobody's words are dropped for
// being the same as ours.
func (e *echoes) own(m Message, account QQ, known bool, now time.Time) bool {
	if m.Sender == 0 || QQ(m.Sender) == account || e.self != 0 && m.Sender == e.self {
		return true
	}
	if known || m.Chat.Kind != KindGroup && m.Chat.Kind != KindDiscuss {
		return false
	}
	for i, s := range e.sent {
		if s.chat == m.Chat && s.text == m.Text() && now.Sub(s.at) < echoWithin {
			e.self = m.Sender
			e.sent = append(e.sent[:i], e.sent[i+1:]...)
			return true
		}
	}
	return false
}
