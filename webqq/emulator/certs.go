package emulator

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"
)

// maxLeaves bounds the certificates that are kept.
const maxLeaves = 1000

// An Authority certifies any name that a client asks for, so that all hosts of
// the service verify against one root. It lives in memory and dies with its
// process: nobody is to trust it for longer. Its methods may be called from
// any goroutine.
type Authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// NewAuthority makes a root and its key.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: the key of the authority: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"qqloop"}, CommonName: "qqloop emulator CA"},
		NotBefore:             now.Add(-24 * time.Hour), // clocks differ
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	root, _, err := sign(template, template, key, key)
	if err != nil {
		return nil, fmt.Errorf("emulator: the root of the authority: %w", err)
	}
	return &Authority{root: root, key: key, leaves: map[string]*tls.Certificate{}}, nil
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (*x509.Certificate, []byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, der, err
}

// PEM returns the root, for the clients to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Certificate is a GetCertificate for tls.Config: it certifies the name asked
// for, or the address that was connected to if the client named none.
func (a *Authority) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if name == "" && hello.Conn != nil {
		name, _, _ = net.SplitHostPort(hello.Conn.LocalAddr().String())
	}
	name = cmp.Or(name, "localhost")
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if leaf := a.leaves[name]; leaf != nil && now.Before(leaf.Leaf.NotAfter) {
		return leaf, nil
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: the key for %q: %w", name, err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	cert, der, err := sign(template, a.root, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("emulator: the certificate for %q: %w", name, err)
	}
	leaf := &tls.Certificate{Certificate: [][]byte{der, a.root.Raw}, PrivateKey: key, Leaf: cert}
	a.leaves[name] = leaf
	return leaf, nil
}
