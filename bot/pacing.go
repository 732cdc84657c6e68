package bot

import (
	"log/slog"
	"time"
)

// A Rate is how often something may be said: Burst messages at once, and then
// one each Every. The zero Rate is no limit.
type Rate struct {
	Every time.Duration
	Burst int // less than one means one
}

// A bucket holds the messages that may go at once.
type bucket struct {
	tokens float64
	at     time.Duration // on the loop's clock, when tokens was right
	warned bool
}

// wait returns how long until one may go, and fills the bucket up to now.
func (k *bucket) wait(r Rate, now time.Duration) time.Duration {
	if r.Every <= 0 {
		return 0
	}
	most := float64(max(1, r.Burst))
	k.tokens += float64(now-k.at) / float64(r.Every)
	k.at = now
	if k.tokens >= most+1 { // a rest, and not only the pause that the rate asks for
		k.warned = false
	}
	k.tokens = min(most, k.tokens)
	if k.tokens >= 1 {
		return 0
	}
	// One nanosecond more than exact, so that rounding asks for no third look.
	return time.Duration((1-k.tokens)*float64(r.Every)) + 1
}

// A pacer keeps to a rate in each chat and one in all of them.
type pacer struct {
	chat, account Rate
	chats         map[Chat]*bucket
	all           bucket
	log           *slog.Logger
}

// newPacer returns a pacer whose buckets are full.
func newPacer(chat, account Rate, log *slog.Logger) pacer {
	return pacer{chat: chat, account: account, chats: map[Chat]*bucket{}, log: log, all: bucket{tokens: float64(max(1, account.Burst))}}
}

// pick returns the first of queue that may go now, or -1 and how long until one
// may. The order within a chat is kept; a chat that has to wait does not hold up
// the others. A limit that is passed is told once, until the bot has rested for
// longer than the rate asks.
func (p *pacer) pick(now time.Duration, queue []*outgoing) (int, time.Duration) {
	if w := p.all.wait(p.account, now); w > 0 {
		p.warn(&p.all, "the account says too much at once: messages wait", queue[0])
		return -1, w
	}
	if p.chat.Every <= 0 {
		p.all.tokens--
		return 0, 0
	}
	p.forget(now)
	least := time.Duration(-1)
	late := map[Chat]bool{}
	for i, o := range queue {
		if late[o.To] {
			continue
		}
		k := p.chats[o.To]
		if k == nil {
			k = &bucket{tokens: float64(max(1, p.chat.Burst)), at: now}
			p.chats[o.To] = k
		}
		w := k.wait(p.chat, now)
		if w == 0 {
			k.tokens--
			p.all.tokens--
			return i, 0
		}
		p.warn(k, "too much is said in one chat at once: messages wait", o)
		late[o.To] = true
		if least < 0 || w < least {
			least = w
		}
	}
	return -1, least
}

func (p *pacer) warn(k *bucket, text string, o *outgoing) {
	if !k.warned {
		k.warned = true
		p.log.Warn(text, "chat", o.To.String(), "text", o.start())
	}
}

// maxBuckets is how many chats are kept count of before the full ones are
// forgotten: a new bucket is full too.
const maxBuckets = 256

func (p *pacer) forget(now time.Duration) {
	if len(p.chats) < maxBuckets {
		return
	}
	for chat, k := range p.chats {
		if k.wait(p.chat, now) == 0 && k.tokens >= float64(max(1, p.chat.Burst)) {
			delete(p.chats, chat)
		}
	}
}
