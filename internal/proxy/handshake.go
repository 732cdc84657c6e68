package proxy

import (
	"net/netip"

	"github.com/qqloop/qqloop/httpwire"
)

// Handshake is the conversation that opens a tunnel. One goroutine at a time
// may use it. A proxy can make it hold no more than one head (64 KiB).
type Handshake interface {
	// Next takes what has arrived and says what comes next. The first call has
	// nothing to take. in is not kept. The error is an *Error and final: it is
	// returned again and again. After the end Next takes nothing.
	Next(in []byte) (Step, error)

	// EOF says that the proxy has closed the connection before the end of the
	// handshake, and returns the error that this is.
	EOF() error
}

// Step is the next step of a Handshake.
type Step struct {
	Out  []byte // is to be sent; valid until the next call, and may hold credentials
	Used int    // how much of in was the handshake's: all of it unless Done
	Done bool   // the tunnel is open; Out is empty then
}

// Target is where a tunnel leads.
type Target struct {
	// Host is a name, or an address without brackets. http and socks5h proxies
	// are told it.
	Host string

	// Addr is told to socks5 proxies, and must be valid for them.
	Addr netip.Addr

	Port uint16

	// Header is added to a CONNECT: a User-Agent, for those proxies that want
	// one. A Proxy-Authorization goes before the credentials of the Proxy.
	Header httpwire.Header
}

// Tunnel begins a handshake. Its error, an *Error, is about a target that the
// proxy cannot be told.
func (p Proxy) Tunnel(to Target) (Handshake, error) {
	if p.Scheme == HTTP {
		return newConnect(p, to)
	}
	return newSOCKS(p, to)
}

// mistake guesses from the first byte of an answer what it is that answers, if
// it does not speak the scheme. One byte, so that the guess does not depend on
// how many have arrived.
func mistake(scheme Scheme, first byte) string {
	switch {
	case first == 0x15 || first == 0x16:
		return "a port that speaks TLS"
	case first == 'S':
		return "an SSH server"
	case first == 5 && scheme == HTTP:
		return "a SOCKS5 proxy: use socks5h://"
	case first == 0 || first == 4:
		return "a SOCKS4 proxy, which is not spoken"
	case first == 'H' && scheme != HTTP:
		return "a server or proxy that speaks HTTP: use http://"
	case first == '<' && scheme != HTTP:
		return "an HTTP server"
	}
	return ""
}
