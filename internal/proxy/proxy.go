package proxy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Scheme is how a proxy is spoken to.
type Scheme string

const (
	HTTP    Scheme = "http"    // CONNECT, and absolute URLs
	SOCKS5  Scheme = "socks5"  // is given addresses
	SOCKS5H Scheme = "socks5h" // is given names
)

// Proxy is a proxy and the credentials for it. Two that are equal are the same
// proxy, so it may be part of a map's key. Printing it in any way does not show
// the password.
type Proxy struct {
	Scheme Scheme
	Host   string // a name or an address, without brackets
	Port   uint16

	user, password string
}

// defaultPort is curl's, for all its proxies. net/http takes 80 for http.
const defaultPort = 1080

// Parse reads a proxy's URL as curl does: [scheme://][user[:password]@]host[:port].
// The scheme is http where there is none, the port 1080. Bytes of the user and
// the password may be percent-encoded, and must be where they are ":" in a user,
// or "%". The error is an *Error.
func Parse(raw string) (Proxy, error) {
	refuse := func(format string, args ...any) (Proxy, error) {
		return Proxy{}, &Error{Proxy: redact(raw), Reason: fmt.Sprintf(format, args...)}
	}
	scheme, rest := cutScheme(raw)
	p := Proxy{Scheme: Scheme(strings.ToLower(scheme)), Port: defaultPort}
	switch p.Scheme {
	case HTTP, SOCKS5, SOCKS5H:
	case "https":
		return refuse("TLS to the proxy itself is not spoken: http:// reaches https targets just as well")
	case "socks", "socks4", "socks4a":
		return refuse("SOCKS4 is not spoken: use socks5:// or socks5h://")
	default:
		return refuse("the scheme %q is not known: use http://, socks5:// or socks5h://", scheme)
	}

	// The last @, since people paste passwords as they are.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		rest = rest[at+1:]
		var userErr, passwordErr error
		p.user, userErr = url.PathUnescape(user)
		p.password, passwordErr = url.PathUnescape(password)
		switch {
		case userErr != nil || passwordErr != nil:
			return refuse("a %% in the user or password must be written %%25") // not their text: it quotes
		case strings.ContainsFunc(p.user+p.password, isControl):
			return refuse("a control character cannot stand in the user or password")
		case p.Scheme == HTTP && strings.Contains(p.user, ":"):
			return refuse("a colon cannot stand in a user name (RFC 7617 section 2)")
		case p.Scheme != HTTP && p.hasCredentials() && (p.user == "" || len(p.user) > 255 || len(p.password) > 255):
			return refuse("a user of SOCKS5 has 1 to 255 bytes, a password at most 255 (RFC 1929 section 2)")
		}
	}

	rest = strings.TrimSuffix(rest, "/")
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		return refuse("a proxy has a host and a port, and nothing like %.40q behind them", rest[at:])
	}
	host, port, err := splitHostPort(rest)
	if err != "" {
		return refuse("%s", err)
	}
	p.Host = host
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return refuse("the port must be 1 to 65535, not %.40q", port)
		}
		p.Port = uint16(n)
	}
	return p, nil
}

// cutScheme returns the scheme, http if there is none. What stands before "://"
// is none if it could be part of a password.
func cutScheme(raw string) (scheme, rest string) {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || strings.ContainsAny(scheme, ":@/") {
		return "http", raw
	}
	return scheme, rest
}

// splitHostPort takes host, host:port, [address] or [address]:port apart. It
// returns what is wrong as a sentence, or "".
func splitHostPort(s string) (host, port, wrong string) {
	if strings.HasPrefix(s, "[") {
		inside, behind, closed := strings.Cut(s[1:], "]")
		addr, err := netip.ParseAddr(inside)
		if !closed || err != nil || !addr.Is6() || behind != "" && behind[0] != ':' {
			return "", "", fmt.Sprintf("want an IPv6 address in brackets, not %.80q", s)
		}
		return inside, strings.TrimPrefix(behind, ":"), ""
	}
	host, port, _ = strings.Cut(s, ":")
	switch {
	case strings.Contains(port, ":"):
		return "", "", fmt.Sprintf("an IPv6 address stands in brackets: [%s]", s)
	case host == "":
		return "", "", "there is no host: want something like http://host:port"
	}
	if i := strings.IndexFunc(host, badInHost); i >= 0 {
		return "", "", fmt.Sprintf("byte %q cannot stand in a host", host[i:i+1])
	}
	return host, port, ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// badInHost leaves names that are not ASCII to those who look them up.
func badInHost(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("[]\\,%", r) }

// redact hides what may be a password in something that is no proxy's URL.
func redact(raw string) string {
	_, rest := cutScheme(raw)
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		raw = strings.TrimSuffix(raw, rest) + "xxxxx" + rest[at:]
	}
	return fmt.Sprintf("%.80q", raw)
}

// Addr returns "host:port", with an IPv6 address in brackets.
func (p Proxy) Addr() string { return hostPort(p.Host, p.Port) }

// String returns the URL, with "xxxxx" for a password.
func (p Proxy) String() string {
	who := ""
	switch {
	case p.password != "":
		who = url.UserPassword(p.user, "xxxxx").String() + "@"
	case p.user != "":
		who = url.User(p.user).String() + "@"
	}
	return string(p.Scheme) + "://" + who + p.Addr()
}

// GoString is String: %#v would show the password.
func (p Proxy) GoString() string { return p.String() }

func (p Proxy) hasCredentials() bool { return p.user != "" || p.password != "" }

// authorization is the value of Proxy-Authorization (RFC 7617 section 2).
func (p Proxy) authorization() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
}

func hostPort(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}
