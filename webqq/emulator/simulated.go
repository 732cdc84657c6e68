package emulator

import (
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// Simulated is the driver that serves a Service in a simulated world: whole
// conversations run in virtual time. Like the world it belongs to the one
// goroutine that runs the loop.
type Simulated struct {
	// OnEvent hears each event, in order. It may call Command, but not the
	// service. Nil: nobody listens.
	OnEvent func(Event)

	world   *sim.World
	service *Service
	start   time.Time // the world's time of day when its virtual time was 0
	parked  map[Ticket]*sim.Exchange
	timer   *sim.Timer
	busy    bool // in settle
}

// Simulate makes the world's names of the service lead to the addresses, and
// serves it there, in plain HTTP on each of them: in a world without snoopers
// TLS would only be slow. Nobody else may touch the service from then on.
func Simulate(w *sim.World, service *Service, at ...netip.AddrPort) *Simulated {
	v := &Simulated{world: w, service: service, start: w.Wall().Add(-w.Now()), parked: map[Ticket]*sim.Exchange{}}
	var addrs []netip.Addr
	for _, a := range at {
		w.Listen(a, sim.HTTP(v.handle))
		addrs = append(addrs, a.Addr())
	}
	for _, name := range Hosts() {
		w.Host(name, addrs...)
	}
	return v
}

// now follows the virtual time, not the clock on the wall: a person who sets
// that clock does not end a poll.
func (v *Simulated) now() time.Time { return v.start.Add(v.world.Now()) }

// Command carries out one line, as [Service.Command] does.
func (v *Simulated) Command(line string) error {
	err := v.service.Command(v.now(), line)
	v.settle()
	return err
}

func (v *Simulated) handle(x *sim.Exchange) {
	ticket, reply := v.service.Handle(v.now(), newRequest(x.Request, x.Body))
	if reply == nil {
		v.parked[ticket] = x
		x.OnGone = func() {
			delete(v.parked, ticket)
			v.service.Abandon(ticket)
			v.settle()
		}
	} else {
		v.write(ticket, x, reply)
	}
	v.settle()
}

// write gives the reply to the network. Whether it arrives nobody learns.
func (v *Simulated) write(t Ticket, x *sim.Exchange, reply *Reply) {
	if reply.Drop {
		x.OnGone = nil
		x.Peer.Close()
	} else {
		x.Reply(reply.Status, reply.Header, reply.Body)
	}
	v.service.Delivered(t, !reply.Drop)
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
		done, events := v.service.Completed(), v.service.Events()
		if len(done)+len(events) == 0 {
			break
		}
		for _, c := range done {
			if x := v.parked[c.Ticket]; x != nil {
				delete(v.parked, c.Ticket)
				v.write(c.Ticket, x, c.Reply)
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
