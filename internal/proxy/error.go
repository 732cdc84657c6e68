package proxy

import "fmt"

// Error says what went wrong with a proxy. It never shows a password.
type Error struct {
	Proxy  string // as Proxy.String returns it; what was given, if that is no proxy's URL
	Target string // "host:port"; "" where it was not about one
	Reason string // in words

	Status int // of the answer to CONNECT, or 0
	Code   int // of the SOCKS5 reply (RFC 1928 section 6), or 0

	Err error // the cause: an *httpwire.ProtocolError, an end, or nil
}

// Error reads like `proxy http://p.example:3128: a.example:443: the proxy
// refused with 403 "Forbidden"`.
func (e *Error) Error() string {
	if e.Target == "" {
		return fmt.Sprintf("proxy %s: %s", e.Proxy, e.Reason)
	}
	return fmt.Sprintf("proxy %s: %.270s: %s", e.Proxy, e.Target, e.Reason)
}

// Unreached reports whether a SOCKS5 proxy did not get to the target: another
// address of it may do. It is not so where the proxy's rules forbid it.
func (e *Error) Unreached() bool {
	switch e.Code {
	case 1, 3, 4, 5, 6, 8:
		return true
	}
	return false
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
