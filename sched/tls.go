package sched

import (
	"io"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/tlsconn"
	"github.com/qqloop/qqloop/loop"
)

// This file is TLS on a connection that stands: records out and in, and the
// goodbye.

// sealAtOnce is how much plaintext is sealed before the socket has taken what
// came of it: one record. crypto/tls cannot be told to wait, so we do.
const sealAtOnce = 16 << 10

// dropTLS says goodbye if that can be said at once, and lets go. A step that
// is with a worker ends there.
func (c *conn) dropTLS() {
	t := c.tls
	if t == nil {
		return
	}
	c.tls = nil
	defer c.endShake()
	switch {
	case c.away != nil:
		c.away.giveUp()
		return
	case t.Ready():
		if len(t.Out()) == 0 && c.ended == nil && c.broken == nil {
			c.stream.lend(t)
			if t.CloseNotify() == nil {
				c.put(t.Out())
			}
			t.Advance(len(t.Out()))
			c.stream.giveBack(t)
		}
	case c.pooled:
		aside(t.Abandon)
	default:
		t.Abandon()
	}
}

// sealed returns how much ciphertext waits for the socket.
func (c *conn) sealed() int {
	if c.tls == nil || c.away != nil {
		return 0
	}
	return len(c.tls.Out())
}

// wanted is what c is to be registered for.
func (c *conn) wanted() loop.Events {
	if c.unsent() > 0 {
		return loop.Read | loop.Write
	}
	return loop.Read
}

// lend gives t the stream's memory to write records in.
func (s *Stream) lend(t *tlsconn.Conn) {
	if len(t.Out()) == 0 {
		t.Lend(s.records)
		s.records = nil
	}
}

// giveBack takes the memory back if all that was written in it has gone. A
// connection that rests holds none.
func (s *Stream) giveBack(t *tlsconn.Conn) {
	if len(t.Out()) > 0 {
		return
	}
	if m := t.Return(); s.records == nil {
		s.records = m
	}
}

// seal encrypts a prefix of p, one record at most, and writes it. What the
// socket does not take waits in c.tls: that counts as written for the caller,
// but as unsent.
func (c *conn) seal(p []byte) (int, error) {
	s, t := c.stream, c.tls
	n := 0
	if len(t.Out()) == 0 && len(p) > 0 {
		n = min(len(p), sealAtOnce)
		s.lend(t)
		if err := t.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return n, c.push()
}

// push writes ciphertext that waits.
func (c *conn) push() error {
	s, t := c.stream, c.tls
	for len(t.Out()) > 0 {
		n, err := c.put(t.Out())
		if err != nil {
			return err
		}
		if !c.shakes { // a handshake is not yet a request
			c.written += int64(n)
		}
		t.Advance(n)
	}
	s.giveBack(t)
	return nil
}

// unseal decrypts all that it is given, into the stream's plain, which is
// large enough for it; so that the scratch is free again. How TLS ended, if it
// did, is noted in c.ended.
func (c *conn) unseal(ciphertext []byte) []byte {
	if c.ended == io.EOF {
		c.tls.FeedEOF()
		c.ended = nil
	}
	c.tls.Feed(ciphertext)
	return c.decrypt()
}

// decrypt is unseal of what has been fed before.
func (c *conn) decrypt() []byte {
	s, t := c.stream, c.tls
	if s.plain == nil {
		s.plain = make([]byte, scratchSize+sealAtOnce)
	}
	n := 0
	for {
		if n == len(s.plain) {
			s.plain = append(s.plain, make([]byte, sealAtOnce)...)
		}
		m, err := t.Read(s.plain[n:])
		n += m
		if err == tlsconn.ErrWouldBlock {
			break
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			c.extra().ended = err
			break
		}
		if err != nil {
			c.extra().ended = tlsconn.Explain(err, c.hostname(), s.loop.Wall())
			break
		}
	}
	// Reading may have something to say: the answer to a KeyUpdate, an alert.
	if err := c.push(); err == kernel.ErrWouldBlock {
		if c.exchange != nil { // else a Conn, which asks after reading
			c.ask(loop.Read | loop.Write)
		}
	} else if err != nil && c.ended == nil {
		c.extra().ended = err
	}
	return s.plain[:n]
}

// hostname is whom the certificate is to name, while anybody wants to know.
func (c *conn) hostname() string {
	if c.exchange == nil {
		return ""
	}
	return c.exchange.hostname()
}

// quietTLS reports whether ciphertext that came unasked says nothing: a session
// ticket, a KeyUpdate.
func (c *conn) quietTLS(ciphertext []byte) bool {
	c.tls.Feed(ciphertext)
	var one [1]byte
	n, err := c.tls.Read(one[:])
	return n == 0 && err == tlsconn.ErrWouldBlock && c.push() == nil
}
