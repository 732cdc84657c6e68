package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// The numbers of RFC 1928.
const (
	version5 = 5

	methodNone     = 0x00 // section 3
	methodPassword = 0x02
	methodRefused  = 0xff

	commandConnect = 1 // section 4

	typeIPv4 = 1 // section 5
	typeName = 3
	typeIPv6 = 4
)

// socks is the handshake of a socks5 or socks5h proxy.
//
//	greeting ─none──────────────────▶ request ─▶ done
//	    └─────password──▶ password ──────┘
type socks struct {
	proxy  Proxy
	target string
	to     []byte // the address in the request, from its type to its port
	state  func(*socks) error
	out    []byte
	room   [6 + 255 + 1]byte // the longest reply: an address that is a name
	have   int               // bytes of the reply so far
	step   string            // what the proxy is asked, for an error
	sent   bool
	err    *Error
}

func newSOCKS(p Proxy, to Target) (Handshake, error) {
	s := &socks{proxy: p, state: (*socks).greeted, step: "the greeting"}
	addr, host := to.Addr, to.Host
	if p.Scheme == SOCKS5H {
		// An address needs no looking up, and not every proxy takes one for a name.
		addr, _ = netip.ParseAddr(host)
	} else if addr.IsValid() {
		host = addr.String()
	}
	addr = addr.Unmap()
	s.target = hostPort(host, to.Port)
	reason := ""
	switch {
	case to.Port == 0:
		reason = "the target has no port"
	case addr.Zone() != "":
		reason = "a zone means nothing to the proxy: leave it out"
	case addr.Is4():
		b := addr.As4()
		s.to = append([]byte{typeIPv4}, b[:]...)
	case addr.Is6():
		b := addr.As16()
		s.to = append([]byte{typeIPv6}, b[:]...)
	case p.Scheme == SOCKS5:
		reason = "a socks5 proxy is told an address: look the name up, or use socks5h://"
	case host == "" || len(host) > 255:
		reason = fmt.Sprintf("a SOCKS5 proxy can be told names of 1 to 255 bytes, not of %d", len(host))
	case strings.ContainsFunc(host, badInHost):
		reason = "the name has bytes that cannot stand in one"
	default:
		s.to = append([]byte{typeName, byte(len(host))}, host...)
	}
	if reason != "" {
		return nil, s.fail(&Error{Reason: reason})
	}
	s.to = binary.BigEndian.AppendUint16(s.to, to.Port)

	s.out = append(s.out, version5, 1, methodNone)
	if p.hasCredentials() {
		s.out = append(s.out[:0], version5, 2, methodNone, methodPassword)
	}
	return s, nil
}

// errMore says that the reply is not whole.
var errMore = errors.New("more bytes are needed")

func (s *socks) Next(in []byte) (Step, error) {
	if s.err != nil {
		return Step{}, s.err
	}
	if s.sent {
		s.out = s.out[:0]
	}
	s.sent = true
	// One byte after the other: a reply says only on its way how long it is, and
	// the byte behind it is not ours.
	used := 0
	for s.state != nil && used < len(in) {
		s.room[s.have] = in[used]
		s.have++
		used++
		switch err := s.state(s); {
		case err == errMore:
			continue
		case err != nil:
			return Step{}, err
		}
		s.have = 0
		if s.state != nil && used < len(in) {
			// It would be sent into the tunnel, if we went on.
			return Step{}, s.fail(&Error{Reason: "the proxy answers what it has not been asked yet"})
		}
	}
	return Step{Out: s.out, Used: used, Done: s.state == nil}, nil
}

func (s *socks) EOF() error {
	if s.err == nil {
		s.fail(&Error{Reason: "the proxy closed the connection after " + s.step, Err: io.ErrUnexpectedEOF})
	}
	return s.err
}

// greeted reads the choice of a method (RFC 1928 section 3).
func (s *socks) greeted() error {
	if err := s.version(); err != nil {
		return err
	}
	if s.have < 2 {
		return errMore
	}
	method := s.room[1]
	switch {
	case method == methodNone:
		s.request()
	case method == methodPassword && s.proxy.hasCredentials():
		s.out = append(s.out, 1, byte(len(s.proxy.user))) // RFC 1929 section 2
		s.out = append(s.out, s.proxy.user...)
		s.out = append(s.out, byte(len(s.proxy.password)))
		s.out = append(s.out, s.proxy.password...)
		s.state, s.step = (*socks).admitted, "the credentials"
	case method == methodRefused && s.proxy.hasCredentials():
		return s.fail(&Error{Reason: "the proxy accepts neither a user and password nor nobody at all"})
	case method == methodRefused:
		return s.fail(&Error{Reason: "the proxy wants credentials"})
	default:
		return s.fail(&Error{Reason: fmt.Sprintf("the proxy chose the authentication 0x%02x, which was not offered", method)})
	}
	return nil
}

// admitted reads the verdict on the credentials. The version before it is not
// looked at: there are servers that repeat SOCKS's.
func (s *socks) admitted() error {
	if s.have < 2 {
		return errMore
	}
	if status := s.room[1]; status != 0 {
		return s.fail(&Error{Reason: fmt.Sprintf("the proxy does not accept the credentials (status %d)", status)})
	}
	s.request()
	return nil
}

// request asks for the target (RFC 1928 section 4).
func (s *socks) request() {
	s.out = append(s.out, version5, commandConnect, 0)
	s.out = append(s.out, s.to...)
	s.state, s.step = (*socks).connected, "it was asked to connect"
}

// connected reads the reply (RFC 1928 section 6). The address in it is that of
// the proxy's own socket, and nobody's business.
func (s *socks) connected() error {
	if err := s.version(); err != nil {
		return err
	}
	if s.have < 2 {
		return errMore
	}
	// Now: a proxy that refuses may close before the rest.
	if code := s.room[1]; code != 0 {
		return s.fail(&Error{Code: int(code), Reason: replyText(code)})
	}
	if s.have < 5 {
		return errMore
	}
	length := 0
	switch kind := s.room[3]; kind {
	case typeIPv4:
		length = 4
	case typeIPv6:
		length = 16
	case typeName:
		length = 1 + int(s.room[4])
	default:
		return s.fail(&Error{Reason: fmt.Sprintf("the proxy's reply has an address of the unknown type 0x%02x", kind)})
	}
	if s.have < 4+length+2 {
		return errMore
	}
	s.state = nil
	return nil
}

// version looks at the first byte of a reply.
func (s *socks) version() error {
	first := s.room[0]
	if first == version5 {
		return nil
	}
	if is := mistake(s.proxy.Scheme, first); is != "" {
		return s.fail(&Error{Reason: "that is no SOCKS5 proxy, but " + is})
	}
	return s.fail(&Error{Reason: fmt.Sprintf("the proxy's reply begins with %q, which is not SOCKS5", s.room[:1])})
}

// replyText puts a reply code into words (RFC 1928 section 6).
func replyText(code byte) string {
	texts := [...]string{
		1: "the proxy failed in a way that it does not explain",
		2: "the proxy's rules do not allow it",
		3: "the proxy cannot reach the network",
		4: "the proxy cannot reach the host, or does not find its name",
		5: "the target refused the proxy's connection",
		6: "the time to live ran out between the proxy and the target",
		7: "the proxy does not know the command CONNECT",
		8: "the proxy does not know this type of address",
	}
	if int(code) < len(texts) {
		return fmt.Sprintf("%s (reply %d)", texts[code], code)
	}
	return fmt.Sprintf("the proxy refused with reply %d, which no standard explains", code)
}

func (s *socks) fail(e *Error) error {
	e.Proxy, e.Target = s.proxy.String(), s.target
	s.err = e
	return e
}
