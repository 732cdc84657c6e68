package sched_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// cannedServer answers GET /N with replies[N], and keeps the connection until
// the client has closed it. Once stop has returned, no socket of it is left.
func cannedServer(t *testing.T, replies [][]byte, config *tls.Config) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					var n int
					fmt.Sscanf(r.URL.Path, "/%d", &n)
					if _, err := c.Write(replies[n]); err != nil {
						return
					}
				}
			})
		}
	})
	stop = func() {
		l.Close()
		running.Wait()
	}
	t.Cleanup(stop)
	return at, stop
}

// plainCertificate returns a server's configuration whose messages have the
// same length each time: an Ed25519 signature has 64 bytes.
func plainCertificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a.example"}, DNSNames: []string{"a.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	// A session that is resumed has a shorter handshake.
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, SessionTicketsDisabled: true}, roots
}

// measureReply returns how many bytes the server says until its reply is whole.
func measureReply(t *testing.T, server string, roots *x509.CertPool) int {
	t.Helper()
	p := newTap(t, server)
	c, err := tls.Dial("tcp4", p.addr(), &tls.Config{RootCAs: roots, ServerName: "a.example", NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET /0 HTTP/1.1\r\nHost: a.example\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r.Body)
	p.mu.Lock()
	n := p.said[0].Len()
	p.mu.Unlock()
	c.Close()
	p.listener.Close()
	p.running.Wait()
	return n
}
