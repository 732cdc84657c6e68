package proxy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qqloop/qqloop/httpwire"
)

// connect is the handshake of an http proxy.
type connect struct {
	proxy  Proxy
	target string
	out    []byte
	parser httpwire.Parser
	first  byte // of the answer
	begun  bool
	done   bool
	err    *Error
}

func newConnect(p Proxy, to Target) (Handshake, error) {
	c := &connect{proxy: p, target: hostPort(to.Host, to.Port)}
	if to.Port == 0 {
		return nil, c.fail(&Error{Reason: "the target has no port"})
	}
	r := httpwire.Request{Method: "CONNECT", Target: c.target, Host: c.target, Header: to.Header}
	if p.hasCredentials() && !to.Header.Has("Proxy-Authorization") {
		r.Header = append(slices.Clip(to.Header), httpwire.Field{Name: "Proxy-Authorization", Value: p.authorization()})
	}
	var err error
	if c.out, err = r.AppendHead(nil); err != nil {
		return nil, c.fail(&Error{Reason: "the CONNECT cannot be sent: " + err.Error(), Err: err})
	}
	c.parser.Expect("CONNECT")
	return c, nil
}

func (c *connect) Next(in []byte) (Step, error) {
	switch {
	case c.err != nil:
		return Step{}, c.err
	case c.done:
		return Step{Done: true}, nil
	}
	out := c.out
	c.out = nil
	if !c.begun && len(in) > 0 {
		c.first, c.begun = in[0], true
	}
	c.parser.Feed(in)
	behind, err := c.read()
	if err != nil {
		return Step{}, err
	}
	return Step{Out: out, Used: len(in) - behind, Done: c.done}, nil
}

func (c *connect) EOF() error {
	if c.err != nil {
		return c.err
	}
	c.parser.FeedEOF()
	_, err := c.read() // no head that a tunnel begins with ends so
	return err
}

// read reads the answer as far as it has come, and returns how many of the fed
// bytes lie behind it.
func (c *connect) read() (behind int, err error) {
	for {
		ev, err := c.parser.NextEvent()
		switch {
		case err != nil:
			return 0, c.unreadable(err)
		case ev.Kind == httpwire.NeedData:
			return 0, nil
		case ev.Kind == httpwire.GotHead && ev.Head.Status/100 != 2:
			return 0, c.refused(ev.Head)
		case ev.Kind == httpwire.GotEnd:
			c.done = true
			behind := len(c.parser.Unread())
			c.parser.Release()
			return behind, nil
		}
	}
}

// refused is the error for an answer other than 2xx. Its content says no more
// than a page for browsers does, and is not read.
func (c *connect) refused(h *httpwire.Head) error {
	e := &Error{Status: h.Status, Reason: fmt.Sprintf("the proxy refused with %d", h.Status)}
	if len(h.Reason) > 0 {
		e.Reason += fmt.Sprintf(" %.80q", h.Reason)
	}
	if h.Status == 407 {
		e.Reason = "the proxy wants credentials (407)"
		if c.proxy.hasCredentials() {
			e.Reason = "the proxy does not accept the credentials (407)"
		}
		if wants := h.Fields.Peek("Proxy-Authenticate"); len(wants) > 0 {
			e.Reason += fmt.Sprintf(": it asks for %.80q", wants)
		}
	}
	return c.fail(e)
}

// unreadable is the error for an answer that is not HTTP, or not whole.
func (c *connect) unreadable(err error) error {
	e := &Error{Reason: "the proxy's answer cannot be read: " + err.Error(), Err: err}
	wire, ok := errors.AsType[*httpwire.ProtocolError](err)
	switch {
	case !ok:
	case errors.Is(err, httpwire.ErrEmptyReply):
		e.Reason = "the proxy closed the connection without an answer to CONNECT"
	case errors.Is(err, httpwire.ErrTruncatedHead):
		e.Reason = "the proxy closed the connection in the middle of its answer to CONNECT"
	case wire.State == httpwire.StatusLine:
		// Not its Hint, which advises those who talk to a server.
		if is := mistake(HTTP, c.first); is != "" {
			e.Reason = "that is no HTTP proxy, but " + is
		} else {
			e.Reason = fmt.Sprintf("the proxy's answer is not HTTP: %s %q", wire.Reason, wire.Bytes)
		}
	}
	return c.fail(e)
}

func (c *connect) fail(e *Error) error {
	e.Proxy, e.Target = c.proxy.String(), c.target
	c.err = e
	return e
}
