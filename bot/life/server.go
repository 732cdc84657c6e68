package life

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/sim"
)

// A service is what the servers serve, and how the bot comes to it.
type service interface {
	hosts() []string
	// people are who may talk to the account: friends, and the other members of
	// its groups. Where discussion is not 0 there is one of that number.
	people() (friends []int64, groups map[int64][]int64, discussion int64)
	// repeats says that a process may hear again what an earlier one has heard.
	repeats() bool
	// handle answers a request, now or later.
	handle(*sim.Exchange)
	// command carries out a line of what people do.
	command(line string) error
	// queued is how many messages still wait to be fetched.
	queued() int
	// mishap is one of three kinds of mishaps of its own, over after at most left.
	mishap(w *weather, kind int, left time.Duration)
	// connect builds the bot's client in a process.
	connect(*process, bot.Store) error
}

// A server is the far end: the service, on two machines of which each may fail.
type server struct {
	l         *life
	rand      *rand.Rand
	service   service
	start     time.Time
	listeners [len(addresses)]*sim.Listener
	nasty     bool // it sends more than it should
}

func newServer(l *life) *server {
	s := &server{l: l, rand: rand.New(rand.NewPCG(l.o.Seed, 4)), start: l.world.Wall()}
	if l.o.Service == OneBot {
		s.service = newOneBot(l, s)
	} else {
		s.service = newWebQQ(l, s)
	}
	for i := range addresses {
		s.listen(i)
	}
	for _, name := range s.service.hosts() {
		l.world.Host(name, addresses[0].Addr(), addresses[1].Addr())
	}
	return s
}

func (s *server) listen(i int) {
	if s.listeners[i] == nil {
		s.listeners[i] = s.l.world.Listen(addresses[i], sim.HTTP(func(x *sim.Exchange) {
			s.l.watch.came(x.Request.Header.Get(number))
			s.service.handle(x)
		}))
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

// write gives a reply to the network, in one of the forms that HTTP has for it.
func (s *server) write(x *sim.Exchange, status int, header http.Header, body []byte, measured bool) {
	extra := ""
	if s.nasty && x.Peer.Fault().ShortRead == 0 && s.rand.IntN(4) == 0 {
		extra = poison
	}
	writeReply(s.rand, x, status, header, body, measured, extra)
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
