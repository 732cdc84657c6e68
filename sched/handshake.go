package sched

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/tlsconn"
)

// This file is the TLS handshake of a connection: on the loop, or, in a burst,
// stepped by workers. The standard library does the work, on bytes, in package
// tlsconn.

// shakesInline is how many handshakes at once run on the loop. Each costs it
// about half a millisecond in two or three steps. In a burst, the others are
// stepped by the kernel's workers, which costs half as much CPU again: system
// calls, wakes, cold caches.
const shakesInline = 4

// tlsConfig returns the configuration for a connection to host. Connections to
// the same host mostly come together, and share one.
func (s *Stream) tlsConfig(host string) *tls.Config {
	now := s.loop.Wall()
	s.shakeTime.Store(&now)
	switch {
	case s.options.TLS.ServerName != "":
		return s.options.TLS
	case s.hostTLS == nil || s.hostTLS.ServerName != host:
		s.hostTLS = s.options.TLS.Clone()
		s.hostTLS.ServerName = host
	}
	return s.hostTLS
}

// tlsDefaults returns config, which may be nil, with what a client on this
// engine needs.
func (s *Stream) tlsDefaults(config *tls.Config) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	if config.Time == nil {
		// A worker must not ask the loop's clock.
		config.Time = func() time.Time { return *s.shakeTime.Load() }
	}
	if config.MinVersion == 0 {
		config.MinVersion = tls.VersionTLS12
	}
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(256)
	}
	return config
}

// startTLS begins the handshake.
func (c *conn) startTLS() {
	s, x := c.stream, c.exchange
	c.extra().tls = tlsconn.Client(s.tlsConfig(x.hostname()))
	c.pooled = s.shaking == shakesInline
	c.shakes = true
	if !c.pooled {
		s.shaking++
	}
	x.enter(shaking)
	x.trace(Trace{Op: TraceHandshake, Host: x.hostname()})
	c.step(nil)
}

// shake goes on with the handshake when the socket is ready.
func (c *conn) shake() {
	s, x := c.stream, c.exchange
	if err := c.push(); err != nil && err != kernel.ErrWouldBlock {
		x.fail(TLS, err)
		return
	}
	n, err := c.recv(s.scratch)
	switch {
	case err == kernel.ErrWouldBlock:
		c.ask(c.wanted())
	case err == nil || err == io.EOF:
		c.trace(Trace{Op: TraceReceived, Bytes: n})
		if err != nil {
			c.tls.FeedEOF()
		}
		c.step(s.scratch[:n])
	default:
		x.fail(TLS, err)
	}
}

// step runs the handshake as far as the ciphertext allows: here, or on a
// worker. While it is with a worker, or waits for one, the socket is not
// registered, for nobody could do anything with its events.
func (c *conn) step(ciphertext []byte) {
	if !c.pooled {
		c.tls.Feed(ciphertext)
		c.stepped(c.tls.Handshake())
		return
	}
	s := c.stream
	s.loop.RemoveHandler(c.fd)
	c.away = &errand{tls: c.tls, conn: c, first: ciphertext == nil}
	c.tls.Feed(bytes.Clone(ciphertext))
	s.errands.add(c.away)
	s.sendErrands()
}

// stepped goes on after a step of the handshake.
func (c *conn) stepped(done bool, err error) {
	s, x := c.stream, c.exchange
	pushErr := c.push()
	switch {
	case err != nil:
		x.fail(TLS, tlsconn.Explain(err, x.hostname(), s.loop.Wall()))
		return
	case pushErr != nil && pushErr != kernel.ErrWouldBlock:
		x.fail(TLS, pushErr)
		return
	case !done:
		c.ask(c.wanted())
		return
	}
	x.info.Timing.TLS = s.loop.Time() - x.since
	// Tickets may have come with the end of the handshake; anything else is too
	// early.
	data := c.decrypt()
	switch {
	case len(data) > 0:
		x.fail(TLS, errors.New("the server spoke before it was asked"))
	case c.ended == io.EOF || c.ended == io.ErrUnexpectedEOF:
		x.fail(TLS, errors.New("the server closed the connection after the handshake"))
	case c.ended != nil:
		x.fail(TLS, c.ended)
	default:
		c.endShake()
		if x.traced {
			x.trace(Trace{Op: TraceSecured, TLS: c.tls.State()})
		}
		x.use(c)
	}
}
