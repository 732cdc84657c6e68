package sched_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"iter"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// identity is a certificate for the hosts of these tests and the roots that
// vouch for it, valid in the simulated world's year and in ours.
type identity struct {
	cert  tls.Certificate
	roots *x509.CertPool
}

var testIdentity = sync.OnceValue(func() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "qqloop tests"},
		DNSNames:              []string{"a.example", "b.example", "localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 0, 0, 1)},
		NotBefore:             time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots}
})

// trusting is options that trust the certificate of these tests.
func trusting(o sched.Options) sched.Options {
	if o.TLS == nil {
		o.TLS = &tls.Config{}
	}
	o.TLS.RootCAs = testIdentity().roots
	return o
}

// A tlsPeer is a server's end of a TLS connection in a simulated world. Its
// side runs as a coroutine, which is left where it waits: so a whole TLS server
// runs in virtual time, on the thread of the test.
type tlsPeer struct {
	*tls.Conn
	v     *life
	peer  *sim.Peer
	wire  *tlsWire
	lines *bufio.Reader
}

// request reads one request, and its body.
func (p *tlsPeer) request() (*http.Request, []byte, error) {
	r, err := http.ReadRequest(p.lines)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

// sleep lets virtual time pass.
func (p *tlsPeer) sleep(d time.Duration) {
	over := false
	p.v.w.After(d, func() { over = true; p.wire.resume() })
	for !over && p.wire.yield(struct{}{}) {
	}
}

// tlsWire is the net.Conn below it.
type tlsWire struct {
	net.Conn // nil: what is not here is not called
	peer     *sim.Peer
	in       []byte
	gone     error
	yield    func(struct{}) bool
	resume   func() (struct{}, bool)
}

func (w *tlsWire) Read(b []byte) (int, error) {
	for len(w.in) == 0 {
		if w.gone != nil {
			return 0, w.gone
		}
		if !w.yield(struct{}{}) {
			return 0, net.ErrClosed
		}
	}
	n := copy(b, w.in)
	w.in = w.in[n:]
	return n, nil
}

func (w *tlsWire) Write(b []byte) (int, error)      { w.peer.Write(b); return len(b), nil }
func (w *tlsWire) SetDeadline(time.Time) error      { return nil }
func (w *tlsWire) SetWriteDeadline(time.Time) error { return nil }
func (w *tlsWire) Close() error                     { w.peer.Close(); return nil }

// overTLS makes a server of serve, which runs for each connection.
func (v *life) overTLS(config *tls.Config, serve func(p *tlsPeer)) func(*sim.Peer) {
	if config == nil {
		config = &tls.Config{}
	}
	if config.Certificates == nil {
		config.Certificates = []tls.Certificate{testIdentity().cert}
	}
	config.Time = v.w.Wall
	return func(peer *sim.Peer) {
		w := &tlsWire{peer: peer}
		resume, stop := iter.Pull(func(yield func(struct{}) bool) {
			w.yield = yield
			c := tls.Server(w, config)
			serve(&tlsPeer{Conn: c, v: v, peer: peer, wire: w, lines: bufio.NewReader(c)})
		})
		v.t.Cleanup(stop)
		w.resume = resume
		peer.OnData = func(b []byte) { w.in = append(w.in, b...); resume() }
		peer.OnClose = func(err error) { w.gone = err; resume() }
		resume()
	}
}

// https serves at a.example.
func (v *life) https(config *tls.Config, serve func(p *tlsPeer)) *sim.Listener {
	return v.w.Listen(addrOf("10.0.0.1:443"), v.overTLS(config, serve))
}

// answering is a server that answers each request with what answer says.
func answering(answer func(p *tlsPeer, r *http.Request, body []byte) string) func(*tlsPeer) {
	return func(p *tlsPeer) {
		for {
			r, body, err := p.request()
			if err != nil {
				p.Close()
				return
			}
			io.WriteString(p, answer(p, r, body))
		}
	}
}

// ok is a whole response.
func ok(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func TestVirtualTLS(t *testing.T) {
	v := newLife(t, sim.Options{}, trusting(sched.Options{}))
	l := v.https(nil, answering(func(p *tlsPeer, r *http.Request, body []byte) string {
		p.sleep(ms(10))
		return ok(r.Host + r.URL.Path)
	}))
	first := v.get("https://a.example/1")
	v.untilQuiet()
	second := v.get("https://A.example:443/2")
	v.run()
	v.wantBody(first, "a.example/1")
	v.wantBody(second, "A.example:443/2")
	if first.info.Timing.TLS != ms(2) || second.info.Timing.TLS != -1 || !second.info.Reused || l.Accepted() != 1 {
		t.Errorf("got %+v and %+v; want a handshake of 2ms, one round trip, and none", first.info, second.info)
	}
}
