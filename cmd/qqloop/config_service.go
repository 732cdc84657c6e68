package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// A serviceConfig says where the service is. Its hosts are asked over http and
// https, each in its own way; an emulator without a TLS port is asked over http
// alone.
type serviceConfig struct {
	Address    string            `toml:"address,omitempty" comment:"Where all hosts of the service are: an emulator. Without it, their names are looked up."`
	TLSAddress string            `toml:"tls-address,omitempty" comment:"Where they are for https. With an address and without this, everything is http."`
	CA         string            `toml:"ca,omitempty,multiline" comment:"What the certificates there are signed by (PEM). Without it, what the system trusts."`
	Hosts      map[string]string `toml:"hosts,omitempty"` // single ones: "w.qq.com" = "127.0.0.1:80"
	Pacing     duration          `toml:"pacing,omitempty" comment:"The shortest time between two messages. 0s: none."`
	QRPoll     duration          `toml:"qr-poll,omitempty" comment:"How often to ask whether the code was scanned."`
}

// serviceOf returns where a running emulator is, for a client on this machine.
func serviceOf(server *emulator.Server) (*serviceConfig, error) {
	s := &serviceConfig{}
	var err error
	if s.Address, err = reachable(server.HTTPAddr()); err != nil {
		return nil, err
	}
	if at := server.HTTPSAddr(); at != "" {
		s.CA = string(server.CA())
		s.TLSAddress, err = reachable(at)
	}
	return s, err
}

// reachable makes an address on which somebody listens into one to connect to:
// who listens everywhere is also on loopback.
func reachable(address string) (string, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().IsUnspecified() {
		return address, err
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if a.Addr().Is6() {
		loopback = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(loopback, a.Port()).String(), nil
}

// firstKey returns a key of s that is set, or "".
func (s *serviceConfig) firstKey() string {
	switch {
	case s.Address != "":
		return "address"
	case s.TLSAddress != "":
		return "tls-address"
	case s.CA != "":
		return "ca"
	case s.Hosts != nil:
		return "hosts"
	case s.Pacing.Duration != nil:
		return "pacing"
	case s.QRPoll.Duration != nil:
		return "qr-poll"
	}
	return ""
}

// has reports whether key is one of s, and not of the account.
func (s *serviceConfig) has(key string) bool {
	return slices.Contains([]string{"address", "tls-address", "ca", "hosts", "pacing", "qr-poll"}, key)
}

// check returns the first key whose value cannot be used, and why.
func (s *serviceConfig) check() (key []string, reason string) {
	noAddress := func(a string) string {
		if _, err := netip.ParseAddrPort(a); err != nil {
			return fmt.Sprintf("%q is not an address and port such as \"127.0.0.1:8013\"", a)
		}
		return ""
	}
	if s.Address != "" {
		if reason := noAddress(s.Address); reason != "" {
			return []string{"address"}, reason
		}
	}
	if s.TLSAddress != "" {
		if reason := noAddress(s.TLSAddress); reason != "" {
			return []string{"tls-address"}, reason
		}
		if s.Address == "" {
			return []string{"tls-address"}, "it needs service.address: most hosts of the service are asked over http"
		}
	}
	if _, err := s.roots(); err != nil {
		return []string{"ca"}, err.Error()
	}
	for host, a := range s.Hosts {
		if reason := noAddress(a); reason != "" {
			return []string{"hosts", host}, reason
		}
	}
	return nil, ""
}

// plain reports whether there is nobody to speak TLS with.
func (s *serviceConfig) plain() bool { return s.Address != "" && s.TLSAddress == "" }

// roots returns what the service's certificates hang from, or nil for what the
// system trusts.
func (s *serviceConfig) roots() (*x509.CertPool, error) {
	if s.CA == "" {
		return nil, nil
	}
	roots, ok := parseRoots([]byte(s.CA))
	if !ok {
		return nil, errors.New("it holds no certificate: it should be PEM, -----BEGIN CERTIFICATE-----")
	}
	return roots, nil
}

// resolve is a sched.Options.Resolve that leads the service's hosts to where
// the file says they are. In hosts "w.qq.com" is port 80, "w.qq.com:443" is
// that for https. check has seen all of them.
func (s *serviceConfig) resolve(host, port string) (netip.AddrPort, bool) {
	key := host
	if port != "80" {
		key += ":" + port
	}
	at, ok := s.Hosts[key]
	if !ok && (host == "qq.com" || strings.HasSuffix(host, ".qq.com")) {
		if at = s.Address; port == "443" {
			at = s.TLSAddress
		}
		ok = at != ""
	}
	if !ok {
		return netip.AddrPort{}, false
	}
	return netip.MustParseAddrPort(at), true
}
