package life

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

const pollPath = "/channel/poll2"

// A server is the far end: the service, on two machines of which each may fail.
type server struct {
	l         *life
	rand      *rand.Rand
	service   *emulator.Service
	start     time.Time
	listeners [len(addresses)]*sim.Listener
	parked    map[emulator.Ticket]*sim.Exchange
	timer     *sim.Timer
	nasty     bool // it sends more than it should
}

func newServer(l *life) *server {
	s := &server{l: l, rand: rand.New(rand.NewPCG(l.o.Seed, 4)), start: l.world.Wall(), parked: map[emulator.Ticket]*sim.Exchange{}}
	s.service = emulator.New(l.scene(), emulator.Options{
		Rand: rand.New(rand.NewPCG(l.o.Seed, 5)),
		Hold: time.Duration(100+l.rand.IntN(15)) * time.Second,
	})
	for i := range addresses {
		s.listen(i)
	}
	for _, name := range emulator.Hosts() {
		l.world.Host(name, addresses[0].Addr(), addresses[1].Addr())
	}
	return s
}

func (s *server) listen(i int) {
	if s.listeners[i] == nil {
		s.listeners[i] = s.l.world.Listen(addresses[i], sim.HTTP(s.handle))
	}
}

// stop ends a machine, or all that it has open.
func (s *server) stop(i int, by sim.End) {
	if l := s.listeners[i]; l != nil {
		l.Close()
		l.Cut(by)
		s.listeners[i] = nil
	}
}

// now follows virtual time: the clock on the bot's wall is not the service's.
func (s *server) now() time.Time { return s.start.Add(s.l.world.Now()) }

// command is what people do, and the service's own mishaps.
func (s *server) command(format string, args ...any) error {
	err := s.service.Command(s.now(), fmt.Sprintf(format, args...))
	s.settle()
	return err
}

func (s *server) handle(x *sim.Exchange) {
	s.l.watch.came(x.Request.Header.Get(number))
	r := x.Request
	ticket, reply := s.service.Handle(s.now(), &emulator.Request{
		Method: r.Method, Host: r.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Body: x.Body,
	})
	if reply == nil {
		s.parked[ticket] = x
		x.OnGone = func() {
			delete(s.parked, ticket)
			s.service.Abandon(ticket)
			s.settle()
		}
	} else {
		s.write(ticket, x, reply)
	}
	s.settle()
}

// settle carries out what the service has come to.
func (s *server) settle() {
	for {
		done := s.service.Completed()
		for _, c := range done {
			if x := s.parked[c.Ticket]; x != nil {
				delete(s.parked, c.Ticket)
				s.write(c.Ticket, x, c.Reply)
			}
		}
		if len(done) == 0 {
			break
		}
	}
	for _, e := range s.service.Events() {
		switch e := e.(type) {
		case emulator.Send:
			s.l.people.answered(string(e.Kind), e.To, e.Text)
		case emulator.Login:
			s.l.result.Logins++
		}
	}
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if due, ok := s.service.Next(); ok {
		s.timer = s.l.world.After(due.Sub(s.now()), func() {
			s.timer = nil
			s.service.Advance(s.now())
			s.settle()
		})
	}
}

// write gives a reply to the network, in one of the forms that HTTP has for it.
func (s *server) write(t emulator.Ticket, x *sim.Exchange, reply *emulator.Reply) {
	poll := x.Request.URL.Path == pollPath
	if poll {
		s.l.people.carried(x, reply.Body)
	}
	if reply.Drop {
		x.OnGone = nil
		x.Peer.Close()
		s.service.Delivered(t, false)
		return
	}
	extra := ""
	if s.nasty && x.Peer.Fault().ShortRead == 0 && s.rand.IntN(4) == 0 {
		extra = poison
	}
	writeReply(s.rand, x, reply.Status, reply.Header, reply.Body, poll, extra)
	s.service.Delivered(t, true)
}

// writeReply writes a response with the number of its request. One that is
// measured has a length or chunks; others may also end with the connection.
// What is extra follows it in the same packet. (Later, nobody could tell it from
// the response to the next request. Nor is it there on connections that move a
// few bytes a call: the engine takes a short read for an empty socket, as on a
// real kernel it is.)
func writeReply(rnd *rand.Rand, x *sim.Exchange, status int, header http.Header, body []byte, measured bool, extra string) {
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if n := x.Request.Header.Get(number); n != "" {
		h.Set(number, n)
	}
	bodiless := status < 200 || status == 204 || status == 304
	form := rnd.IntN(10)
	if extra != "" && !bodiless {
		var b bytes.Buffer
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Write(&b)
		b.WriteString("\r\n")
		b.Write(body)
		b.WriteString(extra)
		x.Raw(b.Bytes())
		return
	}
	if form < 6 || bodiless {
		x.Reply(status, h, body)
		return
	}
	var b bytes.Buffer
	if form == 6 {
		b.WriteString("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	if form == 9 && !measured {
		x.Close = true
		h.Set("Connection", "close")
		h.Write(&b)
		b.WriteString("\r\n")
		b.Write(body)
		x.Raw(b.Bytes())
		return
	}
	if x.Close {
		h.Set("Connection", "close")
	}
	h.Set("Transfer-Encoding", "chunked")
	h.Write(&b)
	b.WriteString("\r\n")
	for len(body) > 0 {
		n := 1 + rnd.IntN(len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	all := b.Bytes()
	for len(all) > 0 { // in pieces, that arrive when they do
		n := min(len(all), 1+rnd.IntN(2*len(all)))
		x.Write(all[:n])
		all = all[n:]
	}
	x.End()
}
