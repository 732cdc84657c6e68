package tlsconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// noon is the time of these tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// issue returns a certificate like template, signed by parent or by itself.
func issue(t *testing.T, template *x509.Certificate, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)
	}
	signer, by := template, any(key)
	if parent != nil {
		signer, by = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func ca(name string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"Tests"}}, IsCA: true, BasicConstraintsValid: true}
}

// handshake returns how a handshake with a server that has cert ends, for a
// client that trusts roots.
func handshake(t *testing.T, cert tls.Certificate, host string, roots ...*x509.Certificate) error {
	t.Helper()
	pool := x509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r)
	}
	s := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}, Time: func() time.Time { return noon }}, func(c *tls.Conn) error { return c.Handshake() })
	c := Client(&tls.Config{RootCAs: pool, ServerName: host, Time: func() time.Time { return noon }})
	k := &client{t: t, c: c}
	s.pump(t, c, 4096, k.step)
	if k.hsErr == nil {
		t.Fatal("the handshake succeeded")
	}
	return k.hsErr
}

func TestExplainCertificates(t *testing.T) {
	root := issue(t, ca("Known Root"), nil)
	stranger := issue(t, ca("Strange Root"), nil)
	many := make([]string, 9)
	for i := range many {
		many[i] = fmt.Sprintf("h%d.example", i)
	}
	for _, c := range []struct {
		name     string
		template *x509.Certificate
		parent   *tls.Certificate // nil: signed by itself
		host     string
		want     string
		as       func(error) bool
	}{
		{"wrong host", &x509.Certificate{DNSNames: []string{"b.example", "*.b.example"}}, &root, "a.example",
			"the certificate is for b.example, *.b.example, not for a.example", is[x509.HostnameError]},
		{"wrong host, many names", &x509.Certificate{DNSNames: many}, &root, "a.example",
			"the certificate is for h0.example, h1.example, h2.example, h3.example, 5 more, not for a.example", is[x509.HostnameError]},
		{"IP host, certificate of names", &x509.Certificate{DNSNames: []string{"b.example"}}, &root, "192.0.2.1",
			"the certificate is for b.example, not for 192.0.2.1", is[x509.HostnameError]},
		{"IP host, other IP", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 9), net.ParseIP("2001:db8::9")}}, &root, "2001:db8::1",
			"the certificate is for 192.0.2.9, 2001:db8::9, not for 2001:db8::1", is[x509.HostnameError]},
		{"no names", &x509.Certificate{Subject: pkix.Name{CommonName: "a.example"}}, &root, "a.example",
			"the certificate is for CN=a.example, not for a.example", is[x509.HostnameError]},
		{"a name that steers a terminal", &x509.Certificate{DNSNames: []string{"b\x1b[2J\nb.example"}}, &root, "a.example",
			"the certificate is for b?[2J?b.example, not for a.example", is[x509.HostnameError]},
		{"expired", &x509.Certificate{DNSNames: []string{"a.example"}, NotBefore: noon.AddDate(-2, 0, 0), NotAfter: noon.AddDate(0, 0, -1)}, &root, "a.example",
			"the certificate of a.example expired on 28 February 2026, 12:00 UTC", is[x509.CertificateInvalidError]},
		{"not yet valid", &x509.Certificate{DNSNames: []string{"a.example"}, NotBefore: noon.Add(time.Hour), NotAfter: noon.AddDate(1, 0, 0)}, &root, "a.example",
			"the certificate of a.example is not valid before 1 March 2026, 13:00 UTC (is the clock right?)", is[x509.CertificateInvalidError]},
		{"of another use", &x509.Certificate{DNSNames: []string{"a.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}, &root, "a.example",
			"the certificate of a.example cannot be used: certificate specifies an incompatible key usage", is[x509.CertificateInvalidError]},
		{"signed by itself", &x509.Certificate{Subject: pkix.Name{CommonName: "me"}, DNSNames: []string{"a.example"}}, nil, "a.example",
			"the certificate (CN=me) is signed by itself, and not trusted here", is[x509.UnknownAuthorityError]},
		{"unknown issuer", &x509.Certificate{DNSNames: []string{"a.example"}}, &stranger, "a.example",
			"the certificate of a.example was issued by CN=Strange Root,O=Tests, which is not trusted here", is[x509.UnknownAuthorityError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := handshake(t, issue(t, c.template, c.parent), c.host, root.Leaf)
			if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
				t.Fatalf("got %T, %v; want a verification error", err, err)
			}
			e := Explain(err, c.host, noon)
			if e.Error() != c.want {
				t.Errorf("got %q; want %q", e, c.want)
			}
			if !c.as(e) || !errors.Is(e, err) {
				t.Errorf("the error of the standard library is not inside %#v", e)
			}
			if again := Explain(fmt.Errorf("wrapped: %w", e), "x", noon); again != e {
				t.Errorf("explained twice: got %v; want %v", again, e)
			}
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// What a server can say instead of a handshake.
func TestExplainServers(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		eof        bool
		want       string
		as         func(error) bool
	}{
		{"plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", false, "the server speaks plain HTTP on this port: use http", is[tls.RecordHeaderError]},
		{"HTTP/0.9", "<html>", false, "the server speaks plain HTTP on this port: use http", is[tls.RecordHeaderError]},
		{"HTTP/2", "\x00\x00\x12\x04\x00\x00\x00\x00\x00", false, "the server speaks HTTP/2 without TLS on this port", is[tls.RecordHeaderError]},
		{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", false, "the server speaks SSH on this port", is[tls.RecordHeaderError]},
		{"SMTP", "220 mx.example ESMTP\r\n", false, "the server speaks FTP or SMTP on this port", is[tls.RecordHeaderError]},
		{"POP3", "+OK ready\r\n", false, "the server speaks POP3 on this port", is[tls.RecordHeaderError]},
		{"IMAP", "* OK ready\r\n", false, "the server speaks IMAP on this port", is[tls.RecordHeaderError]},
		{"VNC", "RFB 003.008\n", false, "the server speaks VNC on this port", is[tls.RecordHeaderError]},
		{"something else", "\x00\xff\x00\xff\x00", false, "the server does not speak TLS on this port", is[tls.RecordHeaderError]},
		{"an alert", "\x15\x03\x03\x00\x02\x02\x46", false, "the server refused: protocol version not supported", is[*net.OpError]},
		{"an alert nobody knows", "\x15\x03\x03\x00\x02\x02\xf0", false, "the server refused: alert(240)", is[*net.OpError]},
		{"nonsense", "\x16\x03\x03\x00\x04\x02\x00\x00\x00", false, "what the server sent makes no sense: error decoding message", is[*net.OpError]},
		{"EOF", "", true, "the server closed the connection in the middle of the handshake", func(err error) bool { return errors.Is(err, io.EOF) }},
		{"EOF in a record", "\x16\x03\x03\x00\x04\x02", true, "the server closed the connection in the middle of the handshake",
			func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Client(&tls.Config{ServerName: "a.example"})
			k.Handshake()
			k.Feed([]byte(c.wire))
			if c.eof {
				k.FeedEOF()
			}
			done, err := k.Handshake()
			if !done || err == nil {
				t.Fatalf("got %v, %v; want an error", done, err)
			}
			e := Explain(err, "a.example", noon)
			if e.Error() != c.want || !c.as(e) {
				t.Errorf("got %q (%T); want %q", e, err, c.want)
			}
		})
	}
}

// The branches that no handshake of this package's tests reaches.
func TestExplainOthers(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"crypto/tls's own words", errors.New("tls: server selected unadvertised ALPN protocol"), "server selected unadvertised ALPN protocol"},
		{"any other", errors.New("no way"), "no way"},
		{"a certificate that is not there", x509.HostnameError{Certificate: nil, Host: "x"}, "the certificate is for somebody else, not for a.example"},
		{"an authority that is not there", x509.UnknownAuthorityError{}, "the certificate was issued by an authority that is not trusted here"},
		{"a long story", errors.New(long), long[:longestReason] + "..."},
	} {
		if got := Explain(c.err, "a.example", noon); got.Error() != c.want || !errors.Is(got, c.err) && c.name == "any other" {
			t.Errorf("%s: got %q; want %q", c.name, got, c.want)
		}
	}
}

// Certificates are shared, between connections and goroutines: to name them
// writes nothing into them.
func TestExplainChangesNoCertificate(t *testing.T) {
	backing := []string{"b.example", "spare"}
	cert := &x509.Certificate{DNSNames: backing[:1], IPAddresses: []net.IP{net.IPv4(192, 0, 2, 9)}}
	Explain(x509.HostnameError{Certificate: cert, Host: "a.example"}, "a.example", noon)
	if want := []string{"b.example", "spare"}; !slices.Equal(backing, want) {
		t.Errorf("got %q; want %q", backing, want)
	}
}
