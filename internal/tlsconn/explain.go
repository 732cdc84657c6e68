package tlsconn

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Error is a failure of TLS in words for the person who has to mend it.
type Error struct {
	Reason string
	Err    error // crypto/tls's or crypto/x509's
}

// Error reads like "the certificate is for *.b.example, not for a.example".
func (e *Error) Error() string { return e.Reason }

// Unwrap returns the error of the standard library.
func (e *Error) Unwrap() error { return e.Err }

// Explain returns err, which a connection to host met at the time now, as an
// *Error.
func Explain(err error, host string, now time.Time) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{printable(reason(err, host, now)), err}
}

func reason(err error, host string, now time.Time) string {
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the certificate is for %s, not for %s", names(e.Certificate), host)
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Cert != nil {
		switch {
		case e.Reason == x509.Expired && now.Before(e.Cert.NotBefore):
			return fmt.Sprintf("the certificate of %s is not valid before %s (is the clock right?)", names(e.Cert), date(e.Cert.NotBefore))
		case e.Reason == x509.Expired:
			return fmt.Sprintf("the certificate of %s expired on %s", names(e.Cert), date(e.Cert.NotAfter))
		}
		return fmt.Sprintf("the certificate of %s cannot be used: %s", names(e.Cert), strings.TrimPrefix(e.Error(), "x509: "))
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		switch c := e.Cert; {
		case c == nil || c.Issuer.String() == "":
			return "the certificate was issued by an authority that is not trusted here"
		case c.Issuer.String() == c.Subject.String():
			return fmt.Sprintf("the certificate (%s) is signed by itself, and not trusted here", c.Subject)
		default:
			return fmt.Sprintf("the certificate of %s was issued by %s, which is not trusted here", names(c), c.Issuer)
		}
	}
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if e.Conn == nil { // not the first record
			return "what the server sent makes no sense: " + strings.TrimPrefix(e.Msg, "tls: ")
		}
		return "the server " + spoken(e.RecordHeader[:])
	}
	// So does crypto/tls wrap the alerts that it got, and those that it sent.
	if alert, ok := errors.AsType[*net.OpError](err); ok {
		what := strings.TrimPrefix(alert.Err.Error(), "tls: ")
		if alert.Op == "remote error" {
			return "the server refused: " + what
		}
		return "what the server sent makes no sense: " + what
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return "the server closed the connection in the middle of the handshake"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}

// spoken guesses from its first five bytes what a server does that does not
// speak TLS. httpwire has the same for what does not speak HTTP.
func spoken(first []byte) string {
	const http = "speaks plain HTTP on this port: use http"
	for _, guess := range [...]struct{ prefix, what string }{
		{"HTTP/", http},
		{"<", http}, // a page, to what it took for HTTP/0.9
		{"\x00\x00", "speaks HTTP/2 without TLS on this port"}, // a frame, of a few bytes
		{"SSH-", "speaks SSH on this port"},
		{"220", "speaks FTP or SMTP on this port"},
		{"+OK", "speaks POP3 on this port"},
		{"* OK", "speaks IMAP on this port"},
		{"RFB ", "speaks VNC on this port"},
	} {
		if bytes.HasPrefix(first, []byte(guess.prefix)) {
			return guess.what
		}
	}
	return "does not speak TLS on this port"
}

// names lists whom a certificate is for, at most a handful.
func names(c *x509.Certificate) string {
	if c == nil {
		return "somebody else"
	}
	all := slices.Clip(c.DNSNames) // it is shared: append must not write behind it
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		all = []string{c.Subject.String()}
	}
	if n := len(all); n > 4 {
		all = append(all[:4:4], fmt.Sprintf("%d more", n-4))
	}
	return strings.Join(all, ", ")
}

// printable keeps what a stranger put into his certificate from steering the
// terminal, or filling the log, of whoever reads of it.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
	if len(s) > longestReason {
		s = strings.ToValidUTF8(s[:longestReason], "") + "..."
	}
	return s
}

const longestReason = 500

func date(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
