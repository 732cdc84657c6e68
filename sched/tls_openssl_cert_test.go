package sched_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// sign returns a certificate after the template, and the files that a server
// needs to show it; a nil authority has it sign itself.
func (a *authority) sign(t *testing.T, template x509.Certificate) (cert tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.BasicConstraintsValid = true
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := &template, crypto.Signer(key)
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, certFile, keyFile
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	var none *authority
	cert, _, _ := none.sign(t, x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	return &authority{cert.Leaf, cert.PrivateKey.(crypto.Signer)}
}

// What is wrong with a certificate is told in a sentence that names the host,
// whom the certificate is for, until when, and by whom, as it matters. The same
// server, with the same certificate, is what the right client gets.
func TestOpenSSLCertificates(t *testing.T) {
	ours, strange := newAuthority(t, "Our Root"), newAuthority(t, "Strange Root")
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	long := time.Date(2021, 3, 4, 5, 6, 0, 0, time.UTC)
	names := []string{"b.example", "*.c.example"}
	for _, c := range []struct {
		name     string
		by       *authority
		template x509.Certificate
		host     string
		want     string // ends the error; "" means an answer
	}{
		{"right", ours, x509.Certificate{DNSNames: names}, "b.example", ""},
		{"right by wildcard", ours, x509.Certificate{DNSNames: names}, "x.c.example", ""},
		{"wrong name", ours, x509.Certificate{DNSNames: names}, "a.example",
			"the certificate is for b.example, *.c.example, not for a.example"},
		{"a wildcard is one label", ours, x509.Certificate{DNSNames: names}, "x.y.c.example",
			"the certificate is for b.example, *.c.example, not for x.y.c.example"},
		{"only a common name", ours, x509.Certificate{Subject: pkix.Name{CommonName: "a.example"}}, "a.example",
			"the certificate is for CN=a.example, not for a.example"},
		{"an address", ours, x509.Certificate{DNSNames: names}, "127.0.0.1",
			"the certificate is for b.example, *.c.example, not for 127.0.0.1"},
		{"expired", ours, x509.Certificate{DNSNames: names, NotBefore: long.AddDate(-1, 0, 0), NotAfter: long}, "b.example",
			"the certificate of b.example, *.c.example expired on 4 March 2021, 05:06 UTC"},
		{"not yet valid", ours, x509.Certificate{DNSNames: names, NotBefore: long.AddDate(200, 0, 0), NotAfter: long.AddDate(300, 0, 0)}, "b.example",
			"the certificate of b.example, *.c.example is not valid before 4 March 2221, 05:06 UTC (is the clock right?)"},
		{"signed by itself", nil, x509.Certificate{Subject: pkix.Name{CommonName: "b.example"}, DNSNames: names}, "b.example",
			"the certificate (CN=b.example) is signed by itself, and not trusted here"},
		{"by a stranger", strange, x509.Certificate{DNSNames: names}, "b.example",
			"the certificate of b.example, *.c.example was issued by CN=Strange Root, which is not trusted here"},
		{"for something else", ours, x509.Certificate{DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, "b.example",
			"the certificate of b.example, *.c.example cannot be used: certificate specifies an incompatible key usage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, cert, key := c.by.sign(t, c.template)
			s := startOpenSSL(t, "-www", "-cert", cert, "-key", key)
			at := netip.MustParseAddrPort(s.at)
			v := newReal(t, sched.Options{
				TLS:     &tls.Config{RootCAs: roots},
				Resolve: func(string, string) (netip.AddrPort, bool) { return at, true },
			})
			o := v.fetch(sched.Get("https://" + c.host + "/"))
			if c.want == "" {
				if o.err != nil || o.status != 200 {
					t.Errorf("got %v; want 200", o)
				}
				return
			}
			want := "GET https://" + c.host + "/: tls " + s.at + ": " + c.want
			if o.kind != sched.TLS || o.phase != sched.PhaseTLS || o.err.Error() != want || o.err.Sent {
				t.Errorf("got %v, sent %v; want %q, and nothing sent", o, o.err != nil && o.err.Sent, want)
			}
		})
	}
}

// A server that asks for a certificate, wants one, or wants another.
func TestOpenSSLClientCertificates(t *testing.T) {
	ours := newAuthority(t, "Our Root")
	rootFile := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(rootFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	client := x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	right, _, _ := ours.sign(t, client)
	stranger, _, _ := newAuthority(t, "Strange Root").sign(t, client)
	client.NotBefore, client.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	late, _, _ := ours.sign(t, client)
	for _, c := range []struct {
		name string
		ask  string
		show *tls.Certificate
		want string // of the error, for 1.2 and 1.3 alike
	}{
		{"asked for, none", "-verify", nil, ""},
		{"asked for, right", "-verify", &right, ""},
		{"required, none", "-Verify", nil, "the server refused: "}, // certificate required, or handshake failure
		{"required, right", "-Verify", &right, ""},
		// crypto/tls shows no certificate of an authority that was not asked for.
		{"required, a stranger's", "-Verify", &stranger, "the server refused: "},
		{"required, expired", "-Verify", &late, "the server refused: expired certificate"},
	} {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			t.Run(c.name+"/"+version, func(t *testing.T) {
				s := startOpenSSL(t, version, "-www", c.ask, "1", "-CAfile", rootFile, "-verify_return_error")
				config := &tls.Config{}
				if c.show != nil {
					config.Certificates = []tls.Certificate{*c.show}
				}
				v := newReal(t, trusting(sched.Options{TLS: config}))
				o := v.fetch(sched.Get("https://" + s.at + "/"))
				if c.want == "" {
					if o.err != nil || o.status != 200 {
						t.Errorf("got %v; want 200", o)
					}
				} else if o.kind != sched.TLS || !strings.Contains(o.err.Error(), c.want) {
					t.Errorf("got %v; want tls: %s", o, c.want)
				}
			})
		}
	}
}

// The version is the better of what both speak, or none.
func TestOpenSSLVersions(t *testing.T) {
	for _, c := range []struct {
		arg      string
		min, max uint16
		body     string // is in the answer
	}{
		{"-tls1", 0, 0, ""},
		{"-tls1_1", 0, 0, ""},
		{"-tls1_2", 0, 0, "Protocol  : TLSv1.2"},
		{"-tls1_3", 0, 0, "Protocol  : TLSv1.3"},
		{"-no_tls1_3", 0, 0, "Protocol  : TLSv1.2"},
		{"-tls1_2", tls.VersionTLS13, 0, ""},
		{"-tls1_3", 0, tls.VersionTLS12, ""},
		{"-tls1", tls.VersionTLS10, 0, "Protocol  : TLSv1"},
	} {
		s := startOpenSSL(t, c.arg, "-www", "-cipher", "ALL@SECLEVEL=0")
		v := newReal(t, trusting(sched.Options{TLS: &tls.Config{MinVersion: c.min, MaxVersion: c.max}}))
		o := v.fetch(sched.Get("https://" + s.at + "/"))
		switch {
		case c.body != "" && (o.err != nil || !strings.Contains(o.body, c.body)):
			t.Errorf("%s: got %v; want %s", c.arg, o, c.body)
		case c.body == "" && (o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), "the server refused: protocol version not supported")):
			t.Errorf("%s: got %v; want it refused", c.arg, o)
		}
	}
}
