package life

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq"
)

// people talk, and keep a ledger of what they said: each message has a word in
// it that no other has, and so has each answer.
type people struct {
	l          *life
	rand       *rand.Rand
	friends    []int64
	groups     map[int64][]int64
	discussion int64 // 0: there is none
	count      int
	closed     int                 // so many were said when the last books were closed
	open       map[string]*message // until the morning after
	acks       map[string]int      // by chat: "I shall remind you" still to come
}

// A message is what somebody has said.
type message struct {
	word    string
	kind    string // "friend", "group", "discuss"
	to      int64
	text    string
	wanted  bool // it is for the bot
	remind  bool
	kept    bool // in the ledger, for another day
	replies []*sim.Exchange
	reached bool // the readback of a poll has had it
	heard   bool
	heardBy *process
	answers int
	sends   int   // that the bot has begun
	open    int   // that are not over
	killed  bool  // the process ended in the midst of a send
	unknown bool  // a send ended so
	refused error // a send ended so, in any other way
}

func newPeople(l *life) *people {
	p := &people{l: l, rand: rand.New(rand.NewPCG(l.o.Seed, 8)), open: map[string]*message{}, acks: map[string]int{}}
	p.friends, p.groups, p.discussion = l.server.service.people()
	return p
}

// plan lets a day's talk happen: a little all day, and now and then a lot.
func (p *people) plan(which int) {
	for range 10 + p.rand.IntN(40) {
		p.l.at(which, breakfast+time.Duration(p.rand.Int64N(int64(dusk-breakfast-time.Minute))), func() { p.speak(which) })
	}
	for range p.rand.IntN(3) {
		when := breakfast + time.Duration(p.rand.Int64N(int64(dusk-30*time.Minute)))
		for range 2 + p.rand.IntN(8) {
			p.l.at(which, when+time.Duration(p.rand.Int64N(int64(time.Minute))), func() { p.speak(which) })
		}
	}
}

// filler is what makes a text long enough to go in pieces.
var filler = strings.Repeat("很长的一句话。", 60)

// speak lets somebody say something.
func (p *people) speak(which int) {
	l := p.l
	p.count++
	m := &message{word: fmt.Sprintf("t%dx", p.count), kind: "friend", wanted: true}
	l.result.Said++
	from := p.friends[p.rand.IntN(len(p.friends))]
	m.to = from
	mention := ""
	where := fmt.Sprintf("friend %d", from)
	switch p.rand.IntN(4) {
	case 0:
		m.kind = "group"
		m.to = []int64{900, 901}[p.rand.IntN(2)]
		members := p.groups[m.to]
		from = members[p.rand.IntN(len(members))]
		where = fmt.Sprintf("group %d %d", m.to, from)
		mention = "@bot "
	case 1:
		if p.rand.IntN(3) == 0 && p.discussion != 0 {
			m.kind, m.to = "discuss", p.discussion
			where = fmt.Sprintf("discuss %d 20002", p.discussion)
			mention = "@bot "
		}
	}
	switch n := p.rand.IntN(20); {
	case n < 9:
		m.text = mention + "echo " + m.word
	case n < 11:
		m.text = mention + "回声 你好 " + m.word
	case n < 12:
		m.text = mention + "echo echo @bot echo " + m.word // it comes back, maybe
	case n < 13:
		m.text = mention + "echo " + m.word + filler
	case n < 14:
		host := m.word + ".example"
		l.web.site(host)
		m.text = mention + "title " + host
	case n < 16:
		d := l.between(30*time.Second, 5*time.Hour)
		if left := time.Duration(which)*day + dusk - 2*time.Minute - l.world.Now(); d < left {
			m.remind = true
			m.text = fmt.Sprintf("%sremind %ds %s", mention, int(d.Seconds()), m.word)
			break
		}
		fallthrough
	default:
		m.text = "just talk " + m.word
		m.wanted = false
		if mention != "" && p.rand.IntN(2) == 0 {
			m.text = "echo " + m.word // in a group, and not for the bot
		}
	}
	if m.wanted {
		l.result.Wanted++
	}
	p.open[m.word] = m
	l.tell("%s> %s", where, short(m.text))
	if err := l.server.service.command("say " + where + " " + m.text); err != nil {
		l.watch.violation("process", "the service does not take %q: %v", m.text, err)
	}
}

func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// wordIn returns the first word of a message in text, such as "t17x", or "".
func wordIn(text string) string {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], 't')
		if i < 0 {
			return ""
		}
		begin := at + i
		end := begin + 1
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			end++
		}
		if end > begin+1 && end < len(text) && text[end] == 'x' {
			return text[begin : end+1]
		}
		at = end
	}
}

// find returns the message whose word is in text, or nil.
func (p *people) find(text string) *message { return p.open[wordIn(text)] }

// settled reports whether the word in text is of a day whose books are closed.
func (p *people) settled(text string) bool {
	n, err := strconv.Atoi(strings.Trim(wordIn(text), "tx"))
	return err == nil && n <= p.closed
}

// carried notes which message goes out in the reply to a poll.
func (p *people) carried(x *sim.Exchange, body []byte) {
	if m := p.find(string(body)); m != nil {
		m.replies = append(m.replies, x)
	}
}

// reached notes which message has come to the readback of a poll.
func (p *people) reached(body []byte) {
	if m := p.find(string(body)); m != nil {
		m.reached = true
	}
}

// heard notes what the client has told the bot.
func (p *people) heard(m bot.Message) {
	known := p.find(m.Text)
	if known == nil && p.l.server.service.repeats() && p.settled(m.Text) {
		return // an answer would be noticed
	}
	if known == nil {
		p.l.watch.violation("answer", "the bot has heard %q, which nobody has said today", short(m.Text))
		return
	}
	if known.heard {
		if p.l.server.service.repeats() && known.heardBy != p.l.now {
			return
		}
		p.l.watch.violation("answer", "the bot has heard %q twice", short(m.Text))
		return
	}
	known.heard, known.heardBy = true, p.l.now
	p.l.result.Heard++
	if known.remind {
		p.acks[chat(known.kind, known.to)]++
	}
}

func chat(kind string, to int64) string { return fmt.Sprint(kind, " ", to) }

// saying notes that the bot begins to send something.
func (p *people) saying(text string) *message {
	m := p.find(text)
	if m != nil {
		m.sends++
		m.open++
	}
	return m
}

// said notes how a send has ended.
func (p *people) said(m *message, err error) {
	if m == nil {
		return
	}
	m.open--
	switch {
	case errors.Is(err, webqq.ErrOutcomeUnknown) || errors.Is(err, bot.ErrOutcomeUnknown):
		m.unknown = true
	case err != nil:
		m.refused = err
	case m.answers == 0:
		p.l.watch.violation("answer", "the bot believes that %q was accepted, and the service does not", m.word)
	}
}

// answered is the service taking a message of the bot's.
func (p *people) answered(kind string, to int64, text string) {
	p.l.tell("bot> %s %d %s", kind, to, short(text))
	m := p.find(text)
	where := chat(kind, to)
	switch {
	case m == nil && strings.HasPrefix(text, "I shall remind you in "):
		if p.acks[where]--; p.acks[where] < 0 {
			p.l.watch.violation("answer", "one more %q to %s than reminders were asked for", text, where)
		}
	case m == nil && strings.Contains(filler, text): // a piece of a long one
	case m == nil:
		p.l.watch.violation("answer", "nobody has said anything today that %q to %s answers", short(text), where)
	case !m.wanted:
		p.l.watch.violation("answer", "%q was not for the bot, and got the answer %q", short(m.text), short(text))
	case where != chat(m.kind, m.to):
		p.l.watch.violation("answer", "%q was said to %s, and answered to %s", short(m.text), chat(m.kind, m.to), where)
	default:
		if m.answers++; m.answers == 2 {
			p.l.watch.violation("answer", "%q was answered twice", short(m.text))
		}
		p.l.result.Answered++
	}
}

// killed is the end of a process in the midst of whatever it did. What it was
// about to save may be lost with it.
func (p *people) killed(saving bool) {
	for _, m := range p.open {
		if m.open > 0 || saving && m.heard && m.sends == 0 {
			m.open, m.killed = 0, true
		}
	}
}

// settle closes the books of a day: for each message without an answer there
// must be one of the two reasons.
func (p *people) settle() {
	p.closed = p.count
	for i := 1; i <= p.count; i++ {
		m := p.open[fmt.Sprintf("t%dx", i)]
		if m == nil {
			continue
		}
		if m.remind && m.heard && m.sends == 0 && m.answers == 0 && !m.kept {
			m.kept = true // the bot's clock stood still while the laptop slept
			continue
		}
		delete(p.open, m.word)
		switch {
		case !m.heard:
			p.unheard(m)
		case m.wanted && m.answers == 0:
			p.unanswered(m)
		}
	}
}

func (p *people) unheard(m *message) {
	w := p.l.watch
	for _, x := range m.replies {
		if x.Taken() {
			w.violation("unanswered", "%q came to the bot's socket, was read to its end, and never heard of again", short(m.text))
			return
		}
	}
	switch {
	case m.reached:
		w.violation("unanswered", "%q came to the readback of a poll, and the bot has not heard of it", short(m.text))
	case len(m.replies) == 0:
		w.violation("settled", "%q was said, and after an hour of fair weather the bot has not heard of it", short(m.text))
	default:
		p.l.result.Lost++
	}
}

func (p *people) unanswered(m *message) {
	switch {
	case m.unknown || m.killed:
		p.l.result.Unknown++
	case m.refused != nil:
		p.l.watch.violation("unanswered", "the bot has heard %q and given up answering: %v", short(m.text), m.refused)
	case m.open > 0:
		p.l.watch.violation("settled", "the answer to %q has waited since, through an hour of fair weather", short(m.text))
	default:
		p.l.watch.violation("unanswered", "the bot has heard %q and never said a word", short(m.text))
	}
}
