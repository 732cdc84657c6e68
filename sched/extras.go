package sched

import (
	"github.com/qqloop/qqloop/internal/proxy"
	"github.com/qqloop/qqloop/internal/tlsconn"
)

// Extras are what a connection has that is more than a socket: a tunnel, TLS,
// an end. A plain one that works has none, and they are kept apart as an
// exchange's detour is: it has the stream's, which are empty and must not be
// written to. To write, ask extra for them.
type extras struct {
	tunnel proxy.Handshake // nil: none, or open

	tls    *tlsconn.Conn // nil: plain
	away   *errand       // a step of its handshake that a worker makes, or will make
	shakes bool          // the handshake is under way,
	pooled bool          // on workers,
	begun  bool          // and one of them has begun it

	broken error // a write failed: no more will be written
	ended  error // how the server's side ended: io.EOF, or a failure
}

// extra returns c's own extras.
func (c *conn) extra() *extras {
	if c.extras == &c.stream.bare {
		c.extras = &extras{}
	}
	return c.extras
}

// mend forgets that a write has failed: another request begins.
func (c *conn) mend() {
	if c.extras != &c.stream.bare {
		c.broken = nil
	}
}
