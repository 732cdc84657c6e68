package webqq

import "time"

// pacer spaces sends out, as bots did that were not muted: an interval between
// any two, and one more for a text that repeats the one before.
type pacer struct {
	interval time.Duration // 0: none
	last     time.Time     // of the last send, or when it will be
	lastText string
}

// delay returns how long to wait before text is sent, and counts it as sent
// then. The clock may jump, so no wait is longer than the rule makes it.
func (p *pacer) delay(now time.Time, text string) time.Duration {
	if p.interval == 0 {
		return 0
	}
	gap := p.interval
	if text == p.lastText {
		gap *= 2
	}
	d := min(max(0, p.last.Add(gap).Sub(now)), gap)
	p.last, p.lastText = now.Add(d), text
	return d
}
