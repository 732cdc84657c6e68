package faultproxy

import (
	"io"
	"net"
	"time"
)

// A pipe carries one direction of a connection.
type pipe struct {
	from, to net.Conn
	faults   []Fault // those of this direction that are still to come
	passed   int64
	single   bool // Split was reached
	reset    bool // RST was: both sockets end so
}

// serve joins client to the target until both directions have ended. Whoever
// ends first closes only his own direction, as TCP does; a reset ends both.
func (p *Proxy) serve(client net.Conn, faults []Fault) {
	defer p.drop(client)
	target, err := net.Dial(p.network, p.target)
	if err != nil {
		lingerNot(client)
		return
	}
	if !p.keep(target) {
		return
	}
	defer p.drop(target)

	up := &pipe{from: client, to: target}
	down := &pipe{from: target, to: client}
	for _, f := range faults {
		if f.Side == Request {
			up.faults = append(up.faults, f)
		} else {
			down.faults = append(down.faults, f)
		}
	}
	ended := make(chan *pipe, 2)
	for _, one := range []*pipe{up, down} {
		p.running.Go(func() {
			one.run()
			ended <- one
		})
	}
	for range 2 {
		if one := <-ended; one.reset {
			lingerNot(client)
			lingerNot(target)
			p.drop(client)
			p.drop(target)
		}
	}
}

// run copies until the source ends or a cut is reached.
func (d *pipe) run() {
	buf := make([]byte, 16<<10)
	for {
		n, err := d.from.Read(buf)
		if d.pass(buf[:n]) {
			return
		}
		if err != nil {
			d.end(err)
			return
		}
	}
}

// end passes the end of the source on, as what it was.
func (d *pipe) end(err error) {
	if err != io.EOF {
		d.reset = true
		return
	}
	closeWrite(d.to)
}

// pass writes b, and lets faults strike on the way. It reports whether the pipe
// has ended.
func (d *pipe) pass(b []byte) bool {
	for len(b) > 0 {
		if d.strike(b) {
			return true
		}
		n := len(b)
		if d.single {
			n = 1
		}
		if len(d.faults) > 0 {
			n = int(min(int64(n), d.faults[0].At-d.passed))
		}
		if _, err := d.to.Write(b[:n]); err != nil {
			d.reset = true
			return true
		}
		d.passed += int64(n)
		b = b[n:]
	}
	return false
}

// strike does what is due before the first byte of b is passed. It reports
// whether that was the end.
func (d *pipe) strike(b []byte) bool {
	for len(d.faults) > 0 && d.faults[0].At <= d.passed {
		f := d.faults[0]
		d.faults = d.faults[1:]
		switch f.Action {
		case FIN:
			closeWrite(d.to)
			// To close a socket with unread bytes would make a reset of it.
			io.Copy(io.Discard, d.from)
			return true
		case RST:
			d.reset = true
			return true
		case Silence:
			io.Copy(io.Discard, d.from) // until somebody gives up
			return true
		case Stall:
			time.Sleep(f.For)
		case Split:
			d.single = true
		case Corrupt:
			b[0] ^= 0xff
		}
	}
	return false
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// lingerNot makes the next Close a reset.
func lingerNot(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
}
