package sched

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"

	"github.com/qqloop/qqloop/internal/nettypes"
)

// failure makes of an exchange's error the one that RoundTrip, or the body,
// returns. It says no more of the request than where it came to: http.Client
// puts method and URL in front. And it unwraps to what net/http's would, too,
// for the sake of those who ask.
func (c *call) failure(err error) error {
	e, ok := err.(*Error)
	switch {
	case !ok:
		return err
	case e.Kind == Cancelled: // the context's cause, bare, as net/http has it
		return e.Err
	}
	out := *e
	out.Method, out.URL = "", ""
	out.Response = nil // its bytes do not outlive the readback
	if also := c.standard(e); also != nil {
		out.Err = &alias{e.Err, also}
	}
	return &out
}

// standard returns what net/http would have returned for e, where that is
// something to ask for.
func (c *call) standard(e *Error) error {
	switch e.Kind {
	case Resolve, ResolveTimeout, Connect, ConnectTimeout, TooManyFiles:
		op := "dial"
		if c.request.Proxy != nil {
			op = "proxyconnect"
		}
		return nettypes.OpError(op, e.Remote, e.Err)
	case Reset:
		op := "read"
		if e.Phase == PhaseWrite {
			op = "write"
		}
		return nettypes.OpError(op, e.Remote, e.Err)
	case EmptyReply:
		return io.EOF
	case TruncatedHead, TruncatedBody:
		return io.ErrUnexpectedEOF
	case TLS:
		if plain, ok := errors.AsType[tls.RecordHeaderError](e.Err); ok && string(plain.RecordHeader[:]) == "HTTP/" {
			return http.ErrSchemeMismatch
		}
	}
	return nil
}

// An alias is an error that goes by another name as well.
type alias struct {
	error
	also error
}

func (a *alias) Unwrap() []error { return []error{a.error, a.also} }
