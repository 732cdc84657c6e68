package emulator

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// Simulated is the driver that serves a Service in a simulated world. Like the
// world it belongs to the one goroutine that runs the loop.
type Simulated struct {
	// OnEvent hears each event, in order. It may call Command, but not the
	// service. Nil: nobody listens.
	OnEvent func(Event)
	// OnReport gets each report, and must call the service's Reported through
	// Answer. Nil: no application answers.
	OnReport func(Report)
	// Write, if not nil, sends a whole reply in the place of Exchange.Reply: in
	// another of the forms that HTTP has.
	Write func(*sim.Exchange, *Reply)

	world   *sim.World
	service *Service
	start   time.Time // the world's time of day when its virtual time was 0
	open    map[Ticket]*sim.Exchange
	timer   *sim.Timer
	busy    bool // in settle
}

// Simulate serves a service in a world, at these addresses and to whoever calls
// Handle. Nobody else may touch it from then on.
func Simulate(w *sim.World, service *Service, at ...netip.AddrPort) *Simulated {
	v := &Simulated{world: w, service: service, start: w.Wall().Add(-w.Now()), open: map[Ticket]*sim.Exchange{}}
	for _, a := range at {
		w.Listen(a, sim.HTTP(v.Handle))
	}
	return v
}

// now follows the virtual time, not the clock on the wall, which a person may set.
func (v *Simulated) now() time.Time { return v.start.Add(v.world.Now()) }

// Command carries out one line, as [Service.Command] does.
func (v *Simulated) Command(line string) error {
	err := v.service.Command(v.now(), line)
	v.settle()
	return err
}

// Answer is an application's answer to a report.
func (v *Simulated) Answer(r Report, status int, body []byte) {
	v.service.Reported(v.now(), r.ID, status, body)
	v.settle()
}

// Handle takes a request that has come to a listener of the caller's.
func (v *Simulated) Handle(x *sim.Exchange) {
	ticket, reply := v.service.Handle(v.now(), newRequest(x.Request, x.Body))
	v.open[ticket] = x
	x.OnGone = func() { v.gone(ticket) }
	if reply != nil {
		v.write(ticket, reply)
	}
	v.settle()
}

func (v *Simulated) gone(t Ticket) {
	delete(v.open, t)
	v.service.Abandon(t)
	v.settle()
}

// write gives a reply, or the head of a stream, to the network. Whether it
// arrives nobody learns.
func (v *Simulated) write(t Ticket, reply *Reply) {
	x := v.open[t]
	if x == nil {
		return
	}
	switch {
	case reply.Drop:
		delete(v.open, t)
		x.OnGone = nil
		x.Peer.Close()
	case !reply.Stream && v.Write != nil:
		delete(v.open, t)
		v.Write(x, reply)
	case !reply.Stream:
		delete(v.open, t)
		x.Reply(reply.Status, reply.Header, reply.Body)
	default:
		v.head(t, x, reply)
	}
	v.service.Delivered(t, !reply.Drop)
}

// head begins a stream.
func (v *Simulated) head(t Ticket, x *sim.Exchange, reply *Reply) {
	h := reply.Header.Clone()
	if reply.Status == http.StatusSwitchingProtocols {
		x.Peer.OnData = func(b []byte) {
			v.service.Receive(v.now(), t, b)
			v.settle()
		}
	} else {
		h.Set("Transfer-Encoding", "chunked")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", reply.Status, http.StatusText(reply.Status))
	h.Write(&b) // to a Buffer: it cannot fail
	b.WriteString("\r\n")
	x.Write(b.Bytes())
}

// piece writes the next of a stream: of a WebSocket as it is, else in a chunk.
func (v *Simulated) piece(p Piece) {
	x := v.open[p.Ticket]
	if x == nil {
		v.service.Wrote(p, false)
		return
	}
	switch {
	case len(p.Data) == 0:
	case x.Request.Header.Get("Upgrade") != "":
		x.Write(p.Data)
	default:
		x.Write(fmt.Appendf(nil, "%x\r\n%s\r\n", len(p.Data), p.Data))
	}
	v.service.Wrote(p, true)
	if p.End {
		delete(v.open, p.Ticket)
		x.OnGone = nil
		x.Peer.Close()
		v.service.Abandon(p.Ticket)
	}
}

// settle carries out what the service has come to. A listener that gives a
// command while it runs finds that the loop goes on.
func (v *Simulated) settle() {
	if v.busy {
		return
	}
	v.busy = true
	defer func() { v.busy = false }()
	for {
		done, pieces := v.service.Completed(), v.service.Pieces()
		reports, events := v.service.Reports(), v.service.Events()
		if len(done)+len(pieces)+len(reports)+len(events) == 0 {
			break
		}
		for _, c := range done {
			v.write(c.Ticket, c.Reply)
		}
		for _, p := range pieces {
			v.piece(p)
		}
		for _, r := range reports {
			if v.OnReport != nil {
				v.OnReport(r)
			} else {
				v.service.Reported(v.now(), r.ID, 0, nil)
			}
		}
		for _, e := range events {
			if v.OnEvent != nil {
				v.OnEvent(e)
			}
		}
	}
	if v.timer != nil {
		v.timer.Stop()
		v.timer = nil
	}
	if due, ok := v.service.Next(); ok {
		v.timer = v.world.After(due.Sub(v.now()), func() {
			v.timer = nil
			v.service.Advance(v.now())
			v.settle()
		})
	}
}
