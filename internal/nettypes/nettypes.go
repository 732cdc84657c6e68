// Package nettypes makes what package net defines and programs ask for:
// errors, addresses and connections as net/http shows them. It opens nothing
// and reads nothing. It is apart so that sched need not import net, by which a
// socket could pass the seam.
package nettypes

import (
	"net"
	"net/netip"
	"time"
)

// OpError returns err as the failure of op ("dial", "read") with the peer to,
// which may be unknown.
func OpError(op string, to netip.AddrPort, err error) error {
	e := &net.OpError{Op: op, Net: "tcp", Err: err}
	if to.IsValid() {
		e.Addr = net.TCPAddrFromAddrPort(to)
	}
	return e
}

// IPAddrs returns addrs as package net has them.
func IPAddrs(addrs []netip.Addr) []net.IPAddr {
	all := make([]net.IPAddr, len(addrs))
	for i, a := range addrs {
		all[i] = net.IPAddr{IP: a.AsSlice(), Zone: a.Zone()}
	}
	return all
}

// ConnTo returns a connection to look at and not to use: it knows its peer, and
// that is all. It is for those who are shown a connection that belongs to
// somebody else.
func ConnTo(remote netip.AddrPort) net.Conn { return shown{remote} }

type shown struct{ remote netip.AddrPort }

func (s shown) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }
func (shown) LocalAddr() net.Addr    { return &net.TCPAddr{} }

func (s shown) Read([]byte) (int, error)         { return 0, s.notYours("read") }
func (s shown) Write([]byte) (int, error)        { return 0, s.notYours("write") }
func (s shown) Close() error                     { return s.notYours("close") }
func (s shown) SetDeadline(time.Time) error      { return s.notYours("set") }
func (s shown) SetReadDeadline(time.Time) error  { return s.notYours("set") }
func (s shown) SetWriteDeadline(time.Time) error { return s.notYours("set") }

func (s shown) notYours(op string) error {
	return OpError(op, s.remote, errNotYours)
}

type notYours struct{}

func (notYours) Error() string { return "the connection belongs to the transport" }

var errNotYours error = notYours{}
