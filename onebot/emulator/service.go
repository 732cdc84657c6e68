package emulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// A Flavour is whose program the service takes itself for.
type Flavour string

// The flavours; doc.go says where they differ.
const (
	NapCat Flavour = "napcat"
	LLBot  Flavour = "llbot"
)

// Options are how a service runs; the scene is what it knows.
type Options struct {
	Flavour Flavour // "": NapCat
	// Token is what requests must prove, and the secret that reports are signed
	// with. "": none.
	Token string
	// Strings makes messages in events strings with CQ codes, not lists of segments.
	Strings bool
	// Heartbeat is the interval of heartbeats. 0: 30 s. Below 0: there are none,
	// LLBot's on the event stream included.
	Heartbeat time.Duration
	// ReportSelf tells clients of the account's own messages: message_sent.
	ReportSelf bool
	// Reports are addresses to POST events to.
	Reports []string
	// Without are actions that are unknown here; "_events" and "ws" stand for the
	// event stream and the WebSocket.
	Without []string
	// Rand draws numbers. Nil: one with a fixed seed.
	Rand *rand.Rand
	// Log is told what no event is for, one sentence each. Nil: nobody.
	Log func(string)
}

// A Ticket stands for one request until its reply has been written, or its
// stream has ended.
type Ticket uint64

// A Request is one HTTP request, read whole.
type Request struct {
	Method   string
	Path     string // percent signs undone
	RawQuery string
	Header   http.Header
	Body     []byte
}

// A Reply is one HTTP response. Its driver owns it.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Drop   bool // close the connection instead, without a byte
	// Stream is that Body is only the beginning: pieces follow. With status 101 it
	// is a WebSocket, and what the client sends goes to Receive.
	Stream bool
}

// A Completion is the reply to a request that had been parked.
type Completion struct {
	Ticket Ticket
	Reply  *Reply
}

// A Piece is what a stream writes next. With End it is the last one, and the
// connection is to be closed behind it. Whoever has written it calls Wrote.
type Piece struct {
	Ticket Ticket
	Data   []byte
	End    bool
	says   *said
}

// Bounds of what a client or a person can pile up.
const (
	maxHistory  = 10_000 // messages remembered, all chats together
	maxUpdates  = 2_000  // events that get_updates has not fetched, as in go-cqhttp
	maxRing     = 100    // events that get_event can still give, as in LLBot
	maxKeys     = 100    // of get_event
	keyLife     = 5 * time.Minute
	maxSocket   = 50 << 20 // of one message, as in NapCat
	llbotStream = 5 * time.Second
)

// A Service is an implementation of OneBot 11 for one account. It does no I/O,
// knows no clock and starts no goroutine. Methods must not be called at the
// same time; [Server] and [Simulate] are its drivers.
type Service struct {
	o       Options
	scene   *Scene
	rand    *rand.Rand
	log     func(string)
	actions map[string]action

	now     time.Time
	begun   bool
	last    Ticket
	done    []Completion
	pieces  []Piece
	posts   []Report
	events  []Event
	faults  []*fault
	waiting []*wait
	carried map[Ticket][]*said // in replies that are not yet written

	listeners []*listener // streams and WebSockets, oldest first
	beat      time.Time   // when reports get the next heartbeat
	polls     polls

	offline  string // why the account is; "": it is online
	messages []*message
	seq      int64
	flags    int64
	requests map[string]int64 // flags of friend requests: who asked
	posted   map[uint64]about
	post     uint64
}

// A wait is something that comes by itself: a poll's time, a late reply.
type wait struct {
	ticket Ticket
	due    time.Time
	poll   *call  // of a poll that waits for news
	run    func() // at due
}

// New returns a service that plays the scene, which it copies.
func New(scene *Scene, o Options) *Service {
	o.Flavour = cmp.Or(o.Flavour, NapCat)
	if o.Heartbeat == 0 {
		o.Heartbeat = 30 * time.Second
	}
	s := &Service{
		o: o, scene: scene.clone(), rand: o.Rand, log: o.Log, actions: actions,
		carried: map[Ticket][]*said{}, requests: map[string]int64{}, posted: map[uint64]about{},
	}
	if s.rand == nil {
		s.rand = rand.New(rand.NewPCG(11, 2016))
	}
	if s.log == nil {
		s.log = func(string) {}
	}
	s.polls.keys = map[string]*pollKey{}
	s.seq = 1000
	return s
}

// Handle takes a request in. It returns the reply, or nil: then the request is
// parked, and its reply comes out of Completed some time later, under the same
// ticket. Whoever calls Handle calls Delivered for each ticket in the end.
func (s *Service) Handle(now time.Time, req *Request) (Ticket, *Reply) {
	s.Advance(now)
	s.last++
	t := s.last
	s.route(t, req)
	if i := slices.IndexFunc(s.done, func(c Completion) bool { return c.Ticket == t }); i >= 0 {
		r := s.done[i].Reply
		s.done = slices.Delete(s.done, i, i+1)
		return t, r
	}
	return t, nil
}

// reply completes a request.
func (s *Service) reply(t Ticket, r *Reply) { s.done = append(s.done, Completion{t, r}) }

// Next tells when time alone will change something that can be seen from
// outside. It reports false if nothing will.
func (s *Service) Next() (time.Time, bool) {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, w := range s.waiting {
		sooner(w.due)
	}
	for _, l := range s.listeners {
		sooner(l.beat)
	}
	sooner(s.beat)
	return next, !next.IsZero()
}

// Advance moves the service's time on, and never back.
func (s *Service) Advance(now time.Time) {
	if !s.begun {
		s.begun = true
		s.now = now
		s.begin()
	}
	for {
		due, ok := s.Next()
		if !ok || due.After(now) {
			break
		}
		if due.After(s.now) {
			s.now = due
		}
		s.elapse(due)
	}
	if now.After(s.now) {
		s.now = now
	}
}

// elapse does what is due at a moment.
func (s *Service) elapse(due time.Time) {
	for i := 0; i < len(s.waiting); i++ {
		if w := s.waiting[i]; !w.due.After(due) {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			w.run()
			return // it may have changed the list
		}
	}
	s.heartbeats(due)
}

// Completed returns the replies to parked requests that have come up since it
// was last called, in order. After any other method it may have some.
func (s *Service) Completed() []Completion {
	done := s.done
	s.done = nil
	return done
}

// Pieces returns what streams are to write, in order, as Completed does.
func (s *Service) Pieces() []Piece {
	pieces := s.pieces
	s.pieces = nil
	return pieces
}

// Events returns what has happened since it was last called, in order.
func (s *Service) Events() []Event {
	events := s.events
	s.events = nil
	return events
}

// Delivered tells that the reply to a ticket was written, or that it could not
// be. OneBot has no acknowledgement: what the network lost is lost.
func (s *Service) Delivered(t Ticket, written bool) {
	for _, m := range s.carried[t] {
		s.wrote(m, written)
	}
	delete(s.carried, t)
}

// Wrote tells the same of a piece.
func (s *Service) Wrote(p Piece, written bool) { s.wrote(p.says, written) }

func (s *Service) wrote(m *said, written bool) {
	switch {
	case m == nil || m.delivered:
	case written:
		m.delivered = true
		s.events = append(s.events, Delivered{m.kind, m.from, m.text})
	default:
		s.log(fmt.Sprintf("a message from %d was lost: what carried it could not be written", m.from))
	}
}

// Abandon takes back a parked request, or a stream, whose client has hung up.
func (s *Service) Abandon(t Ticket) {
	s.waiting = slices.DeleteFunc(s.waiting, func(w *wait) bool { return w.ticket == t })
	s.done = slices.DeleteFunc(s.done, func(c Completion) bool { return c.Ticket == t })
	s.leave(t)
}

// Ready returns the event that a driver gives first, with its address.
func (s *Service) Ready(http string) Ready {
	return Ready{HTTP: http, Account: s.scene.Account.QQ, Friends: slices.Clone(s.scene.Friends), Groups: slices.Clone(s.scene.Groups)}
}

func (s *Service) lacks(name string) bool { return slices.Contains(s.o.Without, name) }

func (s *Service) refused(path, why string) { s.events = append(s.events, Refused{path, why}) }
