// Package proxy is what a client says to a proxy, as bytes: no socket, no
// clock, and nothing that waits.
//
// There are two ways through a proxy. One that speaks HTTP can be asked for an
// http URL itself: Forward changes the request (RFC 9112 section 3.2.2).
// Everything else goes through a tunnel: Tunnel returns a Handshake, which is
// CONNECT (RFC 9110 section 9.3.6) or SOCKS5 (RFC 1928, and RFC 1929 for a user
// and password), and what follows it belongs to the target.
//
//	h, err := p.Tunnel(proxy.Target{Host: "a.example", Port: 443})
//	step, err := h.Next(nil)       // send step.Out, then read
//	for !step.Done {
//		n, err := conn.Read(buf)   // at the end: h.EOF() is the error
//		step, err = h.Next(buf[:n])
//	}
//	// buf[step.Used:n] are the tunnel's first bytes
//
// # Which names a proxy learns
//
// An http proxy and a socks5h one are told the name and look it up; a socks5
// one is told an address, which the caller has looked up. The letters are
// curl's.
//
// # Not here
//
// TLS to the proxy itself (https://), SOCKS4, and every authentication but
// Basic and user with password.
package proxy
