package sched

import (
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/proxy"
	"github.com/qqloop/qqloop/loop"
)

// This file is the way through a proxy: which one, and the handshake that opens
// a tunnel. What is said in it is package proxy's business.

// chooseProxy finds the proxy of the request. There is none on the way to a Unix
// socket.
func (x *exchange) chooseProxy() error {
	s := x.stream
	if x.req.UnixSocket != "" {
		return nil
	}
	u := x.req.Proxy
	if u == nil && s.options.Proxy != nil {
		var err error
		if u, err = s.options.Proxy(x.req.URL); err != nil {
			return err
		}
	}
	if u == nil {
		return nil
	}
	d := x.aside()
	d.viaURL = u.String()
	var err error
	d.via, err = s.proxyOf(d.viaURL, u)
	return err
}

// proxyOf returns the proxy with that URL. There are few, and they are met
// again and again.
func (s *Stream) proxyOf(key string, u *url.URL) (*proxy.Proxy, error) {
	if p := s.proxies[key]; p != nil {
		return p, nil
	}
	with := *u
	with.Host = authority(u)
	if u.Port() == "" && u.Scheme == "http" { // curl's 1080 is no Go user's
		with.Host += ":80"
	}
	p, err := proxy.Parse(with.String())
	if err != nil {
		return nil, err
	}
	const enough = 64
	if len(s.proxies) >= enough || s.proxies == nil {
		s.proxies = make(map[string]*proxy.Proxy)
	}
	s.proxies[key] = &p
	return &p, nil
}

// forwarded reports whether the proxy is asked for the URL itself.
func (x *exchange) forwarded() bool {
	return x.via != nil && !x.secure && !x.req.throughProxies() && x.via.Forwards()
}

// startTunnel begins the handshake with the proxy.
func (c *conn) startTunnel() {
	x := c.exchange
	port, _ := strconv.ParseUint(x.portOf(), 10, 16) // resolve has looked at it
	to := proxy.Target{Host: x.hostname(), Port: uint16(port), Header: c.stream.options.ProxyHeader}
	if len(x.targets) > 0 {
		to.Addr = x.targets[0].Unmap()
	}
	h, err := x.via.Tunnel(to)
	x.enter(tunnelling)
	x.trace(Trace{Op: TraceTunnel, Addr: c.remote})
	if err != nil {
		x.failLater(Proxy, err)
		return
	}
	c.extra().tunnel, c.written = h, 0
	c.goOn(nil)
}

// goOn takes the handshake as far as the bytes from the proxy allow.
func (c *conn) goOn(in []byte) {
	x := c.exchange
	step, err := c.tunnel.Next(in)
	switch {
	case err != nil:
		x.noWay(err)
		return
	case step.Done && step.Used < len(in):
		x.fail(Proxy, errors.New("the target spoke before it was asked"))
		return
	case step.Done:
		c.tunnel = nil
		x.trace(Trace{Op: TraceTunnelled})
		c.stands()
		return
	}
	c.rest = &rest{head: slices.Clone(step.Out)}
	c.say()
}

// noWay is for a proxy that opens no way. One that was told an address of the
// target and does not get there is told the next one, over a new connection.
func (x *exchange) noWay(err error) {
	e, ok := errors.AsType[*proxy.Error](err)
	if !ok || !e.Unreached() || len(x.targets) < 2 {
		x.fail(Proxy, err)
		return
	}
	x.traceFailure(err)
	x.targets = x.targets[1:]
	x.astray += x.stream.loop.Time() - x.way.began
	x.conn.close(ClosedUnconnected)
	x.conn, x.way.addrs = nil, nil
	x.resolve()
}

// say writes what is to be said to the proxy.
func (c *conn) say() {
	for c.rest.len() > 0 {
		n, err := c.put(c.rest.head)
		if err == kernel.ErrWouldBlock {
			break
		}
		if err != nil {
			c.exchange.fail(Proxy, err)
			return
		}
		c.rest.advance(n)
	}
	c.ask(c.wanted())
}

// hear reads what the proxy says.
func (c *conn) hear(ready loop.Events) {
	s, x := c.stream, c.exchange
	if c.rest.len() > 0 {
		if c.say(); c.fd < 0 || c.exchange != x {
			return
		}
	}
	if !ready.Has(loop.Read | loop.Error) {
		return
	}
	n, err := c.recv(s.scratch)
	switch {
	case err == kernel.ErrWouldBlock:
	case err == io.EOF:
		x.fail(Proxy, c.tunnel.EOF())
	case err != nil:
		x.fail(Proxy, err)
	default:
		c.trace(Trace{Op: TraceReceived, Bytes: n})
		c.goOn(s.scratch[:n])
	}
}
