package emulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// NeverScan, as ScanAfter, leaves the code on the screen until the command
// "scan".
const NeverScan time.Duration = -1

// Options are how a service runs; the scene is what it knows.
type Options struct {
	// Rand draws every number and cookie. Nil: one with a fixed seed, so that
	// equal services told equal things give equal answers.
	Rand *rand.Rand
	// Hold is how long a poll without news is held. 0: 60 s.
	Hold time.Duration
	// ScanAfter is how long after it was shown a QR code is scanned. 0: with
	// each ptqrlogin the code goes one state further, 66, 67, 0.
	ScanAfter time.Duration
	// Lenient answers requests that lack a field, a cookie or a Referer.
	Lenient bool
	// Log is told what no event is for, one sentence each: messages that were
	// lost, requests that Lenient let pass. Nil: nobody.
	Log func(string)
}

// A Ticket stands for one request until its reply has been written.
type Ticket uint64

// A Completion is the reply to a request that had been parked.
type Completion struct {
	Ticket Ticket
	Reply  *Reply
}

// Bounds of what a client or a person can pile up.
const (
	maxQueue  = 10000 // messages that nobody fetched
	maxSigs   = 1000  // signatures of a session
	maxLogins = 100   // codes, grants and sessions remembered, so that the old ones are told why they ended
)

// A Service is the whole of WebQQ and SmartQQ for one account. It does no I/O,
// knows no clock and starts no goroutine: what it does follows from its scene,
// its options and the calls below. Methods must not be called at the same
// time; [Server] and [Simulate] are its drivers.
type Service struct {
	scene     *Scene
	rand      *rand.Rand
	hold      time.Duration
	scanAfter time.Duration
	lenient   bool
	log       func(string)
	routes    map[string]*route

	now     time.Time
	last    Ticket
	waiting []*pending
	done    []Completion
	events  []Event

	codes    []*code // QR codes on screens, oldest first
	classic  *check  // the classic login under way
	grants   []*grant
	sessions []*session // oldest first; the last one gets the messages

	queue   []message
	carried map[Ticket]message // in replies that are not yet written
	lost    int
	msgID   int64
	faults  []*fault
}

// A pending request waits for news or for its time.
type pending struct {
	ticket Ticket
	due    time.Time
	poll   *session // waits for news until due; nil: waits for due only
	reply  *Reply   // what is sent at due, where poll is nil
	fault  *fault
}

// New returns a service that plays the scene, which it copies. The scene must
// be one that [ParseScene] would return.
func New(scene *Scene, o Options) *Service {
	s := &Service{
		scene:     scene.clone(),
		rand:      o.Rand,
		hold:      cmp.Or(o.Hold, 60*time.Second),
		scanAfter: o.ScanAfter,
		lenient:   o.Lenient,
		log:       o.Log,
		carried:   map[Ticket]message{},
	}
	if s.rand == nil {
		s.rand = rand.New(rand.NewPCG(2013, 423))
	}
	if s.log == nil {
		s.log = func(string) {}
	}
	s.msgID = 10000 + s.rand.Int64N(10000)
	s.routes = routes()
	return s
}

// Handle takes a request in. It returns the reply, or nil: then the request is
// parked, and its reply comes out of Completed some time later, under the same
// ticket. Whoever calls Handle calls Delivered for each ticket in the end.
func (s *Service) Handle(now time.Time, req *Request) (Ticket, *Reply) {
	s.Advance(now)
	s.last++
	f := s.takeFault(req.Path)
	var r *Reply
	if f != nil && f.kind.instead() {
		r = s.faultReply(f)
	} else {
		r = s.answer(newCall(s.now, s.last, req))
	}
	switch {
	case r == nil: // answer has parked it as the newest
		s.waiting[len(s.waiting)-1].fault = f
		s.deliver()
	case f != nil && f.kind == slow:
		s.waiting = append(s.waiting, &pending{ticket: s.last, due: s.now.Add(f.delay), reply: r})
	case f != nil && f.kind == drop:
		r.Drop = true
	}
	if i := s.completed(s.last); r == nil && i >= 0 { // there was news already
		r = s.done[i].Reply
		s.done = slices.Delete(s.done, i, i+1)
	}
	if s.parked(s.last) >= 0 {
		return s.last, nil
	}
	return s.last, r
}

func (s *Service) completed(t Ticket) int {
	return slices.IndexFunc(s.done, func(c Completion) bool { return c.Ticket == t })
}

func (s *Service) parked(t Ticket) int {
	return slices.IndexFunc(s.waiting, func(p *pending) bool { return p.ticket == t })
}

// Next tells when time alone will change something that can be seen from
// outside: a parked request becomes due. It reports false if nothing is.
func (s *Service) Next() (time.Time, bool) {
	if len(s.waiting) == 0 {
		return time.Time{}, false
	}
	return slices.MinFunc(s.waiting, func(a, b *pending) int { return a.due.Compare(b.due) }).due, true
}

// Advance moves the service's time on. It never goes back: an earlier time
// counts as the latest one.
func (s *Service) Advance(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
	for {
		due, ok := s.Next()
		if !ok || due.After(s.now) {
			return
		}
		i := slices.IndexFunc(s.waiting, func(p *pending) bool { return p.due.Equal(due) })
		p := s.waiting[i]
		s.waiting = slices.Delete(s.waiting, i, i+1)
		if p.poll != nil {
			s.finish(p, s.quietReply(p.poll))
		} else {
			s.done = append(s.done, Completion{p.ticket, p.reply})
		}
	}
}

// finish gives a poll that has been taken out of waiting its reply.
func (s *Service) finish(p *pending, r *Reply) {
	switch {
	case p.fault != nil && p.fault.kind == slow:
		s.waiting = append(s.waiting, &pending{ticket: p.ticket, due: s.now.Add(p.fault.delay), reply: r})
		return
	case p.fault != nil && p.fault.kind == drop:
		r.Drop = true
	}
	s.done = append(s.done, Completion{p.ticket, r})
}

// Completed returns the replies to parked requests that have come up since it
// was last called, in order. After any other method it may have some.
func (s *Service) Completed() []Completion {
	done := s.done
	s.done = nil
	return done
}

// Events returns what has happened since it was last called, in order.
func (s *Service) Events() []Event {
	events := s.events
	s.events = nil
	return events
}

// Delivered tells that the reply to a ticket was written, or that it could not
// be. The protocol has no acknowledgement: a message in a reply that the
// network lost is lost, here as there.
func (s *Service) Delivered(t Ticket, written bool) {
	m, ok := s.carried[t]
	if !ok {
		return
	}
	delete(s.carried, t)
	if written {
		s.events = append(s.events, Delivered{m.kind, m.from, m.text})
		return
	}
	s.lost++
	s.log(fmt.Sprintf("a message from %d was lost: the poll reply that carried it could not be written", m.from))
}

// Abandon takes back a parked request whose client has hung up. It reports
// false if the reply has come up already. The messages for a poll stay queued.
func (s *Service) Abandon(t Ticket) bool {
	i := s.parked(t)
	if i < 0 {
		return false
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.Delivered(t, false) // a slow reply may carry one
	return true
}

// Lost tells how many messages went out in replies that could not be written.
func (s *Service) Lost() int { return s.lost }

// Queued tells how many messages wait for a poll.
func (s *Service) Queued() int { return len(s.queue) }

// Ready returns the event that a driver gives first, with its addresses.
func (s *Service) Ready(http, https string) Ready {
	e := Ready{HTTP: http, HTTPS: https, Account: s.scene.Account.QQ}
	for _, f := range s.scene.Friends {
		e.Friends = append(e.Friends, ReadyFriend{f.QQ, nick(f.Nick, f.QQ)})
	}
	for _, g := range s.scene.Groups {
		e.Groups = append(e.Groups, ReadyGroup{g.Number, g.Name, slices.Clone(g.Members)})
	}
	return e
}

// answer finds the route, checks what it wants, and runs it. A nil reply means
// that the request is parked, as the last of waiting.
func (s *Service) answer(c *call) *Reply {
	c.route = s.routes[c.req.Path]
	if c.route == nil {
		return s.unknown(c)
	}
	if r := s.admit(c); r != nil {
		return r
	}
	return c.route.answer(s, c)
}

// draw makes a text of n letters out of an alphabet.
func (s *Service) draw(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[s.rand.IntN(len(alphabet))]
	}
	return string(b)
}

// No cookie or token holds '=' or a blank: clients cut them at either.
const (
	hexDigits = "0123456789abcdef"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
	mixed     = letters + "abcdefghijklmnopqrstuvwxyz" + digits
	tokenText = mixed + "*-"
)

// refuse answers as the service did when it did not like a request, and
// reports why.
func (s *Service) refuse(c *call, code int, why string) *Reply {
	s.report(c, why)
	return c.route.family.refusal(code)
}

// report tells that a call is refused, for calls with a refusal of their own.
func (s *Service) report(c *call, why string) {
	s.events = append(s.events, Refused{c.req.Path, why})
}

// unknown answers what is in no list: an empty page, since much that a browser
// fetched besides was never looked at. A call of the two API hosts that does
// not exist is a mistake worth telling.
func (s *Service) unknown(c *call) *Reply {
	if apiPath(c.req.Path) {
		s.report(c, "there is no such call")
		return reply(http.StatusNotFound, typeHTML, nginxPage("404 Not Found"))
	}
	return reply(http.StatusOK, "", nil)
}
